package io.keck.storage.rows;

import io.keck.failure.Refused;
import io.keck.room.RequestKey;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The keys of requests carried out under a name, in {@code name_keys}: edits, calls on the whole document, and calls on
 * its blobs. A key outlives the life of the name in which it was used.
 *
 * <p>The primary key of the table decides which of several requests is carried out. A transaction claims its key after
 * taking all its other locks, so it never waits for a lock while others wait for its key. Stateless.
 */
public final class NameKeys {
    /** The request edited or began no life. */
    public static final long NO_ROOM = 0;

    private static final String INSERT = """
            INSERT INTO name_keys (name, idempotency_key, request, room_id, created_at)
            VALUES (:name, :key, :request, :room, :now) ON CONFLICT DO NOTHING""";

    private static final String FIND =
            "SELECT request, room_id FROM name_keys WHERE name = :name AND idempotency_key = :key";

    private NameKeys() {}

    /**
     * Claims a key in this transaction.
     *
     * @param key null for none, which always succeeds
     * @param roomId the life that the request began, or {@link #NO_ROOM}
     * @param now milliseconds since 1970
     * @throws Refused if the key was used before; the transaction must be rolled back
     */
    public static void claim(Handle h, String name, @Nullable RequestKey key, long roomId, long now) {
        if (key == null) {
            return;
        }
        int claimed = h.createUpdate(INSERT)
                .bind("name", name)
                .bind("key", key.key())
                .bind("request", key.fingerprint())
                .bind("room", roomId == NO_ROOM ? null : roomId)
                .bind("now", now)
                .execute();
        if (claimed == 0) {
            throw find(h, name, key)
                    .orElseThrow(() -> new IllegalStateException("a key of " + name + " expired while it was claimed"));
        }
    }

    /** The earlier use of a key; empty if it was not used. */
    public static Optional<Refused> find(Handle h, String name, RequestKey key) {
        return h.createQuery(FIND)
                .bind("name", name)
                .bind("key", key.key())
                .map((rs, context) -> new Refused(rs.getLong(2), key.contradicts(rs.getString(1))))
                .findOne();
    }
}
