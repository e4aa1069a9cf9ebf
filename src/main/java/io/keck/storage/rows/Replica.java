package io.keck.storage.rows;

import io.keck.metrics.LogMetrics;
import io.keck.storage.database.ConnectionFailure;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A standby of the database, for long reads that need no room: histories and exports. It answers only when it has replayed the head
 * of the room that the primary has named just before, with the same link, so that an answer is never older than the question;
 * otherwise, or when it is away, there is no answer, and the caller asks the primary. After a failed connection it is left alone for
 * a few seconds. Reads wait on the caller's thread. Thread-safe.
 */
public final class Replica {
    private static final Logger LOG = LoggerFactory.getLogger(Replica.class);
    private static final long REST_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final String REPLAYED = """
            SELECT 1 FROM rooms r WHERE r.id = :room AND ((r.head = :seq AND r.head_link = :link)
              OR (r.head > :seq AND EXISTS (
                SELECT 1 FROM room_log l WHERE l.room_id = r.id AND l.seq = :seq AND l.link = :link)))""";

    /**
     * The head of a room in the primary.
     *
     * @param seq of the newest row
     * @param link of that row
     */
    public record Position(long seq, long link) {}

    private final Jdbi jdbi;
    private final LongSupplier nanos;
    private final Runnable onConnectionLost;
    private final LogMetrics metrics;
    private final AtomicLong restsUntil = new AtomicLong();

    /**
     * A replica.
     *
     * @param jdbi over a pool of its own; connecting and waiting for an answer have to end by themselves
     * @param nanos as {@link System#nanoTime}
     * @param onConnectionLost called when a connection broke: the others of the pool will hardly be better
     */
    public Replica(Jdbi jdbi, LongSupplier nanos, Runnable onConnectionLost, LogMetrics metrics) {
        this.jdbi = jdbi;
        this.nanos = nanos;
        this.onConnectionLost = onConnectionLost;
        this.metrics = metrics;
        restsUntil.set(nanos.getAsLong());
    }

    /** The head of a room in the database behind a handle; empty where there is no such room. */
    public static Optional<Position> position(Handle primary, long roomId) {
        return primary.createQuery("SELECT head, head_link FROM rooms WHERE id = :room")
                .bind("room", roomId)
                .map((rs, ctx) -> new Position(rs.getLong(1), rs.getLong(2)))
                .findOne();
    }

    /**
     * Reads from the replica, as it is at one moment.
     *
     * @param position that the primary has named after the question came
     * @return empty where the replica is behind, is away or has failed
     */
    public <T> Optional<T> read(long roomId, Position position, Function<Handle, T> query) {
        if (nanos.getAsLong() - restsUntil.get() < 0) {
            metrics.replicaFailed();
            return Optional.empty();
        }
        try {
            Optional<T> answer = jdbi.inTransaction(
                    TransactionIsolationLevel.REPEATABLE_READ,
                    h -> hasReplayed(h, roomId, position) ? Optional.of(query.apply(h)) : Optional.empty());
            if (answer.isPresent()) {
                metrics.replicaAnswered();
            } else {
                metrics.replicaBehind();
            }
            return answer;
        } catch (RuntimeException e) {
            metrics.replicaFailed();
            if (ConnectionFailure.is(e)) {
                restsUntil.set(nanos.getAsLong() + REST_NANOS);
                onConnectionLost.run();
            }
            LOG.debug("The replica of the database failed; the primary is asked instead", e);
            return Optional.empty();
        }
    }

    private static boolean hasReplayed(Handle h, long roomId, Position position) {
        return h.createQuery(REPLAYED)
                .bind("room", roomId)
                .bind("seq", position.seq())
                .bind("link", position.link())
                .mapTo(Integer.class)
                .findOne()
                .isPresent();
    }
}
