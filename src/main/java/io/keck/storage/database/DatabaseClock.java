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
 * The clock of a database that several nodes share. One node compares times that another one wrote with the current
 * time: the end of a lease, the beginning of a hold, the age of a row. Clocks of machines may be hours apart, so all
 * nodes use the database's clock: they query it regularly and advance it with a steady clock in between. Nodes agree up
 * to half the round trip of a query.
 *
 * <p>While the database does not answer, the node keeps advancing its last reading; a standby that takes over is
 * queried like its predecessor. Thread-safe.
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

    /** A reading: the database's microseconds since 1970, the steady clock at that time, and the round trip. */
    private record Reading(long micros, long atNanos, long took) {}

    /**
     * Creates a clock and queries the time at once.
     *
     * @param nanos as {@link System#nanoTime}
     * @throws JdbiException if the database does not answer
     */
    public DatabaseClock(Jdbi jdbi, LongSupplier nanos) {
        this.jdbi = jdbi;
        this.nanos = nanos;
        this.reading = ask();
    }

    /** Returns the most precise of a few readings: the one with the shortest round trip. */
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

    /** Queries the time again. */
    void look() {
        try {
            reading = ask();
        } catch (JdbiException e) {
            LOG.debug("The time of the database cannot be read now; advancing the last reading", e);
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
