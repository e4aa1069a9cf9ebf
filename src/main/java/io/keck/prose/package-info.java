/**
 * Documents of rich text editors as plain text, Markdown and HTML: {@link io.keck.prose.Prose}. Reads what y-prosemirror
 * (Tiptap), BlockNote, Lexical and Quill store; everything else is left out or read as plain paragraphs.
 */
@NullMarked
package io.keck.prose;

import org.jspecify.annotations.NullMarked;
