package io.keck.storage;

import io.keck.feed.ChangeLog;
import io.keck.feed.FeedUnavailableException;
import io.keck.room.UpdateLog.RoomUnknownException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/** The rows of the room log for those who follow. Reads run beside those of the log, on its threads. Thread-safe. */
final class JdbiChangeLog implements ChangeLog {
    private static final int MAX_ROWS = 500;

    /** The sizes are looked at before anything is fetched, so a room of large rows takes no more heap than it may. */
    private static final String ROWS = """
            SELECT seq, payload FROM (
              SELECT seq, payload, sum(octet_length(payload)) OVER (ORDER BY seq) - octet_length(payload) AS before
              FROM (SELECT seq, payload FROM room_log
                    WHERE room_id = :room AND seq > :after AND seq <= :upTo ORDER BY seq LIMIT :rows) few
            ) sized WHERE before < :bytes ORDER BY seq""";

    /** One moment, without a transaction. */
    private static final String BASE = """
            WITH base AS (
              SELECT seq, state FROM room_snapshots WHERE room_id = :room AND state IS NOT NULL
            )
            SELECT 0 AS kind, seq, state AS bytes FROM base
            UNION ALL
            SELECT 1, seq, payload FROM room_log
            WHERE room_id = :room AND seq > COALESCE((SELECT seq FROM base), 0) AND seq <= :seq
            ORDER BY kind, seq""";

    private final JdbiUpdateLog log;

    JdbiChangeLog(JdbiUpdateLog log) {
        this.log = log;
    }

    /** Reads on a thread of the log. */
    static <T> T reading(JdbiUpdateLog log, Function<Handle, T> query) {
        try {
            return log.reading(() -> log.jdbi().withHandle(query::apply))
                    .toCompletableFuture()
                    .join();
        } catch (CompletionException e) {
            throw new FeedUnavailableException(e.getCause() == null ? e : e.getCause());
        }
    }

    @Override
    public Page read(long roomId, long after, long upTo, long maxBytes) {
        return reading(log, h -> {
            List<Change> changes = h.createQuery(ROWS)
                    .bind("room", roomId)
                    .bind("after", after)
                    .bind("upTo", upTo)
                    .bind("rows", MAX_ROWS)
                    .bind("bytes", maxBytes)
                    .map((rs, ctx) -> new Change(rs.getLong(1), rs.getBytes(2)))
                    .list();
            if (!changes.isEmpty() && changes.get(0).seq() == after + 1) {
                return new Page(changes, changes.get(changes.size() - 1).seq(), false);
            }
            long head = h.createQuery("SELECT head FROM rooms WHERE id = :room")
                    .bind("room", roomId)
                    .mapTo(Long.class)
                    .findOne()
                    .orElseThrow(() -> new RoomUnknownException(roomId));
            boolean isBroken = !changes.isEmpty() || (Math.min(head, upTo) > after && isGone(h, roomId, after));
            return new Page(changes, head, isBroken);
        });
    }

    /** Between the two statements it may have been written: asks once more. */
    private static boolean isGone(Handle h, long roomId, long after) {
        return h.createQuery("SELECT 1 FROM room_log WHERE room_id = :room AND seq = :seq")
                .bind("room", roomId)
                .bind("seq", after + 1)
                .mapTo(Integer.class)
                .findOne()
                .isEmpty();
    }

    @Override
    public Base base(long roomId, long seq) {
        return reading(log, h -> {
            byte[][] state = new byte[1][];
            List<byte[]> rows = new ArrayList<>();
            long[] at = new long[1];
            h.createQuery(BASE)
                    .bind("room", roomId)
                    .bind("seq", seq)
                    .map((rs, ctx) -> {
                        at[0] = rs.getLong(2);
                        if (rs.getInt(1) == 0) {
                            state[0] = rs.getBytes(3);
                        } else {
                            rows.add(rs.getBytes(3));
                        }
                        return at[0];
                    })
                    .list();
            return new Base(at[0], state[0], rows);
        });
    }
}
