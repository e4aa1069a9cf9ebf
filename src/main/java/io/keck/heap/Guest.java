package io.keck.heap;

/** Somebody who can be sent away to get memory back: a connection, a room, a stream. */
@FunctionalInterface
public interface Guest {
    /**
     * Ends it, soon and for now: it may come back later. Called from any thread, perhaps more than once; returns at once.
     *
     * @param why a sentence for the peer
     */
    void sendAway(String why);
}
