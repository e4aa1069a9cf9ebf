package io.keck.storage.database;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.function.LongSupplier;

/**
 * The shortest time between the beginnings of two transactions of a lane: the configured one, and more while transactions take much
 * of the processor, because most of that is spent per transaction and not per write. So a busy lane has larger groups, and one whose
 * commits cost little keeps the configured spacing. Used by one thread.
 */
final class CommitSpacing {
    /** The spacing as a multiple of the processor time of a commit, so that a lane uses at most about a quarter of a core. */
    private static final int TIMES_COST = 4;
    /** The largest spacing as a multiple of the configured one. */
    private static final int MOST = 4;
    /** Each new measurement counts for one part in this many of the average. */
    private static final int SMOOTHING = 8;

    private final long leastNanos;
    private final LongSupplier cpuNanos;
    private long cost;
    private long began;

    /**
     * Begins with the configured spacing.
     *
     * @param cpuNanos the processor time of the calling thread; 0 or less if it is unknown
     */
    CommitSpacing(long leastNanos, LongSupplier cpuNanos) {
        this.leastNanos = leastNanos;
        this.cpuNanos = cpuNanos;
    }

    /** The processor time of the calling thread as the JVM measures it. */
    static LongSupplier threadTime() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        return threads.isCurrentThreadCpuTimeSupported() ? threads::getCurrentThreadCpuTime : () -> 0;
    }

    /** A transaction begins now. */
    void begins() {
        began = cpuNanos.getAsLong();
    }

    /** The transaction has ended. */
    void ended() {
        long took = Math.max(0, cpuNanos.getAsLong() - began);
        // a stall or a checkpoint must not count as the usual cost
        long bounded = Math.min(took, MOST * leastNanos);
        cost += (bounded - cost) / SMOOTHING;
    }

    /** The spacing, in nanoseconds. */
    long nanos() {
        return Math.max(leastNanos, Math.min(TIMES_COST * cost, MOST * leastNanos));
    }
}
