package io.keck.storage.feed;

import io.keck.failure.Unavailable;
import io.keck.feed.ChangeLog.Page;
import io.keck.feed.Cursors;
import io.keck.storage.database.Change;
import io.keck.storage.database.Database;
import io.keck.storage.database.UnreadableData;
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
import java.util.function.UnaryOperator;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;

/**
 * The cursors of webhooks. One row names the endpoint and the delivering node. A node that saves cursors locks that row
 * until the commit, so nothing of an older epoch is saved after a newer one has begun. Thread-safe.
 */
public final class JdbiCursors implements Cursors {
    private static final int MAX_ROWS = 200;
    /** The lane of changes on SQLite, which has one writer. */
    private static final long LANE = 0;

    private static final String CURSOR = """
            SELECT r.id, r.name, r.head, COALESCE(c.seq, 0), COALESCE(c.planned, 0),
            COALESCE((SELECT l.created_at FROM room_log l
            WHERE l.room_id = r.id AND l.seq = COALESCE(c.seq, 0) + 1), 0)
            FROM rooms r LEFT JOIN webhook_cursors c ON c.room_id = r.id""";

    /** The query for a room whose rows cannot be read. */
    private static final String CURSOR_ALONE = """
                    SELECT r.id, r.name, r.head, COALESCE(c.seq, 0), COALESCE(c.planned, 0), 0
                    FROM rooms r LEFT JOIN webhook_cursors c ON c.room_id = r.id""";

    /** On PostgreSQL one statement reads the rows of many rooms. */
    private static final String NEXT_OF_MANY =
            """
            SELECT w.room_id, l.seq, l.link, l.batch_id, l.checksum, l.before_link, l.payload,
              l.principal, l.attributes, l.origin, l.created_at
            FROM unnest(?::bigint[], ?::bigint[]) AS w (room_id, after_seq)
            JOIN rooms r ON r.id = w.room_id CROSS JOIN LATERAL (%s) l ORDER BY 1, 2""".formatted(JdbiChangeLog.rows("w.room_id", "w.after_seq", "seq <= r.head", MAX_ROWS, "?"));

    /**
     * One round trip. The lock comes first: nothing is inserted without the locked row, and a node that waited for the
     * lock reads the epoch again.
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

    private static final String HAVE_READ = """
            SELECT CASE WHEN e.url = '' THEN :all ELSE COALESCE(c.seq, 0) END
            FROM webhook_endpoint e LEFT JOIN webhook_cursors c ON c.room_id = :room""";

    private final Database database;
    private final boolean shared;

    public JdbiCursors(Database database) {
        this.database = database;
        this.shared = database.isShared();
    }

    /** Makes a change, where possible on its own connection, so that no commit of a room waits for a cursor. */
    private boolean change(Change work) {
        return shared ? JdbiChangeLog.reading(database, h -> h.inTransaction(work::run)) : changeInLane(work);
    }

    /** As {@link #change}, for a single statement. */
    private boolean changeAtOnce(Change work) {
        return shared ? JdbiChangeLog.reading(database, work::run) : changeInLane(work);
    }

    private boolean changeInLane(Change work) {
        try {
            return database.change(LANE, work).toCompletableFuture().join();
        } catch (CompletionException e) {
            throw Unavailable.database(e.getCause() == null ? e : e.getCause());
        }
    }

    /** The seq up to which webhooks have read a room; {@link Long#MAX_VALUE} if there are none. */
    public static long haveRead(Handle h, long roomId) {
        return h.createQuery(HAVE_READ)
                .bind("all", Long.MAX_VALUE)
                .bind("room", roomId)
                .mapTo(Long.class)
                .one();
    }

    @Override
    public Endpoint endpoint() {
        return JdbiChangeLog.reading(database, JdbiCursors::endpoint);
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
        // the update comes first, because it locks the row, and a transaction on SQLite must begin with a write
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
            h.execute("""
                    INSERT INTO webhook_cursors (room_id, seq, planned)
                    SELECT id, head, head FROM rooms WHERE head > 0""");
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
        boolean taken = changeAtOnce(h -> h.createUpdate("""
                        UPDATE webhook_endpoint SET epoch = epoch + 1, owner = :owner, beat = 0
                        WHERE epoch = :epoch AND beat = :beat AND owner = :before""")
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
        return roomIds.isEmpty()
                ? List.of()
                : cursors(" WHERE r.id IN (<ids>)", query -> query.bindList("ids", List.copyOf(roomIds)));
    }

    private List<Cursor> cursors(String which, UnaryOperator<Query> binds) {
        return JdbiChangeLog.reading(database, h -> {
            try {
                return cursors(h, CURSOR + which, binds);
            } catch (JdbiException e) {
                if (!UnreadableData.is(e)) {
                    throw e;
                }
                return cursors(h, CURSOR_ALONE + which, binds); // damage of one room must not delay others
            }
        });
    }

    private static List<Cursor> cursors(Handle h, String sql, UnaryOperator<Query> binds) {
        return binds.apply(h.createQuery(sql)).map((rs, ctx) -> cursor(rs)).list();
    }

    private static Cursor cursor(ResultSet rs) throws SQLException {
        return new Cursor(rs.getLong(1), rs.getString(2), rs.getLong(3), rs.getLong(4), rs.getLong(5), rs.getLong(6));
    }

    @Override
    public Slice scan(long afterRoomId, int count) {
        List<Cursor> all = cursors(
                " WHERE r.id > :after ORDER BY r.id LIMIT :count",
                query -> query.bind("after", afterRoomId).bind("count", count));
        List<Cursor> waiting =
                all.stream().filter(cursor -> cursor.head() > cursor.seq()).toList();
        return new Slice(
                waiting, all.size() < count ? 0 : all.get(all.size() - 1).roomId());
    }

    @Override
    public boolean save(long epoch, List<Cursor> cursors) {
        return shared
                ? JdbiChangeLog.reading(database, h -> saveMany(h, epoch, cursors))
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
        PreparedBatch batch = h.prepareBatch("""
                INSERT INTO webhook_cursors (room_id, seq, planned)
                VALUES (:room, :seq, :planned)
                ON CONFLICT (room_id) DO UPDATE SET seq = excluded.seq, planned = excluded.planned""");
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
            ids.addAll(h.createQuery("""
                    DELETE FROM webhook_news WHERE room_id IN
                    (SELECT room_id FROM webhook_news ORDER BY room_id LIMIT :count) RETURNING room_id""").bind("count", count).mapTo(Long.class).list());
            return true;
        });
        return ids;
    }

    @Override
    public Map<Long, Page> next(Map<Long, Long> after, long maxBytesEach) {
        return JdbiChangeLog.reading(database, h -> {
            Map<Long, Page> pages = new HashMap<>();
            Map<Long, Long> none = new HashMap<>(after);
            rows(h, after, maxBytesEach).forEach((room, rows) -> {
                if (!rows.changes().isEmpty() || rows.damage() != null) {
                    pages.put(room, JdbiChangeLog.page(rows));
                    none.remove(room);
                }
            });
            if (!none.isEmpty()) {
                JdbiChangeLog.gaps(h, none, Long.MAX_VALUE).forEach((room, page) -> {
                    if (page.isBroken() || page.damage() != null) {
                        pages.put(room, page);
                    }
                });
            }
            return pages;
        });
    }

    private Map<Long, CheckedRows> rows(Handle h, Map<Long, Long> after, long maxBytes) {
        if (shared) {
            try {
                return rowsOfMany(h, after, maxBytes);
            } catch (JdbiException e) {
                if (!UnreadableData.is(e)) {
                    throw e;
                }
            }
        }
        Map<Long, CheckedRows> found = new HashMap<>();
        after.forEach((room, seq) -> found.put(room, JdbiChangeLog.rows(h, room, seq, Long.MAX_VALUE, maxBytes)));
        return found;
    }

    private static Map<Long, CheckedRows> rowsOfMany(Handle h, Map<Long, Long> after, long maxBytes) {
        Map<Long, CheckedRows> found = new HashMap<>();
        Long[] rooms = after.keySet().toArray(Long[]::new);
        Long[] seqs = new Long[rooms.length];
        for (int i = 0; i < rooms.length; i++) {
            seqs[i] = after.get(rooms[i]);
            found.put(rooms[i], new CheckedRows(rooms[i], seqs[i]));
        }
        try (PreparedStatement statement = h.getConnection().prepareStatement(NEXT_OF_MANY)) {
            statement.setArray(1, h.getConnection().createArrayOf("bigint", rooms));
            statement.setArray(2, h.getConnection().createArrayOf("bigint", seqs));
            statement.setLong(3, maxBytes);
            try (ResultSet rs = statement.executeQuery()) {
                while (rs.next()) {
                    CheckedRows rows = found.get(rs.getLong(1));
                    if (rows != null) {
                        rows.row(rs, 2);
                    }
                }
            }
        } catch (SQLException e) {
            throw new UnableToExecuteStatementException(e, null);
        }
        return found;
    }
}
