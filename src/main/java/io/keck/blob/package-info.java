/**
 * Blobs: files that a document refers to, each named by the hash of its bytes. {@link io.keck.blob.BlobStore} is the
 * port that a storage implements, {@link io.keck.metrics.BlobMetrics} the port for metrics.
 */
@NullMarked
package io.keck.blob;

import org.jspecify.annotations.NullMarked;
