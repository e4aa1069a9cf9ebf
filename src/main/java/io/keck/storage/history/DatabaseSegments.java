package io.keck.storage.history;

import io.keck.storage.database.Database;
import java.util.Collection;
import java.util.List;
import java.util.function.LongPredicate;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Stores objects in the table {@code history_objects}. Thread-safe. */
final class DatabaseSegments implements SegmentStore {
    static final String NAME = "database";

    private static final int SWEEP = 1_000;

    private static final String ORPHANS = """
            SELECT o.id FROM history_objects o WHERE o.created_at < :before
              AND NOT EXISTS (SELECT 1 FROM history_segments s WHERE s.room_id = o.room_id AND s.object = o.id)
              AND NOT EXISTS (SELECT 1 FROM history_checkpoints c WHERE c.room_id = o.room_id AND c.object = o.id)
            ORDER BY o.created_at LIMIT :n""";

    private final Database database;

    DatabaseSegments(Database database) {
        this.database = database;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void put(long roomId, long object, byte[] content) {
        database.change(
                        roomId,
                        h -> h.createUpdate("INSERT INTO history_objects (id, room_id, content, created_at)"
                                                + " VALUES (:id, :room, :content, :now)")
                                        .bind("id", object)
                                        .bind("room", roomId)
                                        .bind("content", content)
                                        .bind("now", database.clock().millis())
                                        .execute()
                                == 1)
                .toCompletableFuture()
                .join();
    }

    @Override
    public byte @Nullable [] get(Handle h, long roomId, long object) {
        return read(h, roomId, object);
    }

    /** Reads an object through any connection; returns null if there is none. */
    static byte @Nullable [] read(Handle h, long roomId, long object) {
        return h.createQuery("SELECT content FROM history_objects WHERE id = :id AND room_id = :room")
                .bind("id", object)
                .bind("room", roomId)
                .mapTo(byte[].class)
                .findOne()
                .orElse(null);
    }

    @Override
    public void delete(long roomId, Collection<Long> objects) {
        if (!objects.isEmpty()) {
            database.change(
                            roomId,
                            h -> h.createUpdate("DELETE FROM history_objects WHERE id IN (<ids>)")
                                            .bindList("ids", List.copyOf(objects))
                                            .execute()
                                    >= 0)
                    .toCompletableFuture()
                    .join();
        }
    }

    @Override
    public int sweep(long before, LongPredicate isReferred) {
        List<Long> orphans = database.jdbi()
                .withHandle(h -> h.createQuery(ORPHANS)
                        .bind("before", before)
                        .bind("n", SWEEP)
                        .mapTo(Long.class)
                        .list());
        delete(0, orphans.stream().filter(id -> !isReferred.test(id)).toList());
        return orphans.size();
    }
}
