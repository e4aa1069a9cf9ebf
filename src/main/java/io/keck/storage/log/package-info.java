/**
 * The room log: {@link io.keck.storage.log.JdbiUpdateLog} is the port's implementation; a writer commits groups of batches,
 * a compactor folds rows into snapshots, names are bound to rooms. It knows no table of webhooks and none of blobs: whoever
 * stands beside it is told through {@link io.keck.storage.log.LifeEnd} and asked through {@link
 * io.keck.storage.log.Followers}.
 */
@NullMarked
package io.keck.storage.log;

import org.jspecify.annotations.NullMarked;
