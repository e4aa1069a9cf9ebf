package io.keck.crdt;

/** An observer that was added and can be taken away again. */
@FunctionalInterface
public interface Subscription extends AutoCloseable {
    /** Takes the observer away; a second time does nothing. */
    @Override
    void close();
}
