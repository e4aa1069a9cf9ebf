/**
 * Converts documents of rich text editors to plain text, Markdown and HTML: {@link io.keck.prose.Prose}. Reads
 * documents of y-prosemirror (Tiptap), BlockNote, Lexical and Quill; other content is left out or read as plain
 * paragraphs.
 */
@NullMarked
package io.keck.prose;

import org.jspecify.annotations.NullMarked;
