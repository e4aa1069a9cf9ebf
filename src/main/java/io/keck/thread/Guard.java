package io.keck.thread;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs recurring work and survives every exception that it throws. The first failure is logged with its stack trace,
 * further ones at most once a minute with their number. Failures are counted by name over all guards of the process.
 * Used by one thread; any thread may read the counts.
 */
public final class Guard {
    private static final Logger LOG = LoggerFactory.getLogger(Guard.class);
    private static final long EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final Map<String, LongAdder> FAILURES = new ConcurrentHashMap<>();

    private final String name;
    private final LongAdder failures;
    private int inARow;
    private long loggedAt;
    private int unlogged;
    private boolean isFirst = true;

    /** @param name the name of the work in logs and metrics; from a fixed set, never chosen by a peer */
    public Guard(String name) {
        this.name = name;
        this.failures = FAILURES.computeIfAbsent(name, n -> new LongAdder());
    }

    /** Runs the work once, and logs and counts what it throws. */
    public void run(Runnable work) {
        try {
            work.run();
            inARow = 0;
        } catch (Throwable t) {
            failed(t);
        }
    }

    /** Counts and logs a failure of the work. Never throws. */
    void failed(Throwable error) {
        OutOfMemory.check(error);
        inARow++;
        try {
            failures.increment();
            log(error);
        } catch (Throwable t) {
            OutOfMemory.check(t);
        }
    }

    void wentWell() {
        inARow = 0;
    }

    /** The number of failures since the last success. */
    int failuresInARow() {
        return inARow;
    }

    private void log(Throwable error) {
        long now = System.nanoTime();
        if (!isFirst && now - loggedAt < EVERY_NANOS) {
            unlogged++;
            LOG.debug("Recurring work failed: {}; it runs again", name, error);
            return;
        }
        if (unlogged == 0) {
            LOG.error("Recurring work failed: {}; it runs again", name, error);
        } else {
            LOG.error(
                    "Recurring work failed: {}; it runs again ({} more failures since the last line)",
                    name,
                    unlogged,
                    error);
        }
        isFirst = false;
        loggedAt = now;
        unlogged = 0;
    }

    /** Failures of all recurring work in this process, by name. */
    public static Map<String, LongAdder> failures() {
        return FAILURES;
    }
}
