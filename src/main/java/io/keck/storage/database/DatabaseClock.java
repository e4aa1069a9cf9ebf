package io.keck.storage.database;

import io.dropwizard.lifecycle.Managed;
import io.keck.thread.Loop;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time of a database that several nodes share. What one node writes another one compares with its own time: when a
 * lease ends, since when a name is held, what is older than the retention. Clocks of machines may be hours apart; so all
 * nodes go by that of the database, which is asked regularly, and count on from there with a steady clock.
 * They agree up to half of what a question takes.
 *
 * <p>While the database does not answer, the node counts on; a standby that takes over is asked like the one before it.
 * Thread-safe.
 */
public final class DatabaseClock extends Clock implements Managed {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseClock.class);
    private static final long EVERY_MILLIS = 10_000;
    private static final int QUESTIONS = 3;
    private static final long FAR_MILLIS = 5_000;

    private final Jdbi jdbi;
    private final LongSupplier nanos;
    private final Loop loop = Loop.every("database-clock", EVERY_MILLIS, this::look);
    private volatile Reading reading;

    /** The database's microseconds since 1970 were that, when the steady clock was there; the answer took so long. */
    private record Reading(long micros, long atNanos, long took) {}

    /**
     * Asks for the time at once.
     *
     * @param nanos as {@link System#nanoTime}
     * @throws JdbiException if the database does not answer
     */
    public DatabaseClock(Jdbi jdbi, LongSupplier nanos) {
        this.jdbi = jdbi;
        this.nanos = nanos;
        this.reading = ask();
    }

    /** The best of a few answers: the one that took the shortest is known best. */
    private Reading ask() {
        return jdbi.withHandle(h -> {
            Reading best = ask(h);
            for (int i = 1; i < QUESTIONS; i++) {
                Reading next = ask(h);
                best = next.took() < best.took() ? next : best;
            }
            return best;
        });
    }

    private Reading ask(Handle h) {
        long before = nanos.getAsLong();
        long micros = h.createQuery("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
                .mapTo(Long.class)
                .one();
        long took = nanos.getAsLong() - before;
        return new Reading(micros, before + took / 2, took);
    }

    /** Asks again. */
    void look() {
        try {
            reading = ask();
        } catch (JdbiException e) {
            LOG.debug("The database does not tell the time now; it is counted on", e);
        }
    }

    @Override
    public void start() {
        long away = System.currentTimeMillis() - millis();
        if (Math.abs(away) > FAR_MILLIS) {
            LOG.warn(
                    "The clock of this machine differs from the database's by {} s. Keck uses the database's clock;"
                            + " the times in this log are this machine's. Is NTP running?",
                    away / 1_000);
        }
        loop.start();
    }

    @Override
    public void stop() {
        loop.stop();
    }

    @Override
    public long millis() {
        Reading last = reading;
        long since = TimeUnit.NANOSECONDS.toMicros(nanos.getAsLong() - last.atNanos());
        return Math.floorDiv(last.micros() + since, 1_000L);
    }

    @Override
    public Instant instant() {
        return Instant.ofEpochMilli(millis());
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException("times here are numbers");
    }
}
