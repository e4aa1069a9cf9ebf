package io.keck.storage.rows;

import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.room.UpdateLog.Contents;
import io.keck.storage.database.DirectConnections;
import java.sql.SQLException;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * Reads the rooms of the configured database for a command that changes nothing; a server may be running on it. A
 * database that does not exist, or has no tables of Keck, has no rooms. Used by one thread.
 */
public final class StoredRooms implements AutoCloseable {
    private final DirectConnections connections;
    private boolean isOpen;
    private @Nullable Handle handle;

    /** Connects when the first room is requested. */
    public StoredRooms(DirectConnections connections) {
        this.connections = connections;
    }

    private @Nullable Handle open() {
        if (!isOpen && connections.isThere()) {
            Handle h = connections.jdbi(true).open();
            handle = h;
            if (!DirectConnections.hasChecksums(connections.applied(h))) {
                close();
            }
        }
        isOpen = true;
        return handle;
    }

    private static IllegalStateException unreadable(JdbiException e) {
        Throwable cause = e.getCause() instanceof SQLException sql ? sql : e;
        String first = String.valueOf(cause.getMessage()).lines().findFirst().orElse("no reason was given");
        return new IllegalStateException("The database cannot be read: " + first, e);
    }

    /** The number of live rooms. */
    public static long count(Handle h) {
        return h.createQuery("SELECT count(*) FROM rooms WHERE deleted_at IS NULL")
                .mapTo(Long.class)
                .one();
    }

    /**
     * Reads the current room with a name; empty if there is none.
     *
     * @throws IllegalStateException if the database cannot be read; the message is a sentence
     */
    public Optional<Contents> find(String name) {
        try {
            Handle h = open();
            return h == null
                    ? Optional.empty()
                    : h.createQuery("SELECT id FROM rooms WHERE name = :name AND deleted_at IS NULL")
                            .bind("name", name)
                            .mapTo(Long.class)
                            .findOne()
                            .map(room -> ContentsReader.read(h, room, 0));
        } catch (RoomGone | RoomLost e) {
            return Optional.empty(); // deleted just now
        } catch (JdbiException e) {
            throw unreadable(e);
        }
    }

    @Override
    public void close() {
        Handle h = handle;
        handle = null;
        if (h != null) {
            h.close();
        }
    }
}
