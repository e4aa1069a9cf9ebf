/**
 * The room log: {@link io.keck.storage.log.JdbiUpdateLog} is the port's implementation; a writer commits groups of
 * batches, a compactor folds rows into snapshots, names are bound to rooms. It knows no tables of webhooks or blobs:
 * parts beside it are notified through {@link io.keck.storage.log.LifeEnd} and asked through
 * {@link io.keck.storage.log.Followers}.
 */
@NullMarked
package io.keck.storage.log;

import org.jspecify.annotations.NullMarked;
