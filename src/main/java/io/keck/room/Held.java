package io.keck.room;

import java.util.concurrent.atomic.AtomicLong;

/** How a node handles updates under another principal's client id ({@code access.authorship}). Thread-safe. */
public final class Held {
    /** Bytes that all rooms of a node may hold in memory until they are stored. */
    private static final long MAX_MEMORY = 64 << 20;

    private final HeldUpdates store;
    private final boolean isStrict;
    private final AtomicLong memory = new AtomicLong();

    /**
     * Creates an empty account of memory.
     *
     * @param isStrict whether such updates are held; if not, they are applied and only their author is recorded
     */
    public Held(HeldUpdates store, boolean isStrict) {
        this.store = store;
        this.isStrict = isStrict;
    }

    /** Returns the store of held updates. Earlier entries exist even if nothing new is held. */
    HeldUpdates store() {
        return store;
    }

    /** Whether an update under another principal's client id is held instead of applied. */
    public boolean isStrict() {
        return isStrict;
    }

    /** Reserves memory for held updates; returns false if there is not enough. */
    boolean reserve(long bytes) {
        if (memory.addAndGet(bytes) <= MAX_MEMORY) {
            return true;
        }
        memory.addAndGet(-bytes);
        return false;
    }

    /** Releases reserved memory. */
    void release(long bytes) {
        memory.addAndGet(-bytes);
    }
}
