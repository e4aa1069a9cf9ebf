package io.keck.storage.log;

import io.keck.room.UpdateLog.Appended;
import io.keck.room.UpdateLog.Head;
import io.keck.storage.rows.BatchIds;
import io.keck.storage.rows.Checksum;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.postgresql.PGConnection;

/**
 * PostgreSQL: a whole group is one statement, so one way to the server and back, commit included. Parameters are arrays,
 * so the text is the same for groups of every size.
 */
public final class PostgresStatements implements LogStatements {
    /**
     * The locks come first, in the order of ids, whichever node asks; FOR NO KEY UPDATE leaves those alone who only refer
     * to the room. Who waited for a lock sees the head that the other one left: the locked rows are read afresh.
     */
    private static final String APPEND = """
            WITH locked AS (
              SELECT r.id, r.head + 1 AS seq, r.head_link AS before, b.batch_id, b.link, b.payload, b.checksum
              FROM unnest(?::bigint[], ?::bytea[], ?::bigint[], ?::bytea[], ?::bigint[])
                AS b (room_id, batch_id, link, payload, checksum)
              JOIN rooms r ON r.id = b.room_id
              WHERE r.deleted_at IS NULL
              ORDER BY r.id FOR NO KEY UPDATE OF r
            ), raised AS (
              UPDATE rooms r SET head = l.seq, head_link = l.link FROM locked l WHERE r.id = l.id
            ), added AS (
              INSERT INTO room_log
                (room_id, seq, batch_id, link, before_link, payload, checksum, node, origin, created_at)
              SELECT id, seq, batch_id, link, before, payload, checksum, ?, 'ws', ? FROM locked
            )
            SELECT id, seq, link, before FROM locked""";

    /** Of SQLSTATE: the transaction could not be made to look as if it were alone. */
    private static final String SERIALIZATION = "40001";

    private static final String LOCK =
            "SELECT id FROM rooms WHERE id = ANY (?::bigint[]) ORDER BY id FOR NO KEY UPDATE";

    private static final String HEADS =
            "SELECT id, head, head_link, deleted_at IS NOT NULL FROM rooms WHERE id = ANY (?::bigint[])";

    /**
     * Behind a pooler, a statement outside of a transaction has the isolation level of the role. One above READ COMMITTED
     * refuses to raise a head that another node has raised meanwhile; nothing is done then, and it is done in a transaction.
     */
    @Override
    public Map<Long, Appended> append(Handle h, List<LogWrite.Append> appends, String node, long now) {
        try {
            return appendOnce(h, appends, node, now);
        } catch (UnableToExecuteStatementException e) {
            boolean isRefused = e.getCause() instanceof SQLException sql && SERIALIZATION.equals(sql.getSQLState());
            if (!isRefused || h.isInTransaction()) {
                throw e;
            }
            return h.inTransaction(transaction -> {
                transaction.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
                return appendOnce(transaction, appends, node, now);
            });
        }
    }

    static Map<Long, Appended> appendOnce(Handle h, List<LogWrite.Append> appends, String node, long now) {
        Long[] rooms = new Long[appends.size()];
        byte[][] batches = new byte[rooms.length][];
        Long[] links = new Long[rooms.length];
        byte[][] payloads = new byte[rooms.length][];
        Long[] checksums = new Long[rooms.length];
        for (int i = 0; i < rooms.length; i++) {
            LogWrite.Append a = appends.get(i);
            rooms[i] = a.roomId();
            batches[i] = BatchIds.toBytes(a.batchId());
            links[i] = a.link();
            payloads[i] = a.payload();
            checksums[i] = Checksum.ofRow(rooms[i], batches[i], a.link(), a.payload());
        }
        Map<Long, Appended> done = new HashMap<>();
        try (PreparedStatement statement = direct(h).prepareStatement(APPEND)) {
            Connection connection = statement.getConnection();
            statement.setArray(1, connection.createArrayOf("bigint", rooms));
            statement.setArray(2, connection.createArrayOf("bytea", batches));
            statement.setArray(3, connection.createArrayOf("bigint", links));
            statement.setArray(4, connection.createArrayOf("bytea", payloads));
            statement.setArray(5, connection.createArrayOf("bigint", checksums));
            statement.setString(6, node);
            statement.setLong(7, now);
            try (ResultSet rs = statement.executeQuery()) {
                while (rs.next()) {
                    done.put(rs.getLong(1), new Appended(rs.getLong(2), rs.getLong(3), rs.getLong(4)));
                }
            }
        } catch (SQLException e) {
            throw new UnableToExecuteStatementException(e, null);
        }
        return done;
    }

    /** The connection itself: what the pool wraps around it works by reflection, in every call. */
    private static Connection direct(Handle h) throws SQLException {
        return (Connection) h.getConnection().unwrap(PGConnection.class);
    }

    @Override
    public void lock(Handle h, Collection<Long> roomIds) {
        try (PreparedStatement statement = h.getConnection().prepareStatement(LOCK)) {
            statement.setArray(1, h.getConnection().createArrayOf("bigint", roomIds.toArray()));
            statement.execute();
        } catch (SQLException e) {
            throw new UnableToExecuteStatementException(e, null);
        }
    }

    @Override
    public Map<Long, Head> heads(Handle h, Collection<Long> roomIds) {
        Map<Long, Head> heads = new HashMap<>();
        Connection connection = h.getConnection();
        try (PreparedStatement statement = connection.prepareStatement(HEADS)) {
            statement.setArray(1, connection.createArrayOf("bigint", roomIds.toArray()));
            try (ResultSet rs = statement.executeQuery()) {
                while (rs.next()) {
                    heads.put(rs.getLong(1), new Head(rs.getLong(2), rs.getLong(3), rs.getBoolean(4)));
                }
            }
        } catch (SQLException e) {
            throw new UnableToExecuteStatementException(e, null);
        }
        return heads;
    }

    @Override
    public boolean appendsInOneStatement() {
        return true;
    }
}
