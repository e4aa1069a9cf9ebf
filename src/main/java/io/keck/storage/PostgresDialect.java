package io.keck.storage;

import io.keck.room.UpdateLog.Appended;
import io.keck.room.UpdateLog.Head;
import java.sql.Array;
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

/**
 * PostgreSQL: a whole group is one statement, so one way to the server and back, commit included. Parameters are arrays,
 * so the text is the same for groups of every size.
 */
final class PostgresDialect implements Dialect {
    /**
     * The locks come first, in the order of ids, whichever node asks; FOR NO KEY UPDATE leaves those alone who only refer
     * to the room. Who waited for a lock sees the head that the other one left: the locked rows are read afresh.
     */
    private static final String APPEND = """
            WITH batch AS (
              SELECT * FROM unnest(?::bigint[], ?::bytea[], ?::bigint[], ?::bytea[]) AS b (room_id, batch_id, link, payload)
            ), locked AS (
              SELECT id, head, head_link FROM rooms
              WHERE id = ANY (?::bigint[]) AND deleted_at IS NULL
              ORDER BY id FOR NO KEY UPDATE
            ), raised AS (
              UPDATE rooms r SET head = l.head + 1, head_link = b.link
              FROM locked l JOIN batch b ON b.room_id = l.id
              WHERE r.id = l.id
            ), added AS (
              INSERT INTO room_log (room_id, seq, batch_id, link, payload, node, origin, created_at)
              SELECT l.id, l.head + 1, b.batch_id, b.link, b.payload, ?, 'ws', ?
              FROM locked l JOIN batch b ON b.room_id = l.id
            )
            SELECT l.id, l.head + 1, b.link, l.head_link FROM locked l JOIN batch b ON b.room_id = l.id""";

    private static final String HEADS =
            "SELECT id, head, head_link, deleted_at IS NOT NULL FROM rooms WHERE id = ANY (?::bigint[])";

    @Override
    public Map<Long, Appended> append(Handle h, List<Write.Append> appends, String node, long now) {
        Long[] rooms = new Long[appends.size()];
        byte[][] batches = new byte[rooms.length][];
        Long[] links = new Long[rooms.length];
        byte[][] payloads = new byte[rooms.length][];
        for (int i = 0; i < rooms.length; i++) {
            Write.Append a = appends.get(i);
            rooms[i] = a.roomId();
            batches[i] = BatchIds.toBytes(a.batchId());
            links[i] = a.link();
            payloads[i] = a.payload();
        }
        Map<Long, Appended> done = new HashMap<>();
        Connection connection = h.getConnection();
        try (PreparedStatement statement = connection.prepareStatement(APPEND)) {
            Array ids = connection.createArrayOf("bigint", rooms);
            statement.setArray(1, ids);
            statement.setArray(2, connection.createArrayOf("bytea", batches));
            statement.setArray(3, connection.createArrayOf("bigint", links));
            statement.setArray(4, connection.createArrayOf("bytea", payloads));
            statement.setArray(5, ids);
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
