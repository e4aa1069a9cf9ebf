package io.keck.room;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the seats that keep a room loaded: connections, watchers, and requests in progress. Once shut, it gives out no
 * more seats and the room closes. Thread-safe, apart from {@link #emptySince}.
 */
final class Seats {
    private static final int SHUT = -1;

    private final AtomicInteger taken = new AtomicInteger();
    /** When a seat was last given back, in milliseconds of the room's clock. Used only in the room's turns. */
    private long emptySince;

    /** @param now the time at which the room was created, in milliseconds of its clock */
    Seats(long now) {
        emptySince = now;
    }

    /** Takes a seat; returns false once shut. */
    boolean take() {
        return taken.getAndUpdate(n -> n < 0 ? n : n + 1) >= 0;
    }

    /** Gives a seat back; must be called in a turn of the room. */
    void give(long now) {
        taken.updateAndGet(n -> n > 0 ? n - 1 : n);
        emptySince = Math.max(emptySince, now);
    }

    /** Gives out no more seats. */
    void shut() {
        taken.set(SHUT);
    }

    /** Shuts if no seat is taken; returns whether that is so. */
    boolean shutIfFree() {
        return taken.compareAndSet(0, SHUT);
    }

    /** Whether a seat is taken. */
    boolean areTaken() {
        return taken.get() > 0;
    }

    /** When a seat was last given back; may be called only in turns of the room. */
    long emptySince() {
        return emptySince;
    }
}
