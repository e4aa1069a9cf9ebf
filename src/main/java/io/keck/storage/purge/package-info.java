/**
 * What becomes of deleted documents: they are kept for a while and can be brought back, then they are emptied; or they are
 * purged at once, with a receipt, and {@link io.keck.storage.purge.PurgeProof} shows that nothing is left.
 */
@NullMarked
package io.keck.storage.purge;

import org.jspecify.annotations.NullMarked;
