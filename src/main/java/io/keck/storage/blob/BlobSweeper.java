package io.keck.storage.blob;

import io.keck.metrics.BlobMetrics;
import io.keck.thread.Loop;
import io.keck.thread.OutOfMemory;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes bytes that are no longer visible, after their retention: those of abandoned uploads, of deleted blobs and of
 * deleted documents. Each step is a short transaction that checks its assumptions again, so several nodes may sweep
 * one database at once, and a node that dies in between leaves work that another one finds.
 *
 * <p>Contents are claimed first, which marks them as being removed. From then on no upload can publish them, and their
 * pieces are removed a few at a time. Thread-safe.
 */
class BlobSweeper {
    private static final Logger LOG = LoggerFactory.getLogger(BlobSweeper.class);
    private static final int SPACES = 100;
    private static final int CONTENTS = 200;
    private static final int PIECES = 16;
    /** The time that one sweep may take, because much may be due at once. */
    private static final long PATIENCE_MILLIS = 1_800_000;

    private static final long STOP_MILLIS = 10_000;

    private final BlobDatabase database;
    private final Clock clock;
    private final Duration keepDeleted;
    private final BlobMetrics metrics;
    private @Nullable Loop loop;

    BlobSweeper(BlobDatabase database, Clock clock, Duration keepDeleted, BlobMetrics metrics) {
        this.database = database;
        this.clock = clock;
        this.keepDeleted = keepDeleted;
        this.metrics = metrics;
    }

    /** Starts to sweep periodically. */
    void start(Duration sweepEvery) {
        loop = Loop.every("blob-sweeper", sweepEvery.toMillis(), PATIENCE_MILLIS, this::sweepQuietly)
                .start();
    }

    private void sweepQuietly() {
        try {
            sweep();
        } catch (RuntimeException e) {
            OutOfMemory.check(e);
            metrics.sweepFailed();
            LOG.warn("Removing the bytes of deleted blobs failed; retrying later: {}", e.toString());
        }
    }

    /** Sweeps once. */
    void sweep() {
        for (List<Long> spaces = deadSpaces(); !spaces.isEmpty(); spaces = deadSpaces()) {
            spaces.forEach(this::empty);
        }
        for (List<Long> contents = expired(); !contents.isEmpty(); contents = expired()) {
            contents.forEach(this::remove);
        }
    }

    private List<Long> deadSpaces() {
        long before = clock.millis() - keepDeleted.toMillis();
        return database.read(h -> h.createQuery(
                        "SELECT id FROM blob_spaces WHERE deleted_at <= :before ORDER BY deleted_at LIMIT :n")
                .bind("before", before)
                .bind("n", SPACES)
                .mapTo(Long.class)
                .list());
    }

    /** Releases the blobs of a deleted document, and removes the space with the last of them. */
    private void empty(long spaceId) {
        boolean more = true;
        while (more) {
            more = database.write(spaceId, h -> {
                // one node at a time; the first statement is a change, as SQLite requires
                int mine = h.createUpdate("""
                        UPDATE blob_spaces SET deleted_at = deleted_at
                        WHERE id = :space AND deleted_at <= :before""")
                        .bind("space", spaceId)
                        .bind("before", clock.millis() - keepDeleted.toMillis())
                        .execute();
                return mine == 1 && emptySome(h, spaceId);
            });
        }
    }

    private boolean emptySome(Handle h, long spaceId) {
        List<Long> contents = h.createQuery("SELECT content_id FROM blobs WHERE space_id = :space LIMIT :n")
                .bind("space", spaceId)
                .bind("n", CONTENTS)
                .mapTo(Long.class)
                .list();
        if (contents.isEmpty()) {
            h.createUpdate("DELETE FROM blob_spaces WHERE id = :space")
                    .bind("space", spaceId)
                    .execute();
            return false;
        }
        h.createUpdate("DELETE FROM blobs WHERE content_id IN (<ids>)")
                .bindList("ids", contents)
                .execute();
        h.createUpdate("UPDATE blob_contents SET expires_at = :now WHERE id IN (<ids>)")
                .bind("now", clock.millis())
                .bindList("ids", contents)
                .execute();
        return true;
    }

    private List<Long> expired() {
        long now = clock.millis();
        return database.read(
                h -> h.createQuery("SELECT id FROM blob_contents WHERE expires_at <= :now ORDER BY expires_at LIMIT :n")
                        .bind("now", now)
                        .bind("n", CONTENTS)
                        .mapTo(Long.class)
                        .list());
    }

    /** Removes contents that have expired. */
    void remove(long contentId) {
        if (database.write(contentId, h -> claim(h, contentId))) {
            removePieces(contentId);
        }
    }

    /** Claims contents if they have really expired, after which they cannot be published. A test switches this off. */
    boolean claim(Handle h, long contentId) {
        return h.createUpdate("UPDATE blob_contents SET expires_at = 0 WHERE id = :id AND expires_at <= :now")
                        .bind("id", contentId)
                        .bind("now", clock.millis())
                        .execute()
                == 1;
    }

    /** Removes the pieces of claimed contents, and then the contents. A test intervenes before. */
    void removePieces(long contentId) {
        long[] bytes = new long[1];
        boolean more = true;
        while (more) {
            more = database.write(contentId, h -> removeSome(h, contentId, bytes));
            metrics.swept(bytes[0]);
        }
    }

    private static boolean removeSome(Handle h, long contentId, long[] bytes) {
        List<Long> sizes = h.createQuery("""
                DELETE FROM blob_pieces WHERE content_id = :id AND number IN
                (SELECT number FROM blob_pieces WHERE content_id = :id ORDER BY number LIMIT :n)
                RETURNING length(bytes)""")
                .bind("id", contentId)
                .bind("n", PIECES)
                .mapTo(Long.class)
                .list();
        bytes[0] = sizes.stream().mapToLong(Long::longValue).sum();
        if (sizes.size() == PIECES) {
            return true;
        }
        h.createUpdate("""
                DELETE FROM blob_contents WHERE id = :id AND expires_at = 0
                AND NOT EXISTS (SELECT 1 FROM blob_pieces WHERE content_id = :id)""").bind("id", contentId).execute();
        return false;
    }

    void stop() throws InterruptedException {
        Loop started = loop;
        if (started != null) {
            started.stop(STOP_MILLIS);
        }
    }
}
