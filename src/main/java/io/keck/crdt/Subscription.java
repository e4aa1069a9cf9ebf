package io.keck.crdt;

/** The registration of an observer or listener. */
@FunctionalInterface
public interface Subscription extends AutoCloseable {
    /** Removes the observer; further calls do nothing. */
    @Override
    void close();
}
