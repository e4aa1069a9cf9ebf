package io.keck.storage.log;

import io.keck.access.Author;
import io.keck.room.UpdateLog;
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
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * The statements for PostgreSQL. A whole group is one statement, so it takes one round trip including the commit.
 * Parameters are arrays, so the text is the same for groups of every size.
 */
final class PostgresStatements implements LogStatements {
    /**
     * The locks come first, in the order of ids on every node; FOR NO KEY UPDATE does not block transactions that only
     * refer to the room. A transaction that waited for a lock sees the head that the other one wrote, because the
     * locked rows are read again.
     */
    private static final String APPEND = """
            WITH locked AS (
              SELECT r.id, r.head + 1 AS seq, r.head_link AS before, b.batch_id, b.link, b.payload, b.checksum,
                b.origin, b.author
              FROM unnest(?::bigint[], ?::bytea[], ?::bigint[], ?::bytea[], ?::bigint[], ?::text[], ?::bigint[])
                AS b (room_id, batch_id, link, payload, checksum, origin, author)
              JOIN rooms r ON r.id = b.room_id
              WHERE r.deleted_at IS NULL
              ORDER BY r.id FOR NO KEY UPDATE OF r
            ), raised AS (
              UPDATE rooms r SET head = l.seq, head_link = l.link FROM locked l WHERE r.id = l.id
            ), added AS (
              INSERT INTO room_log
                (room_id, seq, batch_id, link, before_link, payload, checksum, origin, author, node, created_at)
              SELECT id, seq, batch_id, link, before, payload, checksum, origin, author, ?, ? FROM locked
            )
            SELECT id, seq, link, before FROM locked""";

    /** The variant for rooms that get several rows, separate because the usual statement need not count rows. */
    private static final String APPEND_SEVERAL = """
            WITH given AS (
              SELECT b.* FROM unnest
                (?::bigint[], ?::bytea[], ?::bigint[], ?::bytea[], ?::bigint[], ?::text[], ?::bigint[]) WITH ORDINALITY
                AS b (room_id, batch_id, link, payload, checksum, origin, author, place)
            ), locked AS (
              SELECT r.id, r.head, r.head_link FROM rooms r
              WHERE r.deleted_at IS NULL AND r.id IN (SELECT room_id FROM given)
              ORDER BY r.id FOR NO KEY UPDATE OF r
            ), rows AS (
              SELECT l.id, l.head + row_number() OVER of_room AS seq,
                COALESCE(lag(g.link) OVER of_room, l.head_link) AS before, lead(g.link) OVER of_room AS next,
                g.batch_id, g.link, g.payload, g.checksum, g.origin, g.author
              FROM given g JOIN locked l ON l.id = g.room_id
              WINDOW of_room AS (PARTITION BY l.id ORDER BY g.place)
            ), raised AS (
              UPDATE rooms r SET head = n.seq, head_link = n.link FROM rows n WHERE r.id = n.id AND n.next IS NULL
            ), added AS (
              INSERT INTO room_log
                (room_id, seq, batch_id, link, before_link, payload, checksum, origin, author, node, created_at)
              SELECT id, seq, batch_id, link, before, payload, checksum, origin, author, ?, ? FROM rows
            )
            SELECT id, seq, link, before FROM rows ORDER BY seq""";

    /** The SQLSTATE of a serialization failure. */
    private static final String SERIALIZATION = "40001";

    private static final String LOCK =
            "SELECT id FROM rooms WHERE id = ANY (?::bigint[]) ORDER BY id FOR NO KEY UPDATE";

    private static final String HEADS =
            "SELECT id, head, head_link, deleted_at IS NOT NULL FROM rooms WHERE id = ANY (?::bigint[])";

    /**
     * Behind a pooler, a statement outside a transaction runs at the isolation level of the role. A level above READ
     * COMMITTED refuses to raise a head that another node has raised meanwhile; then nothing is done, and the statement
     * is repeated in a transaction.
     */
    @Override
    public Map<Long, Appended> append(
            Handle h, List<LogWrite.Append> appends, AuthorIds authors, String node, long now) {
        try {
            return appendOnce(h, appends, authors, node, now);
        } catch (UnableToExecuteStatementException e) {
            boolean isRefused = e.getCause() instanceof SQLException sql && SERIALIZATION.equals(sql.getSQLState());
            if (!isRefused || h.isInTransaction()) {
                throw e;
            }
            return h.inTransaction(transaction -> {
                transaction.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
                return appendOnce(transaction, appends, authors, node, now);
            });
        }
    }

    static Map<Long, Appended> appendOnce(
            Handle h, List<LogWrite.Append> appends, AuthorIds authors, String node, long now) {
        Columns columns = new Columns(h, appends, authors);
        Map<Long, Appended> done = new HashMap<>();
        try (PreparedStatement statement =
                direct(h).prepareStatement(columns.rows() == appends.size() ? APPEND : APPEND_SEVERAL)) {
            int last = columns.bind(statement);
            statement.setString(last + 1, node);
            statement.setLong(last + 2, now);
            try (ResultSet rs = statement.executeQuery()) {
                while (rs.next()) {
                    done.putIfAbsent(rs.getLong(1), new Appended(rs.getLong(2), rs.getLong(3), rs.getLong(4)));
                }
            }
        } catch (SQLException e) {
            throw new UnableToExecuteStatementException(e, null);
        }
        return done;
    }

    /** The rows to append, as arrays of their columns. */
    private static final class Columns {
        private final Long[] rooms;
        private final byte[][] batches;
        private final Long[] links;
        private final byte[][] payloads;
        private final Long[] checksums;
        private final @Nullable String[] origins;
        private final @Nullable Long[] authors;

        Columns(Handle h, List<LogWrite.Append> appends, AuthorIds ids) {
            int count = 0;
            for (LogWrite.Append a : appends) {
                count += a.entries().size();
            }
            rooms = new Long[count];
            batches = new byte[count][];
            links = new Long[count];
            payloads = new byte[count][];
            checksums = new Long[count];
            origins = new @Nullable String[count];
            authors = new @Nullable Long[count];
            int i = 0;
            for (LogWrite.Append a : appends) {
                for (UpdateLog.Entry entry : a.entries()) {
                    Author author = entry.author();
                    rooms[i] = a.roomId();
                    batches[i] = BatchIds.toBytes(entry.batchId());
                    links[i] = entry.link();
                    payloads[i] = entry.payload();
                    checksums[i] = Checksum.ofRow(a.roomId(), batches[i], entry.link(), entry.payload());
                    origins[i] = author == null ? null : author.origin().text();
                    authors[i] = ids.id(h, author);
                    i++;
                }
            }
        }

        int rows() {
            return rooms.length;
        }

        /** Binds the columns from the first parameter on; returns the index of the last. */
        int bind(PreparedStatement statement) throws SQLException {
            Connection connection = statement.getConnection();
            int last = 0;
            statement.setArray(++last, connection.createArrayOf("bigint", rooms));
            statement.setArray(++last, connection.createArrayOf("bytea", batches));
            statement.setArray(++last, connection.createArrayOf("bigint", links));
            statement.setArray(++last, connection.createArrayOf("bytea", payloads));
            statement.setArray(++last, connection.createArrayOf("bigint", checksums));
            statement.setArray(++last, connection.createArrayOf("text", origins));
            statement.setArray(++last, connection.createArrayOf("bigint", authors));
            return last;
        }
    }

    /** Returns the unwrapped connection, because the pool's wrapper uses reflection in every call. */
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
