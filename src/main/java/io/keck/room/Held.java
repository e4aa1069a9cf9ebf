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
     * Nothing is in memory yet.
     *
     * @param isStrict whether such updates are kept apart; else they are applied, and only their author is noted
     */
    public Held(HeldUpdates store, boolean isStrict) {
        this.store = store;
        this.isStrict = isStrict;
    }

    /** The entries in the database; also where nothing new is held, since there may be old ones. */
    HeldUpdates store() {
        return store;
    }

    /** Whether an update under another principal's client id is held instead of applied. */
    public boolean isStrict() {
        return isStrict;
    }

    /** Counts bytes in memory, unless there are too many; false then. */
    boolean reserve(long bytes) {
        if (memory.addAndGet(bytes) <= MAX_MEMORY) {
            return true;
        }
        memory.addAndGet(-bytes);
        return false;
    }

    /** Gives reserved bytes back. */
    void release(long bytes) {
        memory.addAndGet(-bytes);
    }
}
