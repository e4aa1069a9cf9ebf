package io.keck.crdt;

/**
 * Clocks of which nothing is left, not even the place: their parent was deleted and collected. Source: Yjs
 * {@code GC.js}.
 */
final class GC extends Struct {
    GC(StructList list, long clock, long length) {
        super(list, clock, length);
    }

    @Override
    boolean isDeleted() {
        return true;
    }

    @Override
    boolean mergeWith(Struct right) {
        if (right instanceof GC) {
            length += right.length;
            return true;
        }
        return false;
    }
}
