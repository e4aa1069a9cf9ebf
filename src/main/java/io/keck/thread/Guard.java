package io.keck.thread;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs recurring work so that nothing that it throws ends whoever runs it. The first failure is logged with its stack trace,
 * further ones at most once a minute with their number. Counts failures by name, over all guards of the process. For one
 * thread; counts may be read by any.
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

    /** @param name of the work, in logs and metrics; from a fixed set, never what a peer chose */
    public Guard(String name) {
        this.name = name;
        this.failures = FAILURES.computeIfAbsent(name, n -> new LongAdder());
    }

    /** Runs the work once. */
    public void run(Runnable work) {
        try {
            work.run();
            inARow = 0;
        } catch (Throwable t) {
            failed(t);
        }
    }

    /** The work threw this. Never throws anything itself. */
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

    /** Failures since it last went well. */
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
            LOG.error("Recurring work failed: {}; it runs again ({} more since the last line)", name, unlogged, error);
        }
        isFirst = false;
        loggedAt = now;
        unlogged = 0;
    }

    /** Failures of all work that ever ran in this process, by name. */
    public static Map<String, LongAdder> failures() {
        return FAILURES;
    }
}
