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
 * A standby of the database, for long reads that need no room: histories and exports. It answers only if it has replayed the
 * room's head that the primary has just named, with the same link, so an answer is never older than the question. If it has not,
 * or does not answer, the caller asks the primary. After a failed connection it is not used for a few seconds. Reads block the
 * calling thread. Thread-safe.
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
     * @param seq the seq of the newest row
     * @param link the link of that row
     */
    public record Position(long seq, long link) {}

    private final Jdbi jdbi;
    private final LongSupplier nanos;
    private final Runnable onConnectionLost;
    private final LogMetrics metrics;
    private final AtomicLong restsUntil = new AtomicLong();

    /**
     * Creates the reader of a replica.
     *
     * @param jdbi a pool for the replica, with bounds on the time to connect and to wait for an answer
     * @param nanos a steady clock, as {@link System#nanoTime}
     * @param onConnectionLost called when a connection broke, because other connections of the pool are probably broken as well
     */
    public Replica(Jdbi jdbi, LongSupplier nanos, Runnable onConnectionLost, LogMetrics metrics) {
        this.jdbi = jdbi;
        this.nanos = nanos;
        this.onConnectionLost = onConnectionLost;
        this.metrics = metrics;
        restsUntil.set(nanos.getAsLong());
    }

    /** Reads the head of a room in the database of a handle; empty if there is no such room. */
    public static Optional<Position> position(Handle primary, long roomId) {
        return primary.createQuery("SELECT head, head_link FROM rooms WHERE id = :room")
                .bind("room", roomId)
                .map((rs, ctx) -> new Position(rs.getLong(1), rs.getLong(2)))
                .findOne();
    }

    /**
     * Reads from the replica in one consistent transaction.
     *
     * @param position the head that the primary has named after the request arrived
     * @return empty if the replica is behind, does not answer or has failed
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
