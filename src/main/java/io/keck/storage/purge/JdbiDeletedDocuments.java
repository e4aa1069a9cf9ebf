package io.keck.storage.purge;

import io.dropwizard.lifecycle.Managed;
import io.keck.failure.Unavailable;
import io.keck.history.DeletedDocuments;
import io.keck.storage.database.Database;
import io.keck.storage.history.DocumentHistory;
import io.keck.storage.log.EndedClients;
import io.keck.thread.Loop;
import io.keck.thread.OutOfMemory;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deleted documents in the database. A purge first inserts a row with its receipt into {@code purges}; from then on the
 * document cannot be undeleted, and each node looks for unfinished purges and completes them. Thread-safe.
 */
public final class JdbiDeletedDocuments implements DeletedDocuments, Managed {
    private static final Logger LOG = LoggerFactory.getLogger(JdbiDeletedDocuments.class);
    private static final long EVERY_MILLIS = 60_000;
    private static final long PATIENCE_MILLIS = 1_800_000;
    private static final long STOP_MILLIS = 10_000;
    private static final int ROOMS_AT_ONCE = 100;

    private static final String NEWEST = """
            SELECT r.id, r.deleted_at FROM rooms r WHERE r.name = :name AND r.deleted_at > :since
              AND (r.unmade = 0 OR r.head > 0) AND r.emptied_at IS NULL AND NOT EXISTS (SELECT 1 FROM purges p WHERE p.room_id = r.id)
            ORDER BY r.deleted_at DESC LIMIT 1""";

    private static final String LIVE = """
            SELECT count(*) FROM rooms WHERE name = :name AND deleted_at IS NULL AND (unmade = 0 OR head > 0)""";

    private static final String UNDELETE = """
            UPDATE rooms SET deleted_at = NULL WHERE id = :id AND deleted_at = :at
              AND NOT EXISTS (SELECT 1 FROM rooms o WHERE o.name = :name AND o.deleted_at IS NULL)""";

    private static final String UNDELETE_BLOBS = """
            UPDATE blob_spaces SET deleted_at = NULL WHERE name = :name AND deleted_at = :at
              AND NOT EXISTS (SELECT 1 FROM blob_spaces o WHERE o.name = :name AND o.deleted_at IS NULL)""";

    private static final String ENDED = """
            SELECT r.id FROM rooms r WHERE r.name = :name AND r.deleted_at IS NOT NULL AND r.emptied_at IS NULL
              AND NOT EXISTS (SELECT 1 FROM purges p WHERE p.room_id = r.id) ORDER BY r.id""";

    private static final String NOTE = """
            INSERT INTO purges (room_id, document, purged_by, purged_at, done_at, receipt)
            VALUES (:room, :name, :by, :at, 0, :receipt)""";

    private final Database database;
    private final EndedRooms rooms;
    private final Receipts receipts;
    private final Duration grace;
    private final Duration hold;
    private @Nullable Loop loop;

    /**
     * Creates the port. {@link #start} begins to remove the content of documents that were deleted longer than
     * {@code grace} ago.
     *
     * @param grace how long deleted documents can be undeleted
     * @param hold how long copies of a deleted document in open browser tabs are recognised and refused
     */
    public JdbiDeletedDocuments(Database database, DocumentHistory history, Duration grace, Duration hold) {
        this(database, history, new EndedRooms(database, history), grace, hold);
    }

    JdbiDeletedDocuments(Database database, DocumentHistory history, EndedRooms rooms, Duration grace, Duration hold) {
        this.database = database;
        this.rooms = rooms;
        this.receipts = new Receipts(database, history);
        this.grace = grace;
        this.hold = hold;
    }

    private long now() {
        return database.clock().millis();
    }

    private boolean change(long key, io.keck.storage.database.Change work) {
        try {
            return database.change(key, work).toCompletableFuture().join();
        } catch (CompletionException e) {
            throw Unavailable.database(e.getCause() == null ? e : e.getCause());
        }
    }

    private record Ended(long id, long at) {}

    @Override
    public Undeleted undelete(String document) {
        AtomicReference<Undeleted> outcome = new AtomicReference<>(Undeleted.NOT_THERE);
        change(document.hashCode(), h -> {
            outcome.set(undelete(h, document));
            return true;
        });
        return Objects.requireNonNull(outcome.get());
    }

    private Undeleted undelete(Handle h, String document) {
        // ends a live room that has clients but no content; its clients reconnect. The update comes first, since SQLite
        // needs the write lock before the first read
        h.createUpdate("UPDATE rooms SET deleted_at = :now"
                        + " WHERE name = :name AND deleted_at IS NULL AND unmade = 1 AND head = 0")
                .bind("now", now())
                .bind("name", document)
                .execute();
        if (h.createQuery(LIVE).bind("name", document).mapTo(Long.class).one() > 0) {
            return Undeleted.LIVES;
        }
        Optional<Ended> ended = h.createQuery(NEWEST)
                .bind("name", document)
                .bind("since", now() - grace.toMillis())
                .map((rs, ctx) -> new Ended(rs.getLong(1), rs.getLong(2)))
                .findOne();
        if (ended.isEmpty()) {
            return Undeleted.NOT_THERE;
        }
        long id = ended.get().id();
        long at = ended.get().at();
        int back = h.createUpdate(UNDELETE)
                .bind("id", id)
                .bind("at", at)
                .bind("name", document)
                .execute();
        if (back == 0) {
            return Undeleted.LIVES;
        }
        h.createUpdate("DELETE FROM ended_lives WHERE room_id = :id")
                .bind("id", id)
                .execute();
        h.createUpdate(UNDELETE_BLOBS).bind("name", document).bind("at", at).execute();
        return Undeleted.BACK;
    }

    @Override
    public Purged purge(String document, String by) {
        if (database.jdbi()
                        .withHandle(h -> h.createQuery(LIVE)
                                .bind("name", document)
                                .mapTo(Long.class)
                                .one())
                > 0) {
            return new Purged(true, List.of());
        }
        List<Long> ended = database.jdbi()
                .withHandle(h -> h.createQuery(ENDED)
                        .bind("name", document)
                        .mapTo(Long.class)
                        .list());
        boolean isAny = false;
        for (long room : ended) {
            String receipt = receipts.of(room, document, by, now());
            boolean isNoted = change(
                    room,
                    h -> h.createUpdate(NOTE)
                                    .bind("room", room)
                                    .bind("name", document)
                                    .bind("by", by)
                                    .bind("at", now())
                                    .bind("receipt", receipt)
                                    .execute()
                            == 1);
            if (isNoted) {
                isAny = true;
                carryOut(room, document);
            }
        }
        if (isAny) {
            receipts.wipe();
        }
        return new Purged(
                false,
                database.jdbi()
                        .withHandle(h -> h.createQuery(
                                        "SELECT receipt FROM purges WHERE document = :name ORDER BY purged_at, room_id")
                                .bind("name", document)
                                .mapTo(String.class)
                                .list()));
    }

    /** Carries out a purge that was recorded. */
    private void carryOut(long room, String document) {
        rememberClients(room);
        rooms.empty(room);
        List<Long> spaces = database.jdbi()
                .withHandle(
                        h -> h.createQuery("SELECT id FROM blob_spaces WHERE name = :name AND deleted_at IS NOT NULL")
                                .bind("name", document)
                                .mapTo(Long.class)
                                .list());
        spaces.forEach(rooms::emptySpace);
        change(room, h -> {
            h.createUpdate("DELETE FROM name_keys WHERE name = :name")
                    .bind("name", document)
                    .execute();
            return h.createUpdate("UPDATE purges SET done_at = :now WHERE room_id = :room")
                            .bind("now", now())
                            .bind("room", room)
                            .execute()
                    == 1;
        });
    }

    /**
     * Stores the client ids of a purged document for the hold, so that an open browser tab cannot bring its content
     * back.
     */
    private void rememberClients(long room) {
        database.jdbi()
                .withHandle(h -> h.createQuery("SELECT deleted_at FROM rooms WHERE id = :room")
                        .bind("room", room)
                        .mapTo(Long.class)
                        .findOne())
                .filter(at -> at + hold.toMillis() > now())
                .ifPresent(at -> {
                    long[] clients = database.jdbi().withHandle(h -> EndedClients.read(h, room));
                    change(room, h -> EndedClients.keep(h, room, clients, at + hold.toMillis()));
                });
    }

    @Override
    public void start() {
        loop = Loop.every("ended-rooms", EVERY_MILLIS, PATIENCE_MILLIS, this::sweepQuietly)
                .start();
    }

    @Override
    public void stop() throws InterruptedException {
        Loop started = loop;
        if (started != null) {
            started.stop(STOP_MILLIS);
        }
    }

    private void sweepQuietly() {
        try {
            sweep();
        } catch (RuntimeException e) {
            OutOfMemory.check(e);
            LOG.warn("Deleted documents were not emptied; retrying in a minute: {}", e.toString());
        }
    }

    private record Unfinished(long room, String document) {}

    /** Completes interrupted purges, and removes the content of documents whose grace has ended. */
    void sweep() {
        List<Unfinished> unfinished = database.jdbi()
                .withHandle(h -> h.createQuery(
                                "SELECT room_id, document FROM purges WHERE done_at = 0 AND purged_at < :before")
                        .bind("before", now() - PATIENCE_MILLIS)
                        .map((rs, ctx) -> new Unfinished(rs.getLong(1), rs.getString(2)))
                        .list());
        unfinished.forEach(purge -> carryOut(purge.room(), purge.document()));
        if (!unfinished.isEmpty()) {
            receipts.wipe();
        }
        List<Long> due = database.jdbi()
                .withHandle(h -> h.createQuery("""
                                SELECT id FROM rooms WHERE deleted_at IS NOT NULL AND emptied_at IS NULL
                                  AND deleted_at <= :before ORDER BY deleted_at LIMIT :n""")
                        .bind("before", now() - Math.max(grace.toMillis(), hold.toMillis()))
                        .bind("n", ROOMS_AT_ONCE)
                        .mapTo(Long.class)
                        .list());
        due.forEach(rooms::empty);
    }
}
