package io.keck.storage.history;

import io.keck.access.Author;
import io.keck.failure.Failure;
import io.keck.failure.HistoryGone;
import io.keck.failure.Unavailable;
import io.keck.history.DocumentVersions;
import io.keck.history.HistoryReader.Range;
import io.keck.storage.database.Database;
import io.keck.storage.database.RandomIds;
import io.keck.storage.history.VersionRule.Mark;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jspecify.annotations.Nullable;

/** The versions of documents in the table {@code document_versions}. Thread-safe. */
final class JdbiVersions implements DocumentVersions {
    private static final String COLUMNS = "id, seq, label, pinned, automatic, made_by, made_at";

    private static final RowMapper<Version> VERSION = (rs, ctx) -> new Version(
            rs.getLong(1),
            rs.getLong(2),
            rs.getString(3),
            rs.getInt(4) == 1,
            rs.getInt(5) == 1,
            rs.getString(6),
            rs.getLong(7));

    private static final String INSERT = """
            INSERT INTO document_versions (id, room_id, seq, label, pinned, automatic, made_by, made_at)
            VALUES (:id, :room, :seq, :label, :pinned, :automatic, :by, :at)
            ON CONFLICT (room_id, label) WHERE label <> '' DO NOTHING""";

    private static final String OLDEST_AUTOMATIC = """
            DELETE FROM document_versions WHERE id IN (
              SELECT id FROM document_versions WHERE room_id = :room AND automatic = 1 AND pinned = 0
              ORDER BY seq, id LIMIT :n)""";

    private static final String THINNED = """
            SELECT id, made_at FROM document_versions
            WHERE room_id = :room AND automatic = 1 AND pinned = 0 AND label = '' ORDER BY seq, id""";

    private static final String PAGE = "SELECT " + COLUMNS + """
             FROM document_versions WHERE room_id = :room AND seq <= :seq AND (seq < :seq OR id < :id)
            ORDER BY seq DESC, id DESC LIMIT :n""";

    private final Database database;
    private final int most;

    /** @param most the largest number of requested versions of one document, and likewise of automatic ones */
    JdbiVersions(Database database, int most) {
        this.database = database;
        this.most = most;
    }

    private <T> T reading(Function<Handle, T> query) {
        return JdbiHistory.reading(database, query);
    }

    private boolean change(long roomId, io.keck.storage.database.Change work) {
        try {
            return database.change(roomId, work).toCompletableFuture().join();
        } catch (CompletionException e) {
            throw Unavailable.database(e.getCause() == null ? e : e.getCause());
        }
    }

    @Override
    public Created create(long roomId, Wanted wanted) {
        if (wanted.label().length() > MAX_LABEL) {
            throw new IllegalArgumentException("a label has at most " + MAX_LABEL + " characters");
        }
        Version version = new Version(
                RandomIds.next(),
                wanted.seq(),
                wanted.label(),
                wanted.isPinned(),
                wanted.isAutomatic(),
                wanted.by(),
                database.clock().millis());
        AtomicReference<@Nullable Supplier<Created>> outcome = new AtomicReference<>();
        change(roomId, h -> {
            outcome.set(create(h, roomId, version));
            return true;
        });
        return Objects.requireNonNull(outcome.get()).get();
    }

    /** Locks the row that retention changes before it drops rows. */
    private static void lock(Handle h, long roomId) {
        h.createUpdate("UPDATE history_rooms SET first_seq = first_seq WHERE room_id = :room")
                .bind("room", roomId)
                .execute();
    }

    /**
     * Creates a version. A refusal is a result rather than an exception, so that it does not roll back the work of
     * others in the same transaction.
     */
    private Supplier<Created> create(Handle h, long roomId, Version version) {
        lock(h, roomId);
        Range range;
        try {
            range = KeptRange.of(h, roomId);
        } catch (Failure e) {
            return () -> {
                throw e;
            };
        }
        if (version.seq() < range.first() || version.seq() > range.head()) {
            return () -> {
                throw new HistoryGone(roomId, range.first(), range.head());
            };
        }
        Created created = insert(h, roomId, version);
        return () -> created;
    }

    /**
     * Makes automatic versions at rows, except at rows that have a version or whose state is not known, in a transaction of
     * the caller. The time of each is that of its row.
     */
    void note(Handle h, long roomId, List<Mark> marks) {
        if (marks.isEmpty()) {
            return;
        }
        lock(h, roomId);
        Range range;
        try {
            range = KeptRange.of(h, roomId);
        } catch (Failure e) { // deleted since its rows were read; it needs no version
            return;
        }
        for (Mark mark : marks) {
            boolean isNew = h.createQuery(
                            "SELECT 1 FROM document_versions WHERE room_id = :room AND seq = :seq LIMIT 1")
                    .bind("room", roomId)
                    .bind("seq", mark.seq())
                    .mapTo(Integer.class)
                    .findOne()
                    .isEmpty();
            if (isNew && mark.seq() >= range.first() && mark.seq() <= range.head()) {
                insert(
                        h,
                        roomId,
                        new Version(
                                RandomIds.next(), mark.seq(), "", false, true, Author.SYSTEM.principal(), mark.at()));
            }
        }
    }

    /** Thins automatic versions out; returns when to do so again, in milliseconds since 1970, or 0 for never. */
    long thin(Handle h, long roomId, VersionSettings settings, long now) {
        Thinning.Result result = Thinning.thin(
                h.createQuery(THINNED)
                        .bind("room", roomId)
                        .map((rs, ctx) -> new Thinning.Made(rs.getLong(1), rs.getLong(2)))
                        .list(),
                settings,
                now);
        for (long id : result.drop()) {
            h.createUpdate("DELETE FROM document_versions WHERE id = :id AND pinned = 0")
                    .bind("id", id)
                    .execute();
        }
        return result.nextAt();
    }

    private Created insert(Handle h, long roomId, Version version) {
        long others = h.createQuery(
                        "SELECT count(*) FROM document_versions WHERE room_id = :room AND automatic = :automatic")
                .bind("room", roomId)
                .bind("automatic", version.isAutomatic() ? 1 : 0)
                .mapTo(Long.class)
                .one();
        if (others >= most) {
            int made = version.isAutomatic()
                    ? h.createUpdate(OLDEST_AUTOMATIC)
                            .bind("room", roomId)
                            .bind("n", others - most + 1)
                            .execute()
                    : 0;
            if (made == 0) {
                return new Created(null, Refusal.TOO_MANY);
            }
        }
        int inserted = h.createUpdate(INSERT)
                .bind("id", version.id())
                .bind("room", roomId)
                .bind("seq", version.seq())
                .bind("label", version.label())
                .bind("pinned", version.isPinned() ? 1 : 0)
                .bind("automatic", version.isAutomatic() ? 1 : 0)
                .bind("by", version.by())
                .bind("at", version.at())
                .execute();
        return inserted == 1 ? new Created(version, null) : new Created(null, Refusal.LABEL_TAKEN);
    }

    @Override
    public List<Version> list(long roomId, @Nullable Version before, int limit) {
        return reading(h -> h.createQuery(PAGE)
                .bind("room", roomId)
                .bind("seq", before == null ? Long.MAX_VALUE : before.seq())
                .bind("id", before == null ? Long.MAX_VALUE : before.id())
                .bind("n", limit)
                .map(VERSION)
                .list());
    }

    @Override
    public Optional<Version> find(long roomId, long id) {
        return reading(
                h -> h.createQuery("SELECT " + COLUMNS + " FROM document_versions WHERE room_id = :room AND id = :id")
                        .bind("room", roomId)
                        .bind("id", id)
                        .map(VERSION)
                        .findOne());
    }

    @Override
    public Optional<Version> labelled(long roomId, String label) {
        return reading(h -> h.createQuery("SELECT " + COLUMNS
                        + " FROM document_versions WHERE room_id = :room AND label = :label AND label <> ''")
                .bind("room", roomId)
                .bind("label", label)
                .map(VERSION)
                .findOne());
    }

    @Override
    public boolean pin(long roomId, long id, boolean isPinned) {
        return change(
                roomId,
                h -> h.createUpdate("UPDATE document_versions SET pinned = :pinned WHERE room_id = :room AND id = :id")
                                .bind("pinned", isPinned ? 1 : 0)
                                .bind("room", roomId)
                                .bind("id", id)
                                .execute()
                        == 1);
    }

    @Override
    public boolean delete(long roomId, long id) {
        return change(
                roomId,
                h -> h.createUpdate("DELETE FROM document_versions WHERE room_id = :room AND id = :id")
                                .bind("room", roomId)
                                .bind("id", id)
                                .execute()
                        == 1);
    }
}
