package io.keck.storage.held;

import io.dropwizard.lifecycle.Managed;
import io.keck.access.Author;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.room.HeldUpdates;
import io.keck.storage.database.Database;
import io.keck.storage.database.RandomIds;
import io.keck.storage.rows.StoredAuthors;
import io.keck.thread.Loop;
import io.keck.thread.OutOfMemory;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The held updates in a database. Each change begins with a write, which locks the entry, so changes of several nodes follow each
 * other. If two nodes create the same entry at once, an index makes one of them fail. The size of all entries together is
 * queried every {@value #COUNT_EVERY_MS} ms, so nodes may exceed its bound by the updates stored in between. Entries that are too
 * old are deleted every hour. Thread-safe.
 */
public final class JdbiHeldUpdates implements HeldUpdates, Managed {
    private static final Logger LOG = LoggerFactory.getLogger(JdbiHeldUpdates.class);
    /** Largest number of undecided entries of one document, and of decided ones. */
    private static final int MAX_ENTRIES = 1_000;

    private static final long COUNT_EVERY_MS = 10_000;
    private static final int EXPIRED_AT_ONCE = 1_000;
    private static final long PATIENCE_MILLIS = 600_000;

    private static final String COLUMNS =
            "id, room_id, principal, attributes, origin, owner, payload, state, created_at, changed_at, decided_by, decided_at";

    private static final String LOCK = """
            UPDATE held_updates SET state = state
            WHERE room_id = :room AND principal = :principal AND attributes = :attributes AND origin = :origin
              AND owner = :owner AND state = 'held'
            RETURNING id, payload""";

    private static final String SIZES = """
            SELECT COALESCE(sum(CASE WHEN room_id = :room THEN size END), 0),
              COALESCE(sum(CASE WHEN principal = :principal THEN size END), 0),
              COALESCE(sum(CASE WHEN room_id = :room THEN 1 END), 0)
            FROM held_updates WHERE state = 'held' AND (room_id = :room OR principal = :principal)""";

    private static final String INSERT = """
            INSERT INTO held_updates (id, room_id, principal, attributes, origin, owner, payload, size, state, created_at,
              changed_at, decided_by, decided_at)
            VALUES (:id, :room, :principal, :attributes, :origin, :owner, :payload, :size, 'held', :now, :now, '', 0)""";

    private static final String GROW =
            "UPDATE held_updates SET payload = :payload, size = :size, changed_at = :now WHERE id = :id";

    private static final String DECIDE = """
            UPDATE held_updates SET state = :state, payload = :payload, size = 0, decided_by = :by, decided_at = :now
            WHERE id = :id AND room_id = :room AND state = 'held'""";

    /** Keeps the newest decided entries of a room. */
    private static final String FORGET = """
            DELETE FROM held_updates WHERE room_id = :room AND state <> 'held' AND id NOT IN
              (SELECT id FROM held_updates WHERE room_id = :room AND state <> 'held' ORDER BY decided_at DESC, id LIMIT :n)""";

    private static final String EXPIRE = """
            DELETE FROM held_updates WHERE id IN
              (SELECT id FROM held_updates WHERE changed_at < :before ORDER BY changed_at LIMIT :n)
            RETURNING CASE WHEN state = 'held' THEN 1 ELSE 0 END""";

    private static final byte[] NOTHING = {};

    private final Database database;
    private final Limits limits;
    private final Loop sweeper =
            Loop.every("held-sweeper", TimeUnit.HOURS.toMillis(1), PATIENCE_MILLIS, this::expireQuietly);
    private long total;
    private long totalUntil = Long.MIN_VALUE;

    /** Uses a database with migrated tables. */
    public JdbiHeldUpdates(Database database, Limits limits) {
        this.database = database;
        this.limits = limits;
    }

    /** Deletes the entries of a name whose life ends in this transaction. */
    public static void lifeEnded(Handle h, String name, long now) {
        h.createUpdate("DELETE FROM held_updates WHERE room_id IN (SELECT id FROM rooms WHERE name = :name)")
                .bind("name", name)
                .execute();
    }

    // ------------------------------------------------------------------ storing

    @Override
    public CompletionStage<Boolean> keep(long roomId, Author author, String owner, byte[] update) {
        return database.change(roomId, h -> keep(h, roomId, author, owner, update));
    }

    private record Existing(long id, byte[] payload) {}

    private boolean keep(Handle h, long roomId, Author author, String owner, byte[] update) {
        String attributes = StoredAuthors.text(author.attributes());
        Optional<Existing> existing = h.createQuery(LOCK)
                .bind("room", roomId)
                .bind("principal", author.principal())
                .bind("attributes", attributes)
                .bind("origin", author.origin().text())
                .bind("owner", owner)
                .map((rs, ctx) -> new Existing(rs.getLong(1), rs.getBytes(2)))
                .findOne();
        StructStore all = new StructStore(true);
        existing.ifPresent(entry -> all.apply(entry.payload(), DecodeLimits.OWN));
        Update fresh = all.reduce(Update.decode(update, DecodeLimits.OWN));
        if (fresh.isEmpty()) {
            return true;
        }
        all.apply(fresh);
        byte[] payload = all.encode();
        long more = (long) payload.length
                - existing.map(entry -> entry.payload().length).orElse(0);
        if (isFull(h, roomId, author.principal(), more, existing.isEmpty())) {
            return false;
        }
        long now = database.clock().millis();
        if (existing.isPresent()) {
            h.createUpdate(GROW)
                    .bind("payload", payload)
                    .bind("size", payload.length)
                    .bind("now", now)
                    .bind("id", existing.get().id())
                    .execute();
        } else {
            h.createUpdate(INSERT)
                    .bind("id", RandomIds.next())
                    .bind("room", roomId)
                    .bind("principal", author.principal())
                    .bind("attributes", attributes)
                    .bind("origin", author.origin().text())
                    .bind("owner", owner)
                    .bind("payload", payload)
                    .bind("size", payload.length)
                    .bind("now", now)
                    .execute();
        }
        return true;
    }

    private boolean isFull(Handle h, long roomId, String principal, long more, boolean isNew) {
        boolean[] isFull = {false};
        var unused = h.createQuery(SIZES)
                .bind("room", roomId)
                .bind("principal", principal)
                .map((rs, ctx) -> isFull[0] = rs.getLong(1) + more > limits.perDocument()
                        || rs.getLong(2) + more > limits.perPrincipal()
                        || (isNew && rs.getLong(3) >= MAX_ENTRIES))
                .one();
        return isFull[0] || !hasRoom(h, more);
    }

    private synchronized boolean hasRoom(Handle h, long more) {
        long now = database.clock().millis();
        if (now >= totalUntil || now < totalUntil - COUNT_EVERY_MS) {
            total = h.createQuery("SELECT COALESCE(sum(size), 0) FROM held_updates")
                    .mapTo(Long.class)
                    .one();
            totalUntil = now + COUNT_EVERY_MS;
        }
        if (total + more > limits.total()) {
            return false;
        }
        total += more;
        return true;
    }

    // ------------------------------------------------------------------ reading

    @Override
    public CompletionStage<List<Entry>> ofRoom(long roomId) {
        return database.reading(() -> database.jdbi()
                .withHandle(h -> h
                        .createQuery("SELECT " + COLUMNS
                                + " FROM held_updates WHERE room_id = :room ORDER BY created_at, id")
                        .bind("room", roomId)
                        .map((rs, ctx) -> entry(rs))
                        .list()
                        .stream()
                        .filter(Objects::nonNull)
                        .toList()));
    }

    @Override
    public CompletionStage<Optional<Entry>> find(long roomId, long id) {
        return database.reading(() -> database.jdbi().withHandle(h -> find(h, roomId, id)));
    }

    private static Optional<Entry> find(Handle h, long roomId, long id) {
        return h
                .createQuery("SELECT " + COLUMNS + " FROM held_updates WHERE id = :id AND room_id = :room")
                .bind("id", id)
                .bind("room", roomId)
                .map((rs, ctx) -> entry(rs))
                .list()
                .stream()
                .filter(Objects::nonNull)
                .findFirst();
    }

    /** Reads an entry; null if a later release has written it in a form that this release does not know. */
    private static @Nullable Entry entry(ResultSet rs) throws SQLException {
        Author author = StoredAuthors.of(rs.getString(3), rs.getString(4), rs.getString(5));
        State state = State.named(rs.getString(8)).orElse(null);
        return author == null || state == null
                ? null
                : new Entry(
                        rs.getLong(1),
                        rs.getLong(2),
                        author,
                        rs.getString(6),
                        rs.getBytes(7),
                        state,
                        rs.getLong(9),
                        rs.getLong(10),
                        rs.getString(11),
                        rs.getLong(12));
    }

    @Override
    public CompletionStage<Set<Long>> rooms() {
        return database.reading(() -> database.jdbi()
                .withHandle(h ->
                        new HashSet<>(h.createQuery("SELECT DISTINCT room_id FROM held_updates WHERE state = 'held'")
                                .mapTo(Long.class)
                                .list())));
    }

    // ------------------------------------------------------------------ deciding

    @Override
    public CompletionStage<Optional<Entry>> settle(long roomId, long id, byte[] update, State state, String by) {
        return changed(roomId, id, h -> {
            byte[] payload = lock(h, roomId, id);
            if (payload == null) {
                return;
            }
            StructStore there = new StructStore(true);
            there.apply(update, DecodeLimits.OWN);
            Update left = there.reduce(Update.decode(payload, DecodeLimits.OWN));
            if (left.isEmpty()) {
                decide(h, roomId, id, state, by);
            } else {
                h.createUpdate("UPDATE held_updates SET payload = :payload, size = :size WHERE id = :id")
                        .bind("payload", left.encode())
                        .bind("size", left.length())
                        .bind("id", id)
                        .execute();
            }
        });
    }

    @Override
    public CompletionStage<Optional<Entry>> drop(long roomId, long id, String by) {
        return changed(roomId, id, h -> decide(h, roomId, id, State.DROPPED, by));
    }

    /** Work on one locked entry. */
    @FunctionalInterface
    private interface Work {
        void run(Handle h);
    }

    private CompletionStage<Optional<Entry>> changed(long roomId, long id, Work work) {
        AtomicReference<Optional<Entry>> entry = new AtomicReference<>(Optional.empty());
        return database.change(roomId, h -> {
                    work.run(h);
                    entry.set(find(h, roomId, id));
                    return true;
                })
                .thenApply(done -> entry.get());
    }

    /** Locks an undecided entry until the transaction ends and returns its content; null if there is no such entry. */
    private static byte @Nullable [] lock(Handle h, long roomId, long id) {
        return h.createQuery("""
                        UPDATE held_updates SET state = state WHERE id = :id AND room_id = :room AND state = 'held'
                        RETURNING payload""")
                .bind("id", id)
                .bind("room", roomId)
                .map((rs, ctx) -> rs.getBytes(1))
                .findOne()
                .orElse(null);
    }

    private void decide(Handle h, long roomId, long id, State state, String by) {
        h.createUpdate(DECIDE)
                .bind("state", state.text())
                .bind("payload", NOTHING)
                .bind("by", by)
                .bind("now", database.clock().millis())
                .bind("id", id)
                .bind("room", roomId)
                .execute();
        h.createUpdate(FORGET).bind("room", roomId).bind("n", MAX_ENTRIES).execute();
    }

    // ------------------------------------------------------------------ expiry

    @Override
    public void start() {
        sweeper.start();
    }

    @Override
    public void stop() throws InterruptedException {
        sweeper.stop();
    }

    private void expireQuietly() {
        try {
            int dropped = expire();
            if (dropped > 0) {
                LOG.warn("Deleted {} held updates that were neither taken in nor dropped in time", dropped);
            }
        } catch (RuntimeException e) {
            OutOfMemory.check(e);
            LOG.warn("Deleting held updates that are too old failed; retrying later: {}", e.toString());
        }
    }

    /** Deletes entries that have not changed for too long; returns how many of them were not decided. */
    int expire() {
        int[] dropped = {0};
        int[] count = {0};
        do {
            count[0] = 0;
            database.change(0, h -> {
                        List<Integer> expired = h.createQuery(EXPIRE)
                                .bind("before", database.clock().millis() - limits.keepMillis())
                                .bind("n", EXPIRED_AT_ONCE)
                                .mapTo(Integer.class)
                                .list();
                        count[0] = expired.size();
                        dropped[0] +=
                                expired.stream().mapToInt(Integer::intValue).sum();
                        return true;
                    })
                    .toCompletableFuture()
                    .join();
        } while (count[0] == EXPIRED_AT_ONCE);
        return dropped[0];
    }
}
