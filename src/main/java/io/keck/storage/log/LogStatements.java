package io.keck.storage.log;

import io.keck.room.UpdateLog.Appended;
import io.keck.room.UpdateLog.Head;
import io.keck.storage.database.Dialect;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/** The statements that differ between the two databases. Thread-safe. */
interface LogStatements {
    /**
     * Carries out appends, at most one per room: locks the rooms in the order of their ids, raises their heads and
     * inserts the rows. Missing and deleted rooms are left out of the result.
     *
     * @param authors the numbers of authors
     * @param now milliseconds since 1970
     * @return the position of the first row of each room
     */
    Map<Long, Appended> append(Handle h, List<LogWrite.Append> appends, AuthorIds authors, String node, long now);

    /**
     * Locks rooms until the transaction ends, in the order of their ids, so that the result of a query before an append
     * stays valid.
     */
    void lock(Handle h, Collection<Long> roomIds);

    /** Returns the heads of rooms. */
    Map<Long, Head> heads(Handle h, Collection<Long> roomIds);

    /**
     * Whether an append is one statement that runs alone in its transaction: no lock is held while the database waits
     * for this node, so a stalled node does not delay others.
     */
    boolean appendsInOneStatement();

    /** The dialect of a database. */
    static LogStatements of(Dialect dialect) {
        return dialect.isShared() ? new PostgresStatements() : new SqliteStatements();
    }
}
