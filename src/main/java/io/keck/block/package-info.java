/**
 * Keck's block model over a {@link io.keck.crdt.Doc}: a {@link io.keck.block.Workspace} has
 * {@link io.keck.block.Space}s of {@link io.keck.block.Block}s. No I/O and no clock.
 *
 * <p>In the document these are root maps: {@code space:blocks} (and perhaps other {@code space:ID}) with a nested map
 * per block, {@code space:meta}, and {@code space:updated} with the time of each block's last change. Any Yjs client
 * may write anything there, so these classes do not trust the content: values that are not blocks are skipped.
 */
@NullMarked
package io.keck.block;

import org.jspecify.annotations.NullMarked;
