package io.keck.storage;

import io.keck.feed.ChangeLog.Change;
import io.keck.feed.ChangeLog.Page;
import io.keck.feed.Cursors;
import io.keck.feed.FeedUnavailableException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletionException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;

/**
 * Cursors of webhooks beside the log. One row says which endpoint there is, and who delivers; whoever saves cursors locks it
 * against a change until they are committed, so nothing of an older epoch is saved when a newer one has begun.
 * Thread-safe.
 */
final class JdbiCursors implements Cursors {
    private static final int MAX_ROWS = 200;
    /** SQLite has one writer, so its changes go through that. */
    private static final long LANE = 0;

    private static final String CURSOR = "SELECT r.id, r.name, r.head, COALESCE(c.seq, 0), COALESCE(c.planned, 0),"
            + " COALESCE((SELECT l.created_at FROM room_log l"
            + " WHERE l.room_id = r.id AND l.seq = COALESCE(c.seq, 0) + 1), 0)"
            + " FROM rooms r LEFT JOIN webhook_cursors c ON c.room_id = r.id";

    private static final String ROWS = """
            SELECT seq, payload FROM (
              SELECT seq, payload, sum(octet_length(payload)) OVER (ORDER BY seq) - octet_length(payload) AS before
              FROM (SELECT seq, payload FROM room_log WHERE room_id = %s AND seq > %s ORDER BY seq LIMIT %d) few
            ) sized WHERE before < %s""";

    private static final String NEXT_OF_ONE =
            String.format(ROWS, ":room", ":after", MAX_ROWS, ":bytes") + " ORDER BY seq";

    /** PostgreSQL reads those of many rooms in one statement. */
    private static final String NEXT_OF_MANY = "SELECT w.room_id, l.seq, l.payload"
            + " FROM unnest(?::bigint[], ?::bigint[]) AS w (room_id, after_seq) CROSS JOIN LATERAL ("
            + String.format(ROWS, "w.room_id", "w.after_seq", MAX_ROWS, "?") + ") l ORDER BY 1, 2";

    /**
     * One way to the server and back. The lock comes first: nothing is inserted without its row, and who waited for it looks
     * at the epoch afresh.
     */
    private static final String SAVE_MANY = """
            WITH fence AS (
              SELECT epoch FROM webhook_endpoint WHERE epoch = ? FOR SHARE
            ), saved AS (
              INSERT INTO webhook_cursors (room_id, seq, planned)
              SELECT c.room_id, c.seq, c.planned FROM fence CROSS JOIN
                unnest(?::bigint[], ?::bigint[], ?::bigint[]) AS c (room_id, seq, planned)
              ON CONFLICT (room_id) DO UPDATE SET seq = excluded.seq, planned = excluded.planned
            )
            SELECT epoch FROM fence""";

    private final JdbiUpdateLog log;
    private final boolean shared;

    JdbiCursors(JdbiUpdateLog log) {
        this.log = log;
        this.shared = log.isShared();
    }

    /** Beside the commits of rooms where that can be: none of them waits for a cursor. */
    private boolean change(Write.Task.Work work) {
        return shared ? JdbiChangeLog.reading(log, h -> h.inTransaction(work::run)) : changeInLane(work);
    }

    /** As {@link #change}, where it is a single statement. */
    private boolean changeAtOnce(Write.Task.Work work) {
        return shared ? JdbiChangeLog.reading(log, work::run) : changeInLane(work);
    }

    private boolean changeInLane(Write.Task.Work work) {
        try {
            return log.change(LANE, work).toCompletableFuture().join();
        } catch (CompletionException e) {
            throw new FeedUnavailableException(e.getCause() == null ? e : e.getCause());
        }
    }

    @Override
    public Endpoint endpoint() {
        return JdbiChangeLog.reading(log, JdbiCursors::endpoint);
    }

    private static Endpoint endpoint(Handle h) {
        return h.createQuery("SELECT url, trusted, epoch, owner, beat FROM webhook_endpoint")
                .map((rs, ctx) ->
                        new Endpoint(rs.getString(1), rs.getInt(2) != 0, rs.getLong(3), rs.getString(4), rs.getLong(5)))
                .one();
    }

    @Override
    public void set(String url, boolean trusted) {
        change(h -> set(h, url, trusted));
    }

    private static boolean set(Handle h, String url, boolean trusted) {
        // the update comes first: it locks the row, and a transaction of SQLite has to begin with a write
        h.createUpdate("UPDATE webhook_endpoint SET epoch = epoch + 1, owner = '', beat = 0")
                .execute();
        boolean began = endpoint(h).url().isEmpty() && !url.isEmpty();
        h.createUpdate("UPDATE webhook_endpoint SET url = :url, trusted = :trusted")
                .bind("url", url)
                .bind("trusted", trusted ? 1 : 0)
                .execute();
        if (began || url.isEmpty()) {
            h.execute("DELETE FROM webhook_cursors");
            h.execute("DELETE FROM webhook_news");
        }
        if (began) {
            h.execute("INSERT INTO webhook_cursors (room_id, seq, planned)"
                    + " SELECT id, head, head FROM rooms WHERE head > 0");
        }
        return true;
    }

    @Override
    public void configure(String url) {
        change(h -> {
            int other = h.createUpdate("UPDATE webhook_endpoint SET configured = :url WHERE configured <> :url")
                    .bind("url", url)
                    .execute();
            return other == 0 || set(h, url, true);
        });
    }

    @Override
    public OptionalLong take(Endpoint seen, String owner) {
        boolean taken = changeAtOnce(
                h -> h.createUpdate("UPDATE webhook_endpoint SET epoch = epoch + 1, owner = :owner, beat = 0"
                                        + " WHERE epoch = :epoch AND beat = :beat AND owner = :before")
                                .bind("owner", owner)
                                .bind("epoch", seen.epoch())
                                .bind("beat", seen.beat())
                                .bind("before", seen.owner())
                                .execute()
                        == 1);
        return taken ? OptionalLong.of(seen.epoch() + 1) : OptionalLong.empty();
    }

    @Override
    public boolean renew(long epoch) {
        return changeAtOnce(h -> h.createUpdate("UPDATE webhook_endpoint SET beat = beat + 1 WHERE epoch = :epoch")
                        .bind("epoch", epoch)
                        .execute()
                == 1);
    }

    @Override
    public void release(long epoch) {
        changeAtOnce(h -> h.createUpdate("UPDATE webhook_endpoint SET owner = '' WHERE epoch = :epoch")
                        .bind("epoch", epoch)
                        .execute()
                == 1);
    }

    @Override
    public List<Cursor> find(Collection<Long> roomIds) {
        if (roomIds.isEmpty()) {
            return List.of();
        }
        return JdbiChangeLog.reading(
                log,
                h -> h.createQuery(CURSOR + " WHERE r.id IN (<ids>)")
                        .bindList("ids", List.copyOf(roomIds))
                        .map((rs, ctx) -> cursor(rs))
                        .list());
    }

    private static Cursor cursor(ResultSet rs) throws SQLException {
        return new Cursor(rs.getLong(1), rs.getString(2), rs.getLong(3), rs.getLong(4), rs.getLong(5), rs.getLong(6));
    }

    @Override
    public Slice scan(long afterRoomId, int count) {
        return JdbiChangeLog.reading(log, h -> {
            List<Cursor> waiting = new ArrayList<>();
            long[] last = new long[2];
            h.createQuery(CURSOR + " WHERE r.id > :after ORDER BY r.id LIMIT :count")
                    .bind("after", afterRoomId)
                    .bind("count", count)
                    .map((rs, ctx) -> {
                        Cursor cursor = cursor(rs);
                        last[0] = cursor.roomId();
                        last[1]++;
                        if (cursor.head() > cursor.seq()) {
                            waiting.add(cursor);
                        }
                        return cursor.roomId();
                    })
                    .list();
            return new Slice(waiting, last[1] < count ? 0 : last[0]);
        });
    }

    @Override
    public boolean save(long epoch, List<Cursor> cursors) {
        return shared
                ? JdbiChangeLog.reading(log, h -> saveMany(h, epoch, cursors))
                : changeInLane(h -> saveEach(h, epoch, cursors));
    }

    private static boolean saveMany(Handle h, long epoch, List<Cursor> cursors) {
        Long[] rooms = new Long[cursors.size()];
        Long[] seqs = new Long[rooms.length];
        Long[] planned = new Long[rooms.length];
        for (int i = 0; i < rooms.length; i++) {
            Cursor cursor = cursors.get(i);
            rooms[i] = cursor.roomId();
            seqs[i] = cursor.seq();
            planned[i] = cursor.planned();
        }
        try (PreparedStatement statement = h.getConnection().prepareStatement(SAVE_MANY)) {
            statement.setLong(1, epoch);
            statement.setArray(2, h.getConnection().createArrayOf("bigint", rooms));
            statement.setArray(3, h.getConnection().createArrayOf("bigint", seqs));
            statement.setArray(4, h.getConnection().createArrayOf("bigint", planned));
            try (ResultSet rs = statement.executeQuery()) {
                return rs.next();
            }
        } catch (SQLException e) {
            throw new UnableToExecuteStatementException(e, null);
        }
    }

    private static boolean saveEach(Handle h, long epoch, List<Cursor> cursors) {
        // one node; but its transaction has to begin with a write
        h.execute("UPDATE webhook_endpoint SET beat = beat");
        if (endpoint(h).epoch() != epoch) {
            return false;
        }
        PreparedBatch batch = h.prepareBatch("INSERT INTO webhook_cursors (room_id, seq, planned)"
                + " VALUES (:room, :seq, :planned)"
                + " ON CONFLICT (room_id) DO UPDATE SET seq = excluded.seq, planned = excluded.planned");
        for (Cursor cursor : cursors) {
            batch.bind("room", cursor.roomId())
                    .bind("seq", cursor.seq())
                    .bind("planned", cursor.planned())
                    .add();
        }
        batch.execute();
        return true;
    }

    @Override
    public void announce(Collection<Long> roomIds) {
        change(h -> {
            PreparedBatch batch =
                    h.prepareBatch("INSERT INTO webhook_news (room_id) VALUES (:room) ON CONFLICT DO NOTHING");
            roomIds.stream().sorted().forEach(id -> batch.bind("room", id).add());
            batch.execute();
            return true;
        });
    }

    @Override
    public List<Long> announced(int count) {
        List<Long> ids = new ArrayList<>();
        changeAtOnce(h -> {
            ids.clear();
            ids.addAll(h.createQuery("DELETE FROM webhook_news WHERE room_id IN"
                            + " (SELECT room_id FROM webhook_news ORDER BY room_id LIMIT :count) RETURNING room_id")
                    .bind("count", count)
                    .mapTo(Long.class)
                    .list());
            return true;
        });
        return ids;
    }

    @Override
    public Map<Long, Page> next(Map<Long, Long> after, long maxBytesEach) {
        Map<Long, List<Change>> found = JdbiChangeLog.reading(
                log, h -> shared ? nextOfMany(h, after, maxBytesEach) : nextOfEach(h, after, maxBytesEach));
        Map<Long, Page> pages = new HashMap<>();
        after.forEach((room, seq) -> {
            List<Change> changes = found.get(room);
            if (changes != null) {
                boolean broken = changes.get(0).seq() != seq + 1;
                pages.put(
                        room, new Page(changes, changes.get(changes.size() - 1).seq(), broken));
            }
        });
        List<Long> none =
                after.keySet().stream().filter(room -> !pages.containsKey(room)).toList();
        for (Cursor cursor : find(none)) {
            // one moment: rows come with the head that tells of them
            if (cursor.head() > cursor.seq() && cursor.waitingSince() == 0) {
                pages.put(cursor.roomId(), new Page(List.of(), cursor.head(), true));
            }
        }
        return pages;
    }

    private static Map<Long, List<Change>> nextOfEach(Handle h, Map<Long, Long> after, long maxBytes) {
        Map<Long, List<Change>> found = new HashMap<>();
        after.forEach((room, seq) -> h.createQuery(NEXT_OF_ONE)
                .bind("room", room)
                .bind("after", seq)
                .bind("bytes", maxBytes)
                .map((rs, ctx) -> found.computeIfAbsent(room, r -> new ArrayList<>())
                        .add(new Change(rs.getLong(1), rs.getBytes(2))))
                .list());
        return found;
    }

    private static Map<Long, List<Change>> nextOfMany(Handle h, Map<Long, Long> after, long maxBytes) {
        Map<Long, List<Change>> found = new HashMap<>();
        Long[] rooms = after.keySet().toArray(Long[]::new);
        Long[] seqs = new Long[rooms.length];
        for (int i = 0; i < rooms.length; i++) {
            seqs[i] = after.get(rooms[i]);
        }
        try (PreparedStatement statement = h.getConnection().prepareStatement(NEXT_OF_MANY)) {
            statement.setArray(1, h.getConnection().createArrayOf("bigint", rooms));
            statement.setArray(2, h.getConnection().createArrayOf("bigint", seqs));
            statement.setLong(3, maxBytes);
            try (ResultSet rs = statement.executeQuery()) {
                while (rs.next()) {
                    found.computeIfAbsent(rs.getLong(1), r -> new ArrayList<>())
                            .add(new Change(rs.getLong(2), rs.getBytes(3)));
                }
            }
        } catch (SQLException e) {
            throw new UnableToExecuteStatementException(e, null);
        }
        return found;
    }
}
