package io.keck.room;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Counts the heap that a node's unsaved updates take, over all rooms. Thread-safe. */
final class Overlays {
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicInteger rooms = new AtomicInteger();
    private final long limit;
    private final OutageLog outage;

    /**
     * Creates a count of zero.
     *
     * @param limit the bytes above which rooms stop reading from writers
     * @param outage logs rooms that cannot be saved
     */
    Overlays(long limit, OutageLog outage) {
        this.limit = limit;
        this.outage = outage;
    }

    /** The log of rooms that cannot be saved. */
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

    /** The approximate bytes on the heap. */
    long bytes() {
        return bytes.get();
    }

    /** The number of rooms in unsaved mode. */
    int rooms() {
        return rooms.get();
    }
}
