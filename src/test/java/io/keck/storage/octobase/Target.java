package io.keck.storage.octobase;

import io.keck.crdt.store.StructStore;
import io.keck.failure.RoomMissing;
import io.keck.metrics.BlobMetrics;
import io.keck.room.UpdateLog.Contents;
import io.keck.storage.Storage;
import io.keck.storage.blob.JdbiBlobStore;
import io.keck.storage.log.JdbiUpdateLog;
import java.time.Duration;
import java.util.concurrent.CompletionException;

/** What an import writes into: the log and the blobs of a database. */
final class Target {
    static final Duration FOREVER = Duration.ofMillis(Long.MAX_VALUE / 4);

    final JdbiUpdateLog log;
    final JdbiBlobStore blobs;

    private Target(Storage storage, Duration deletedNameHold) {
        log = storage.log();
        blobs = storage.blobs(JdbiBlobStore.Settings.DEFAULT.withDeletedNameHold(deletedNameHold), BlobMetrics.NONE);
    }

    /** Opens storage with the settings of production, apart from that hold, in the given way. */
    static Target open(Opener opener, Duration deletedNameHold) {
        return new Target(
                opener.open(JdbiUpdateLog.Settings.DEFAULT.withDeletedNameHold(deletedNameHold)), deletedNameHold);
    }

    /** Makes storage with these settings. */
    @FunctionalInterface
    interface Opener {
        Storage open(JdbiUpdateLog.Settings settings);
    }

    Contents room(String name) {
        return log.find(name).toCompletableFuture().join();
    }

    StructStore document(String name) {
        return RoomCheck.load(room(name));
    }

    boolean hasRoom(String name) {
        try {
            room(name);
            return true;
        } catch (CompletionException e) {
            if (e.getCause() instanceof RoomMissing) {
                return false;
            }
            throw e;
        }
    }
}
