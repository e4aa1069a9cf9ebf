/**
 * The history of documents as ports and values: the author and time of each change, and the document at any of its
 * rows. {@link io.keck.history.HistoryReader} reads the stored history; {@link io.keck.history.DocumentVersions} holds
 * marked states.
 */
@NullMarked
package io.keck.history;

import org.jspecify.annotations.NullMarked;
