package io.keck.room;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** How much of a node's heap is taken by what its rooms could not save yet. Thread-safe. */
final class Overlays {
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicInteger rooms = new AtomicInteger();
    private final long limit;
    private final OutageLog outage;

    /**
     * None yet.
     *
     * @param limit bytes above which rooms read no further from writers
     * @param outage tells of rooms that cannot be saved
     */
    Overlays(long limit, OutageLog outage) {
        this.limit = limit;
        this.outage = outage;
    }

    /** Tells of rooms that cannot be saved. */
    OutageLog outage() {
        return outage;
    }

    void add(long more) {
        bytes.addAndGet(more);
    }

    void began() {
        rooms.incrementAndGet();
    }

    void ended() {
        rooms.decrementAndGet();
    }

    boolean isFull() {
        return bytes.get() > limit;
    }

    /** Bytes on the heap, roughly. */
    long bytes() {
        return bytes.get();
    }

    /** Rooms that go on unsaved. */
    int rooms() {
        return rooms.get();
    }
}
