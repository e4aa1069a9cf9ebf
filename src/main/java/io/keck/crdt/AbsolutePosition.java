package io.keck.crdt;

/** An index in a type, valid until the next edit. Immutable. */
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
     * The type that the position is in.
     *
     * @throws IllegalStateException if it is a root that was not requested under a kind yet
     */
    public AbstractType type() {
        return branch.view();
    }

    /** The index in the type. */
    public int index() {
        return index;
    }

    /** Whether the position belongs to the unit after it (0 or more) or before it (below 0). */
    public int assoc() {
        return assoc;
    }

    @Override
    public String toString() {
        return "AbsolutePosition[" + index + "]";
    }
}
