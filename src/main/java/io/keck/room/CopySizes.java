package io.keck.room;

import io.keck.crdt.store.Update;
import java.util.function.LongSupplier;

/** Estimates the heap of a typed document and of its forks. Used only in turns of the room. */
final class CopySizes {
    /** The bytes of heap per struct and per byte of an update, until the whole is estimated again. */
    private static final long PER_STRUCT = 150;

    private static final long PER_BYTE = 2;

    private final LongSupplier estimate;
    /** Bytes of one copy, and those that were added since they were estimated as a whole. */
    private long copy;

    private long added;
    private boolean isKnown;
    private boolean isForked;
    private boolean isKeyed;

    /** @param estimate estimates the bytes of heap of one typed copy of the replica */
    CopySizes(LongSupplier estimate) {
        this.estimate = estimate;
    }

    /** The bytes of all copies. */
    long all() {
        return (1 + (isForked ? 1 : 0) + (isKeyed ? 1 : 0)) * copy;
    }

    /** The bytes of all copies if there is a fork of that kind as well. */
    long withFork(boolean keyed) {
        look();
        return all() + ((keyed ? isKeyed : isForked) ? 0 : copy);
    }

    /** The bytes of the copies that there are. */
    long now() {
        look();
        return all();
    }

    private void look() {
        if (!isKnown || added > copy / 4) {
            copy = estimate.getAsLong();
            added = 0;
            isKnown = true;
        }
    }

    /** Records that a fork is made. */
    void fork(boolean keyed) {
        isKeyed |= keyed;
        isForked |= !keyed;
    }

    /** Adds an update that the replica has applied and all copies take. */
    void grow(Update update) {
        long more = PER_BYTE * update.length() + PER_STRUCT * update.structCount();
        copy += more;
        added += more;
        look();
    }

    /** Records that the copies are dropped, or made of another replica. */
    void forget() {
        isKnown = false;
        isForked = false;
        isKeyed = false;
    }
}
