/**
 * The history of documents as ports and values: what was written when by whom, and the document at any of its rows.
 * {@link io.keck.history.HistoryReader} reads what is kept; {@link io.keck.history.DocumentVersions} are the moments that
 * somebody has named.
 */
@NullMarked
package io.keck.history;

import org.jspecify.annotations.NullMarked;
