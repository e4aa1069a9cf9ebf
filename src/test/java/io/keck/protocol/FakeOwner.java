package io.keck.protocol;

/** Owns states; compared by identity, so a class and no record. */
final class FakeOwner implements Awareness.Owner {
    private final int maxStates;
    private final boolean elsewhere;

    private FakeOwner(int maxStates, boolean elsewhere) {
        this.maxStates = maxStates;
        this.elsewhere = elsewhere;
    }

    static FakeOwner socket(int maxStates) {
        return new FakeOwner(maxStates, false);
    }

    static FakeOwner node() {
        return new FakeOwner(Integer.MAX_VALUE, true);
    }

    @Override
    public int maxStates() {
        return maxStates;
    }

    @Override
    public boolean isElsewhere() {
        return elsewhere;
    }
}
