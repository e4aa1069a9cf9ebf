package io.keck.storage.history;

import io.keck.failure.Failure;
import io.keck.failure.HistoryGone;
import io.keck.failure.RoomDamaged;
import io.keck.failure.Unavailable;
import io.keck.feed.Authorship;
import io.keck.feed.ChangeLog;
import io.keck.history.HistoryReader;
import io.keck.room.UpdateLog.Damage;
import io.keck.storage.database.Database;
import io.keck.storage.feed.JdbiChangeLog;
import io.keck.storage.feed.RoomAuthors;
import io.keck.storage.rows.FoldedAuthors;
import io.keck.storage.rows.Replica;
import io.keck.storage.rows.RoomScan;
import io.keck.storage.rows.RowCheck;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Reads history from a database, from a replica where that has replayed what the primary has. Thread-safe.
 */
public final class JdbiHistory implements HistoryReader {
    private final Database primary;
    private final @Nullable Replica replica;

    /** @param replica asked before the primary, or null */
    public JdbiHistory(Database primary, @Nullable Replica replica) {
        this.primary = primary;
        this.replica = replica;
    }

    /** Reads on a reader thread and waits; a failure of the port passes, anything else is one of the database. */
    static <T> T reading(Database database, Function<Handle, T> query) {
        try {
            return database.reading(() -> database.jdbi().withHandle(query::apply))
                    .toCompletableFuture()
                    .join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof Failure failure) {
                throw failure;
            }
            throw Unavailable.database(e.getCause() == null ? e : e.getCause());
        }
    }

    private <T> T reading(long roomId, Function<Handle, T> query) {
        Replica asked = replica;
        if (asked != null) {
            Optional<T> answer = reading(primary, h -> Replica.position(h, roomId))
                    .flatMap(position -> asked.read(roomId, position, query));
            if (answer.isPresent()) {
                return answer.get();
            }
        }
        return reading(primary, query);
    }

    @Override
    public Range range(long roomId) {
        return reading(roomId, h -> KeptRange.of(h, roomId));
    }

    @Override
    public long seqAt(long roomId, long millis) {
        return reading(roomId, h -> {
            Range range = KeptRange.of(h, roomId);
            if (millis < range.firstAt()) {
                if (range.first() > 0) {
                    throw new HistoryGone(roomId, range.first(), range.head());
                }
                return 0L;
            }
            return RowTimes.seqAt(h, roomId, range, millis);
        });
    }

    @Override
    public Checkpoint base(long roomId, long seq) {
        return reading(roomId, h -> base(h, roomId, seq));
    }

    private static Checkpoint base(Handle h, long roomId, long seq) {
        Range range = KeptRange.of(h, roomId);
        if (seq < range.first()) {
            throw new HistoryGone(roomId, range.first(), range.head());
        }
        return range.first() == 0 ? new Checkpoint(0, 0, null, new Authorship<>()) : snapshot(h, roomId, range);
    }

    /** The snapshot, of a room that was folded before its history was kept. */
    private static Checkpoint snapshot(Handle h, long roomId, Range range) {
        RoomScan.Base base = RoomScan.base(h, roomId, true).orElse(null);
        byte[] state = base == null ? null : base.state();
        if (base == null || state == null) {
            throw new RoomDamaged(roomId, "the snapshot cannot be read");
        }
        Damage damage = RowCheck.snapshot(roomId, base.seq(), base.link(), state, base.checksum());
        if (damage != null) {
            throw new RoomDamaged(roomId, damage.what());
        }
        FoldedAuthors.Folded authors = FoldedAuthors.read(h, roomId);
        return new Checkpoint(
                base.seq(),
                base.seq() == range.first() ? range.firstAt() : 0,
                state,
                RoomAuthors.decode(h, roomId, authors.ranges()));
    }

    @Override
    public ChangeLog.Page rows(long roomId, long after, long upTo, long maxBytes) {
        return reading(roomId, h -> JdbiChangeLog.read(h, roomId, after, upTo, maxBytes));
    }

    @Override
    public List<Session> activity(long roomId, long before, int limit, @Nullable String by) {
        return reading(roomId, h -> {
            KeptRange.of(h, roomId);
            return Activity.read(h, roomId, before, limit, by);
        });
    }
}
