/**
 * The updates that strict authorship holds, in the table {@code held_updates}: {@link io.keck.storage.held.JdbiHeldUpdates}. It
 * knows no table of the log.
 */
@NullMarked
package io.keck.storage.held;

import org.jspecify.annotations.NullMarked;
