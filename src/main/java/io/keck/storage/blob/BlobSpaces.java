package io.keck.storage.blob;

import io.keck.failure.RoomGone;
import io.keck.storage.database.RandomIds;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** The lives of documents for the blob store: one row of {@code blob_spaces} each. Thread-safe. */
final class BlobSpaces {
    private static final int ATTEMPTS = 5;

    private final BlobDatabase database;
    private final Clock clock;
    private final Duration deletedNameHold;

    BlobSpaces(BlobDatabase database, Clock clock, Duration deletedNameHold) {
        this.database = database;
        this.clock = clock;
        this.deletedNameHold = deletedNameHold;
    }

    /**
     * Ends the life of a document: from the commit on its blobs are invisible. Must be called in the transaction that
     * deletes the document.
     *
     * @param now milliseconds since 1970
     */
    static void end(Handle h, String name, long now) {
        h.createUpdate("UPDATE blob_spaces SET deleted_at = :now WHERE name = :name AND deleted_at IS NULL")
                .bind("now", now)
                .bind("name", name)
                .execute();
    }

    /**
     * Returns the current space of a document; creates one if there is none.
     *
     * @throws RoomGone if the document was deleted recently and its name is still held
     */
    long open(String name) {
        for (int i = 0; i < ATTEMPTS; i++) { // the space may be deleted between the two statements
            Optional<Long> found = database.read(h -> find(h, name));
            if (found.isPresent()) {
                return found.get();
            }
            database.prepare(name.hashCode(), h -> create(h, name));
        }
        throw new RoomGone(name);
    }

    private Optional<Long> find(Handle h, String name) {
        return h.createQuery("""
                SELECT s.id,
                EXISTS (SELECT 1 FROM rooms WHERE name = :name AND deleted_at > :since)
                AND NOT EXISTS (SELECT 1 FROM rooms WHERE name = :name AND deleted_at IS NULL)
                FROM (SELECT 1) one LEFT JOIN blob_spaces s ON s.name = :name AND s.deleted_at IS NULL""")
                .bind("name", name)
                .bind("since", clock.millis() - deletedNameHold.toMillis())
                .map((rs, ctx) -> {
                    if (rs.getBoolean(2)) {
                        throw new RoomGone(name);
                    }
                    long id = rs.getLong(1);
                    return rs.wasNull() ? Optional.<Long>empty() : Optional.of(id);
                })
                .one();
    }

    private boolean create(Handle h, String name) {
        return h.createUpdate("""
                INSERT INTO blob_spaces (id, name, created_at) VALUES (:id, :name, :now)
                ON CONFLICT (name) WHERE deleted_at IS NULL DO NOTHING""")
                        .bind("id", RandomIds.next())
                        .bind("name", name)
                        .bind("now", clock.millis())
                        .execute()
                == 1;
    }
}
