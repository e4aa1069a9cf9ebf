/**
 * The history of documents in a database. Rows that leave the log are moved to segments; checkpoints hold states of the
 * document with deleted content. {@link io.keck.storage.history.JdbiHistory} reads both, and the log, for the port of
 * {@code io.keck.history}.
 */
@NullMarked
package io.keck.storage.history;

import org.jspecify.annotations.NullMarked;
