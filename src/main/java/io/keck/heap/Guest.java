package io.keck.heap;

/** A connection, room or stream that can be closed to free memory. */
@FunctionalInterface
public interface Guest {
    /**
     * Closes the guest soon; it may come back later. Called from any thread, possibly more than once; does not block.
     *
     * @param why a sentence for the peer
     */
    void sendAway(String why);
}
