package io.keck.storage.database;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * The health of the database: whether the last request went well, whether one is waited for too long, and whether
 * updates can be saved. The last is remembered for a while: on a full disk, reads between two attempts to write succeed, and
 * the node would flap between healthy and unhealthy. Thread-safe.
 */
final class DatabaseHealth {
    /** The time after which an answer counts as missing. */
    static final long LATE_NANOS = TimeUnit.SECONDS.toNanos(2);
    /** Longer than rooms wait before they try again ({@code rooms.retryAfter}), so that a row of failures has no gaps. */
    static final long REMEMBERED_NANOS = TimeUnit.SECONDS.toNanos(3);

    private final LongSupplier nanos;
    private volatile boolean wentWell = true;
    private volatile String lastFailure = "no answer";
    /** When a write failed last; 0 when an update was saved since. */
    private final AtomicLong writeFailedAt = new AtomicLong();
    /** How the last probe ended. */
    private volatile boolean answers = true;
    /** When the question that is not answered yet was asked; 0 when there is none. */
    private final AtomicLong probedAt = new AtomicLong();

    /** @param nanos as {@link System#nanoTime} */
    DatabaseHealth(LongSupplier nanos) {
        this.nanos = nanos;
    }

    private long now() {
        return nanos.getAsLong() | 1; // never 0
    }

    /** A request got its answer, be it that something is not there. */
    void wentWell() {
        wentWell = true;
    }

    /** A request failed because of the database. */
    void failed(Throwable cause, boolean isWrite) {
        lastFailure = cause.toString().lines().findFirst().orElse("");
        wentWell = false;
        if (isWrite) {
            writeFailedAt.set(now());
        }
    }

    /** An update is in the database. */
    void saved() {
        if (writeFailedAt.get() != 0) { // most often it is: no write to what all lanes share
            writeFailedAt.set(0);
        }
    }

    /** Begins a probe; 0 when the probe before has no answer yet. */
    long askedNow() {
        long began = now();
        return probedAt.compareAndSet(0, began) ? began : 0;
    }

    /** The end of what {@link #askedNow} has begun; gives how long it took. */
    long answered(long began, boolean well) {
        answers = well;
        probedAt.set(0);
        return now() - began;
    }

    private boolean isLate() {
        long asked = probedAt.get();
        return asked != 0 && now() - asked >= LATE_NANOS;
    }

    /** Whether the database answers at all, whatever it says to what it is asked for. */
    boolean answers() {
        return answers && !isLate();
    }

    /** Whether the last request went well, and none is waited for: the next one will most likely go well, too. */
    boolean isResponsive() {
        return wentWell && !isLate();
    }

    /** Whether the last request went well, none is waited for, and no write has failed a moment ago. */
    boolean isHealthy() {
        long failed = writeFailedAt.get();
        return isResponsive() && (failed == 0 || now() - failed >= REMEMBERED_NANOS);
    }

    /** The last failure, in one line. */
    String lastFailure() {
        return lastFailure;
    }
}
