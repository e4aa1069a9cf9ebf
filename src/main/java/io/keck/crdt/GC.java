package io.keck.crdt;

/**
 * Clocks of which nothing is left, not even their place: their parent was deleted and collected. Source: Yjs
 * {@code GC.js}.
 */
final class GC extends Struct {
    private final StructList list;
    private final long clock;
    private long length;

    GC(StructList list, long clock, long length) {
        this.list = list;
        this.clock = clock;
        this.length = length;
    }

    @Override
    StructList list() {
        return list;
    }

    @Override
    long clock() {
        return clock;
    }

    @Override
    long length() {
        return length;
    }

    /** Cuts off the clocks from {@code offset} on and returns them as a struct of their own. */
    GC cut(long offset) {
        GC rest = new GC(list, clock + offset, length - offset);
        length = offset;
        return rest;
    }

    @Override
    boolean isDeleted() {
        return true;
    }

    @Override
    boolean mergeWith(Struct right) {
        if (right instanceof GC) {
            length += right.length();
            return true;
        }
        return false;
    }
}
