package io.keck.storage.log;

import io.keck.access.Author;
import io.keck.room.UpdateLog;
import io.keck.room.UpdateLog.Appended;
import io.keck.storage.rows.BatchIds;
import io.keck.storage.rows.Checksum;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.jspecify.annotations.Nullable;

/**
 * Appends to the room log in SQLite by three statements per room that stay prepared as long as the writer keeps its connection:
 * preparing them, and the layers of Jdbi and of the pool, cost several times as much as running them. The heads of recent rooms are
 * remembered, which saves the first statement. The second checks them, so a memory that is wrong after a rollback, or after a write
 * of another process, costs a query and nothing else. Thread-safe.
 */
final class SqliteAppends {
    private static final String HEAD = "SELECT head, head_link, deleted_at IS NOT NULL FROM rooms WHERE id = ?";
    private static final String RAISE =
            "UPDATE rooms SET head = ?, head_link = ? WHERE id = ? AND head = ? AND head_link = ? AND deleted_at IS NULL";
    private static final String ROW = """
            INSERT INTO room_log
            (room_id, seq, batch_id, link, before_link, payload, checksum, node, origin, author, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""";

    /** The most rooms whose heads are remembered, at about 100 bytes each. */
    private static final int MAX_HEADS = 10_000;

    /** The seq and the link of the newest row of a room. */
    private record At(long seq, long link) {}

    /** The statements on one connection of the driver. */
    private record Prepared(
            Connection connection, PreparedStatement head, PreparedStatement raise, PreparedStatement row) {
        static Prepared on(Connection connection) throws SQLException {
            return new Prepared(
                    connection,
                    connection.prepareStatement(HEAD),
                    connection.prepareStatement(RAISE),
                    connection.prepareStatement(ROW));
        }

        boolean isUsable(Connection now) throws SQLException {
            return connection == now && !head.isClosed() && !raise.isClosed() && !row.isClosed();
        }

        void close() throws SQLException {
            if (!connection.isClosed()) {
                head.close();
                raise.close();
                row.close();
            }
        }
    }

    private @Nullable Prepared prepared;
    private final Map<Long, At> heads = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, At> eldest) {
            return size() > MAX_HEADS;
        }
    };

    /** See {@link LogStatements#append}. */
    synchronized Map<Long, Appended> append(
            Handle h, List<LogWrite.Append> appends, AuthorIds authors, String node, long now) {
        Map<Long, Appended> done = new HashMap<>(2 * appends.size());
        try {
            Prepared statements = statements(h.getConnection().unwrap(Connection.class));
            for (LogWrite.Append append : appends) {
                Appended at = append(statements, h, append, authors, node, now);
                if (at != null) {
                    done.put(append.roomId(), at);
                }
            }
        } catch (SQLException e) {
            prepared = null; // the connection is given up, and its statements with it
            throw new UnableToExecuteStatementException(e, null);
        }
        return done;
    }

    private Prepared statements(Connection connection) throws SQLException {
        Prepared before = prepared;
        if (before != null && before.isUsable(connection)) {
            return before;
        }
        prepared = null;
        if (before != null) {
            before.close();
        }
        Prepared fresh = Prepared.on(connection);
        prepared = fresh;
        return fresh;
    }

    private @Nullable Appended append(
            Prepared statements, Handle h, LogWrite.Append append, AuthorIds authors, String node, long now)
            throws SQLException {
        long room = append.roomId();
        List<UpdateLog.Entry> entries = append.entries();
        long link = entries.get(entries.size() - 1).link();
        At head = heads.remove(room);
        if (head == null || !raise(statements.raise, room, head, entries.size(), link)) {
            head = head(statements.head, room);
            if (head == null || !raise(statements.raise, room, head, entries.size(), link)) {
                return null;
            }
        }
        long seq = head.seq();
        long before = head.link();
        for (UpdateLog.Entry entry : entries) {
            seq++;
            insert(statements.row, room, seq, before, entry, authors.id(h, entry.author()), node, now);
            before = entry.link();
        }
        heads.put(room, new At(seq, before));
        return new Appended(head.seq() + 1, append.first().link(), head.link());
    }

    /** The head of a room that exists and is not deleted; otherwise null. */
    private static @Nullable At head(PreparedStatement query, long room) throws SQLException {
        query.setLong(1, room);
        try (ResultSet rs = query.executeQuery()) {
            return rs.next() && !rs.getBoolean(3) ? new At(rs.getLong(1), rs.getLong(2)) : null;
        }
    }

    /** Raises the head of a room by that number of rows; false if its head is another one, or the room is gone. */
    private static boolean raise(PreparedStatement update, long room, At from, int rows, long link)
            throws SQLException {
        update.setLong(1, from.seq() + rows);
        update.setLong(2, link);
        update.setLong(3, room);
        update.setLong(4, from.seq());
        update.setLong(5, from.link());
        return update.executeUpdate() == 1;
    }

    private static void insert(
            PreparedStatement row,
            long room,
            long seq,
            long before,
            UpdateLog.Entry entry,
            @Nullable Long authorId,
            String node,
            long now)
            throws SQLException {
        byte[] batch = BatchIds.toBytes(entry.batchId());
        Author author = entry.author();
        row.setLong(1, room);
        row.setLong(2, seq);
        row.setBytes(3, batch);
        row.setLong(4, entry.link());
        row.setLong(5, before);
        row.setBytes(6, entry.payload());
        row.setLong(7, Checksum.ofRow(room, batch, entry.link(), entry.payload()));
        row.setString(8, node);
        row.setString(9, author == null ? null : author.origin().text());
        if (authorId == null) {
            row.setNull(10, Types.BIGINT);
        } else {
            row.setLong(10, authorId);
        }
        row.setLong(11, now);
        row.executeUpdate();
        row.clearParameters(); // the statement would keep the payload until the next one, here and in SQLite
    }
}
