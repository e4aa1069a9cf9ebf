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
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.jspecify.annotations.Nullable;

/**
 * Appends to the room log in SQLite by three statements per room that stay prepared as long as the writer keeps its connection:
 * preparing them, and the layers of Jdbi and of the pool, cost several times as much as running them. Thread-safe.
 */
final class SqliteAppends {
    private static final String HEAD = "SELECT head, head_link, deleted_at IS NOT NULL FROM rooms WHERE id = ?";
    private static final String RAISE = "UPDATE rooms SET head = ?, head_link = ? WHERE id = ?";
    private static final String ROW = """
            INSERT INTO room_log
            (room_id, seq, batch_id, link, before_link, payload, checksum, node, origin, author, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""";

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

    private static @Nullable Appended append(
            Prepared statements, Handle h, LogWrite.Append append, AuthorIds authors, String node, long now)
            throws SQLException {
        long room = append.roomId();
        long head;
        long link;
        statements.head.setLong(1, room);
        try (ResultSet rs = statements.head.executeQuery()) {
            if (!rs.next() || rs.getBoolean(3)) {
                return null;
            }
            head = rs.getLong(1);
            link = rs.getLong(2);
        }
        long seq = head;
        long before = link;
        for (UpdateLog.Entry entry : append.entries()) {
            seq++;
            insert(statements.row, room, seq, before, entry, authors.id(h, entry.author()), node, now);
            before = entry.link();
        }
        statements.raise.setLong(1, seq);
        statements.raise.setLong(2, before);
        statements.raise.setLong(3, room);
        statements.raise.executeUpdate();
        return new Appended(head + 1, append.first().link(), link);
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
