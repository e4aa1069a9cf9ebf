package io.keck.room;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts what keeps a room loaded: connections, watchers, and requests that are under way. Once shut it hands out no
 * more seats, and the room closes. Thread-safe, apart from {@link #emptySince}.
 */
final class Seats {
    private static final int SHUT = -1;

    private final AtomicInteger taken = new AtomicInteger();
    /** When a seat was last given back, in milliseconds of the room's clock. Touched only in the room's turns. */
    private long emptySince;

    /** @param now when the room was made, in milliseconds of its clock */
    Seats(long now) {
        emptySince = now;
    }

    /** Takes a seat; false once it is shut. */
    boolean take() {
        return taken.getAndUpdate(n -> n < 0 ? n : n + 1) >= 0;
    }

    /** Gives a seat back. To be called in a turn of the room. */
    void give(long now) {
        taken.updateAndGet(n -> n > 0 ? n - 1 : n);
        emptySince = Math.max(emptySince, now);
    }

    /** Hands out no more seats. */
    void shut() {
        taken.set(SHUT);
    }

    /** Hands out no more seats if none is taken; whether that is so. */
    boolean shutIfFree() {
        return taken.compareAndSet(0, SHUT);
    }

    /** Whether a seat is taken. */
    boolean areTaken() {
        return taken.get() > 0;
    }

    /** When a seat was last given back; to be asked in turns of the room. */
    long emptySince() {
        return emptySince;
    }
}
