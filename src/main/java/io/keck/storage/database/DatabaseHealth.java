package io.keck.storage.database;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * The health of the database: whether the last request succeeded, whether an answer is late, and whether updates can be
 * saved. A failed write is remembered for a while, because on a full disk reads between two writes succeed and the node
 * would flap between healthy and unhealthy. Thread-safe.
 */
final class DatabaseHealth {
    /** The time after which an answer counts as missing. */
    static final long LATE_NANOS = TimeUnit.SECONDS.toNanos(2);
    /**
     * Longer than rooms wait before they try again ({@code rooms.retryAfter}), so that a row of failures has no gaps.
     */
    static final long REMEMBERED_NANOS = TimeUnit.SECONDS.toNanos(3);

    private final LongSupplier nanos;
    private volatile boolean wentWell = true;
    private volatile String lastFailure = "no answer";
    /** When a write last failed; 0 if an update was saved since. */
    private final AtomicLong writeFailedAt = new AtomicLong();
    /** Whether the last probe was answered. */
    private volatile boolean answers = true;
    /** When the pending probe was sent; 0 if there is none. */
    private final AtomicLong probedAt = new AtomicLong();

    /** @param nanos as {@link System#nanoTime} */
    DatabaseHealth(LongSupplier nanos) {
        this.nanos = nanos;
    }

    private long now() {
        return nanos.getAsLong() | 1; // never 0
    }

    /** Records that a request was answered, including "not found". */
    void wentWell() {
        wentWell = true;
    }

    /** Records that a request failed because of the database. */
    void failed(Throwable cause, boolean isWrite) {
        lastFailure = cause.toString().lines().findFirst().orElse("");
        wentWell = false;
        if (isWrite) {
            writeFailedAt.set(now());
        }
    }

    /** Records that an update was saved. */
    void saved() {
        if (writeFailedAt.get() != 0) { // usually it is 0, and no shared memory is written
            writeFailedAt.set(0);
        }
    }

    /** Begins a probe; returns 0 if the previous probe is still pending. */
    long askedNow() {
        long began = now();
        return probedAt.compareAndSet(0, began) ? began : 0;
    }

    /** Ends a probe begun by {@link #askedNow}; returns its duration. */
    long answered(long began, boolean well) {
        answers = well;
        probedAt.set(0);
        return now() - began;
    }

    private boolean isLate() {
        long asked = probedAt.get();
        return asked != 0 && now() - asked >= LATE_NANOS;
    }

    /** Whether the database answers at all, even if it refuses requests. */
    boolean answers() {
        return answers && !isLate();
    }

    /** Whether the last request succeeded and no answer is late, so that the next request will probably succeed. */
    boolean isResponsive() {
        return wentWell && !isLate();
    }

    /** Whether the last request succeeded, no answer is late, and no write has failed recently. */
    boolean isHealthy() {
        long failed = writeFailedAt.get();
        return isResponsive() && (failed == 0 || now() - failed >= REMEMBERED_NANOS);
    }

    /** The last failure, in one line. */
    String lastFailure() {
        return lastFailure;
    }
}
