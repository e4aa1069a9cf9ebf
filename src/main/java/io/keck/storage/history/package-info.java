/**
 * The history of documents in a database. Rows that leave the log go to segments, and checkpoints hold the document with
 * what was deleted; {@link io.keck.storage.history.JdbiHistory} reads both and the log behind the port of {@code
 * io.keck.history}.
 */
@NullMarked
package io.keck.storage.history;

import org.jspecify.annotations.NullMarked;
