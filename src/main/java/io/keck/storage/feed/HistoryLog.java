package io.keck.storage.feed;

import io.keck.feed.ChangeLog;
import io.keck.storage.database.Database;
import io.keck.storage.rows.Replica;
import java.util.Optional;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/**
 * The rows of the room log for histories: read from a replica if it has replayed the primary's head, otherwise from the
 * primary. Thread-safe.
 */
public final class HistoryLog implements ChangeLog {
    private final Database primary;
    private final Replica replica;

    public HistoryLog(Database primary, Replica replica) {
        this.primary = primary;
        this.replica = replica;
    }

    private <T> T reading(long roomId, Function<Handle, T> query) {
        Optional<Replica.Position> position = JdbiChangeLog.reading(primary, h -> Replica.position(h, roomId));
        return position.flatMap(at -> replica.read(roomId, at, query))
                .orElseGet(() -> JdbiChangeLog.reading(primary, query));
    }

    @Override
    public Page read(long roomId, long after, long upTo, long maxBytes) {
        return reading(roomId, h -> JdbiChangeLog.read(h, roomId, after, upTo, maxBytes));
    }

    @Override
    public Base base(long roomId, long seq) {
        return reading(roomId, h -> JdbiChangeLog.base(h, roomId, seq));
    }

    @Override
    public Authors authorship(long roomId) {
        return reading(roomId, h -> RoomAuthors.read(h, roomId));
    }
}
