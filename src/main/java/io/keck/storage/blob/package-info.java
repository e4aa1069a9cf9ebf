/**
 * Blobs in the database: {@link io.keck.storage.blob.JdbiBlobStore} stores and finds them; a sweeper removes the bytes of
 * those that were deleted or given up.
 */
@NullMarked
package io.keck.storage.blob;

import org.jspecify.annotations.NullMarked;
