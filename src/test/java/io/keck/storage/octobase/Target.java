package io.keck.storage.octobase;

import io.dropwizard.core.setup.Environment;
import io.keck.crdt.store.StructStore;
import io.keck.failure.RoomMissing;
import io.keck.metrics.BlobMetrics;
import io.keck.room.UpdateLog.Contents;
import io.keck.storage.DatabaseFactory;
import io.keck.storage.Storage;
import io.keck.storage.blob.JdbiBlobStore;
import io.keck.storage.log.JdbiUpdateLog;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.eclipse.jetty.util.component.LifeCycle;

/** Our database, opened as the server opens it. */
final class Target implements AutoCloseable {
    static final Duration FOREVER = Duration.ofMillis(Long.MAX_VALUE / 4);

    final JdbiUpdateLog log;
    final JdbiBlobStore blobs;
    private final List<LifeCycle> parts;

    Target(String url, Duration deletedNameHold) {
        DatabaseFactory factory = new DatabaseFactory();
        factory.setUrl(url);
        Environment environment = new Environment("test");
        Storage storage = factory.build(environment, "test", deletedNameHold);
        log = storage.log();
        blobs = storage.blobs(JdbiBlobStore.Settings.DEFAULT.withDeletedNameHold(deletedNameHold), BlobMetrics.NONE);
        parts = environment.lifecycle().getManagedObjects();
        try {
            for (LifeCycle part : parts) {
                part.start();
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
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

    @Override
    public void close() {
        try {
            for (int i = parts.size() - 1; i >= 0; i--) {
                parts.get(i).stop();
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
