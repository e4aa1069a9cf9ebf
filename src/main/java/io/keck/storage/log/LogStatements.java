package io.keck.storage.log;

import io.keck.room.UpdateLog.Appended;
import io.keck.room.UpdateLog.Head;
import io.keck.storage.database.Dialect;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/** The few statements that are not the same in both databases. Thread-safe. */
interface LogStatements {
    /**
     * Carries out appends, at most one a room: locks the rooms in the order of their ids, raises their heads and inserts the
     * rows. A room that is not there, or was deleted, is missing in the answer.
     *
     * @param authors of the rows
     * @param now milliseconds since 1970
     * @return where the first row of each room is
     */
    Map<Long, Appended> append(Handle h, List<LogWrite.Append> appends, AuthorIds authors, String node, long now);

    /** Locks rooms until the transaction ends, in the order of their ids, so that a look before an append stays true. */
    void lock(Handle h, Collection<Long> roomIds);

    /** How far rooms are. */
    Map<Long, Head> heads(Handle h, Collection<Long> roomIds);

    /**
     * Whether appends are one statement and best alone in their transaction: no lock is held while the database
     * waits for this node, so a node that stalls in the middle holds up no other.
     */
    boolean appendsInOneStatement();

    /** The dialect of a database. */
    static LogStatements of(Dialect dialect) {
        return dialect.isShared() ? new PostgresStatements() : new SqliteStatements();
    }
}
