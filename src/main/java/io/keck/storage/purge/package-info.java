/**
 * Deleted documents: they are kept for a while and can be undeleted; then their content is removed. A purge removes it
 * at once and leaves a receipt; {@link io.keck.storage.purge.PurgeProof} proves that nothing is left.
 */
@NullMarked
package io.keck.storage.purge;

import org.jspecify.annotations.NullMarked;
