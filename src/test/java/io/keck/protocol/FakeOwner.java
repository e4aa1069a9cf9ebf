package io.keck.protocol;

/** Owns states; compared by identity, so a class and no record. */
final class FakeOwner implements Awareness.Owner {
    private final int maxStates;
    private final boolean elsewhere;
    /** Whether it answers. */
    boolean alive = true;
    /** The client that it claimed, or -1. */
    long own = -1;
    /** How often it was asked whether it is there. */
    int pings;

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

    @Override
    public long ownClient() {
        return own;
    }

    @Override
    public long ping(long client) {
        return pings++;
    }

    @Override
    public boolean hasAnswered(long ping) {
        return alive;
    }
}
