package io.keck.crdt;

/** A place in a type as it is now; with the next edit it may be somewhere else. Immutable. */
public final class AbsolutePosition {
    private final Branch branch;
    private final int index;
    private final int assoc;

    AbsolutePosition(Branch branch, int index, int assoc) {
        this.branch = branch;
        this.index = index;
        this.assoc = assoc;
    }

    /**
     * The type.
     *
     * @throws IllegalStateException if it is a root that was not asked for by kind yet
     */
    public AbstractType type() {
        return branch.view();
    }

    /** The index in it. */
    public int index() {
        return index;
    }

    /** Whether it belongs to what is after it (0 or more) or before it (below 0). */
    public int assoc() {
        return assoc;
    }

    @Override
    public String toString() {
        return "AbsolutePosition[" + index + "]";
    }
}
