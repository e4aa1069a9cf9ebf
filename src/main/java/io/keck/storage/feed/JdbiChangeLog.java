package io.keck.storage.feed;

import io.keck.failure.RoomLost;
import io.keck.failure.Unavailable;
import io.keck.feed.ChangeLog;
import io.keck.room.UpdateLog.Damage;
import io.keck.storage.database.Change;
import io.keck.storage.database.Database;
import io.keck.storage.database.UnreadableData;
import io.keck.storage.rows.RoomScan;
import io.keck.storage.rows.RowCheck;
import io.keck.storage.rows.RowPages;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * Reads the rows of the room log for followers. Reads run on the reader threads of the {@link Database}. Thread-safe.
 */
public final class JdbiChangeLog implements ChangeLog {
    private static final int MAX_ROWS = 500;

    private static final String ROWS_OF_ONE = rows(
                    ":room",
                    ":after",
                    "seq <= :upTo AND seq <= (SELECT head FROM rooms WHERE id = :room)",
                    MAX_ROWS,
                    ":bytes")
            + " ORDER BY seq";

    /** One statement, so that the result is consistent without a transaction. */
    private static final String BASE = """
            WITH base AS (
              SELECT seq, link, state, CASE WHEN checksum_seq = seq THEN checksum END AS checksum
              FROM room_snapshots WHERE room_id = :room AND state IS NOT NULL
            )
            SELECT 0 AS kind, seq, link, NULL AS batch_id, checksum, NULL AS before_link, state AS payload,
              CAST(NULL AS text) AS principal, CAST(NULL AS text) AS attributes, CAST(NULL AS text) AS origin,
              CAST(0 AS bigint) AS created_at
            FROM base
            UNION ALL
            SELECT 1, seq, link, batch_id, checksum, before_link, payload, NULL, NULL, NULL, created_at FROM room_log
            WHERE room_id = :room AND seq > COALESCE((SELECT seq FROM base), 0) AND seq <= :seq
              AND seq <= (SELECT head FROM rooms WHERE id = :room)
            ORDER BY kind, seq""";

    /** Selects head and snapshot of a room whose next row was not found. */
    private static final String GAPS = """
            SELECT r.id, r.head, COALESCE(s.seq, 0) FROM rooms r
            LEFT JOIN room_snapshots s ON s.room_id = r.id AND s.state IS NOT NULL WHERE r.id IN (<ids>)""";

    private final Database database;

    public JdbiChangeLog(Database database) {
        this.database = database;
    }

    /**
     * The query for the rows of a room from the anchor on. Sizes are compared before payloads are fetched, so a room of
     * large rows stays within the limit of heap.
     *
     * @param which further conditions
     */
    static String rows(String room, String after, String which, int most, String bytes) {
        return String.format("""
            SELECT seq, link, batch_id, checksum, before_link, CASE WHEN bytes > 0 THEN payload END AS payload,
              a.principal, a.attributes, sized.origin, sized.created_at
            FROM (
              SELECT few.*, sum(bytes) OVER (ORDER BY seq) - bytes AS bytes_before FROM (
                SELECT seq, link, batch_id, checksum, before_link, payload, author, origin, created_at,
                  CASE WHEN seq = %2$s THEN 0 ELSE octet_length(payload) END AS bytes
                FROM room_log WHERE room_id = %1$s AND seq >= %2$s AND %3$s ORDER BY seq LIMIT %4$d
              ) few
            ) sized LEFT JOIN authors a ON a.id = sized.author WHERE bytes_before < %5$s""", room, after, which, most, bytes);
    }

    /** Reads on a reader thread and waits for the result. */
    static <T> T reading(Database database, Function<Handle, T> query) {
        try {
            return database.reading(() -> database.jdbi().withHandle(query::apply))
                    .toCompletableFuture()
                    .join();
        } catch (CompletionException e) {
            throw Unavailable.database(e.getCause() == null ? e : e.getCause());
        }
    }

    @Override
    public Page read(long roomId, long after, long upTo, long maxBytes) {
        return reading(database, h -> read(h, roomId, after, upTo, maxBytes));
    }

    /** The same through a handle. */
    public static Page read(Handle h, long roomId, long after, long upTo, long maxBytes) {
        CheckedRows rows = rows(h, roomId, after, upTo, maxBytes);
        if (!rows.changes().isEmpty() || rows.damage() != null) {
            return page(rows);
        }
        Page page = gaps(h, Map.of(roomId, after), upTo).get(roomId);
        if (page == null) {
            throw new RoomLost(roomId);
        }
        return page;
    }

    /** Returns the rows after a seq; if the database cannot read one of them, those before it. */
    static CheckedRows rows(Handle h, long roomId, long after, long upTo, long maxBytes) {
        try {
            CheckedRows rows = new CheckedRows(roomId, after);
            h.createQuery(ROWS_OF_ONE)
                    .bind("room", roomId)
                    .bind("after", after)
                    .bind("upTo", upTo)
                    .bind("bytes", maxBytes)
                    .map((rs, ctx) -> {
                        rows.row(rs, 1);
                        return true;
                    })
                    .list();
            return rows;
        } catch (JdbiException e) {
            if (!UnreadableData.is(e)) {
                throw e;
            }
            return cautiously(h, new CheckedRows(roomId, after), roomId, after, upTo, maxBytes);
        }
    }

    private static CheckedRows cautiously(
            Handle h, CheckedRows rows, long roomId, long after, long upTo, long maxBytes) {
        long[] bytes = new long[1];
        try {
            new RowPages(h, roomId, true).each(after - 1, upTo, row -> {
                byte[] payload = row.payload();
                bytes[0] += payload == null || row.seq() <= after ? 0 : payload.length;
                return rows.row(row) && bytes[0] < maxBytes;
            });
        } catch (JdbiException e) {
            if (!UnreadableData.is(e)) {
                throw e;
            }
            rows.unreadable(UnreadableData.message(e));
        }
        return rows;
    }

    static Page page(CheckedRows rows) {
        Damage damage = rows.damage();
        return new Page(rows.changes(), rows.last(), false, damage == null ? null : damage.what());
    }

    /**
     * Determines, for rooms whose next row was not found, whether that row was folded and purged, is missing, or does
     * not exist yet. Unknown rooms are left out.
     */
    static Map<Long, Page> gaps(Handle h, Map<Long, Long> after, long upTo) {
        Map<Long, Page> pages = new HashMap<>();
        h.createQuery(GAPS)
                .bindList("ids", List.copyOf(after.keySet()))
                .map((rs, ctx) -> {
                    long id = rs.getLong(1);
                    long head = rs.getLong(2);
                    long next = after.getOrDefault(id, 0L) + 1;
                    boolean isFolded = rs.getLong(3) >= next;
                    boolean isMissing = !isFolded && Math.min(head, upTo) >= next;
                    return pages.put(
                            id,
                            new Page(
                                    List.of(),
                                    head,
                                    isFolded && Math.min(head, upTo) >= next,
                                    isMissing ? "row " + next + " is missing" : null));
                })
                .list();
        // it may have been written since the first query
        pages.replaceAll((id, page) ->
                (page.damage() != null || page.isBroken()) && isThere(h, id, after.getOrDefault(id, 0L) + 1)
                        ? new Page(List.of(), page.head(), false)
                        : page);
        return pages;
    }

    private static boolean isThere(Handle h, long roomId, long seq) {
        return h.createQuery("SELECT 1 FROM room_log WHERE room_id = :room AND seq = :seq")
                .bind("room", roomId)
                .bind("seq", seq)
                .mapTo(Integer.class)
                .findOne()
                .isPresent();
    }

    /** A snapshot, if undamaged, and the rows after it. */
    private static final class Room {
        private final long roomId;
        private final long upTo;
        private byte @Nullable [] state;
        private long seq;
        private @Nullable Damage damage;
        private @Nullable CheckedRows rows;

        Room(long roomId, long upTo) {
            this.roomId = roomId;
            this.upTo = upTo;
        }

        void snapshot(long at, long link, byte[] bytes, @Nullable Long checksum) {
            damage = RowCheck.snapshot(roomId, at, link, bytes, checksum);
            if (damage == null) {
                state = bytes;
                seq = at;
                rows().anchor(at, link);
            }
        }

        CheckedRows rows() {
            CheckedRows found = rows;
            if (found == null) {
                found = new CheckedRows(roomId, seq);
                rows = found;
            }
            return found;
        }

        Base base(long head) {
            CheckedRows found = rows();
            Damage first = found.damage() == null ? damage : found.damage();
            String what = first == null ? null : first.what();
            if (what == null && found.last() < Math.min(head, upTo)) {
                what = "row " + (found.last() + 1) + " is missing";
            }
            return new Base(
                    found.last(),
                    state,
                    found.changes().stream().map(Change::payload).toList(),
                    what);
        }
    }

    @Override
    public Base base(long roomId, long seq) {
        return reading(database, h -> base(h, roomId, seq));
    }

    /** The same through a handle. */
    static Base base(Handle h, long roomId, long seq) {
        long head = heads(h, List.of(roomId)).getOrDefault(roomId, 0L);
        try {
            return base(h, roomId, seq, head);
        } catch (JdbiException e) {
            if (!UnreadableData.is(e)) {
                throw e;
            }
            return baseCautiously(h, roomId, seq, head);
        }
    }

    @Override
    public Authors authorship(long roomId) {
        return reading(database, h -> RoomAuthors.read(h, roomId));
    }

    private static Map<Long, Long> heads(Handle h, Collection<Long> ids) {
        Map<Long, Long> heads = new HashMap<>();
        h.createQuery("SELECT id, head FROM rooms WHERE id IN (<ids>)")
                .bindList("ids", List.copyOf(ids))
                .map((rs, ctx) -> heads.put(rs.getLong(1), rs.getLong(2)))
                .list();
        return heads;
    }

    private static Base base(Handle h, long roomId, long seq, long head) {
        Room room = new Room(roomId, seq);
        h.createQuery(BASE)
                .bind("room", roomId)
                .bind("seq", seq)
                .map((rs, ctx) -> {
                    if (rs.getInt(1) == 0) {
                        room.snapshot(rs.getLong(2), rs.getLong(3), rs.getBytes(7), RowCheck.number(rs, 5));
                    } else if (room.damage == null) {
                        room.rows().row(rs, 2);
                    }
                    return true;
                })
                .list();
        return room.damage == null ? room.base(head) : rowsAlone(h, roomId, seq, head, room.damage);
    }

    /** Falls back to the rows if the snapshot is damaged and all rows may still exist. */
    private static Base rowsAlone(Handle h, long roomId, long seq, long head, Damage ofSnapshot) {
        CheckedRows rows = cautiously(h, new CheckedRows(roomId, 0), roomId, 0, Math.min(seq, head), Long.MAX_VALUE);
        boolean isWhole = rows.damage() == null && rows.last() == Math.min(seq, head);
        Damage damage = rows.damage() == null ? ofSnapshot : rows.damage();
        return new Base(
                rows.last(),
                null,
                rows.changes().stream().map(Change::payload).toList(),
                isWhole ? null : damage.what());
    }

    private static Base baseCautiously(Handle h, long roomId, long seq, long head) {
        RoomScan.Base found = RoomScan.base(h, roomId, true).orElse(null);
        byte[] state = found == null ? null : found.state();
        if (found == null || (state == null && found.failure() == null)) {
            Damage missing = new Damage(1, "its rows cannot be read");
            return rowsAlone(h, roomId, seq, head, missing);
        }
        Damage damage = state == null
                ? new Damage(found.seq(), "the snapshot at " + found.seq() + " cannot be read: " + found.failure())
                : RowCheck.snapshot(roomId, found.seq(), found.link(), state, found.checksum());
        if (damage != null || state == null) {
            return rowsAlone(
                    h,
                    roomId,
                    seq,
                    head,
                    damage == null ? new Damage(found.seq(), "the snapshot is incomplete") : damage);
        }
        Room room = new Room(roomId, seq);
        room.snapshot(found.seq(), found.link(), state, found.checksum());
        room.rows = cautiously(h, room.rows(), roomId, found.seq(), Math.min(seq, head), Long.MAX_VALUE);
        return room.base(head);
    }
}
