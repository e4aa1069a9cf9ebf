package io.keck.room;

import io.keck.protocol.AwarenessState;
import java.util.List;
import java.util.UUID;

/**
 * The fast way from a room on one node to the same room on the others. Implementations are thread-safe and never block.
 *
 * <p>The weakest promise: none. What is published may be lost, repeated, reordered or late; nothing that arrives was
 * altered. Whoever relies on it compares with the log ({@link UpdateLog#heads}): seldom while the bus says that it is
 * healthy, often while not.
 */
public interface Bus {
    /** Something that one node tells the others of a room. */
    sealed interface Event {
        /**
         * A row of the log.
         *
         * @param before the link of the row before it, {@link UpdateLog#NO_LINK} for the first
         * @param payload a V1 update
         */
        record Committed(long seq, UUID batchId, long link, long before, byte[] payload) implements Event {}

        /**
         * An update that could not be committed. Whoever gets it owns it, too.
         *
         * @param payload a V1 update
         */
        record Unsaved(byte[] payload) implements Event {}

        /**
         * Awareness states whose owners are sockets of the node that tells.
         *
         * @param number counts what that node tells of this room
         * @param all whether these are all that there are, so that any other of that node is gone
         */
        record Awareness(long number, boolean all, List<AwarenessState> states) implements Event {}

        /**
         * Asks the other nodes for the awareness states of their sockets.
         *
         * @param afresh whether states that were told before may have been taken for gone, and need a higher clock
         */
        record AwarenessAsked(boolean afresh) implements Event {}

        /** Something may have been missed, or the room was deleted: compare with the log. Subscribing begins with it. */
        record Resync() implements Event {}

        /**
         * The bus was away, or this node was out of its reach, and it is back: the others may have given up on what they
         * knew of us. Rooms are compared with the log all together; see {@link NodeListener#back}.
         */
        record Back() implements Event {}

        /** A node is not heard of any more, and its sockets are gone. */
        record NodeGone() implements Event {}
    }

    /**
     * An operator ends connections.
     *
     * @param id random: whoever hears of it twice knows it again
     * @param connection the one that ends, or empty for all of the room
     */
    record Kick(long id, String room, String connection) {}

    /** Told of the events of one room, on any thread. */
    @FunctionalInterface
    interface Listener {
        /**
         * An event from another node, or from the bus itself; not from this one, if the bus can tell.
         *
         * @param node the number that the node drew at its start, and 0 for what the bus itself tells
         */
        void on(long node, Event event);
    }

    /** Told of what concerns the node as a whole, on any thread. */
    interface NodeListener {
        /** The bus was away and is back: all rooms are to be compared with the log. */
        void back();

        /** Another node says that the room of that name was deleted, or replaced by another. */
        void deleted(String name);

        /** An operator on another node ends connections. */
        default void kicked(Kick kick) {}
    }

    /** No other nodes, or none that could be told. */
    Bus NONE = new Bus() {
        @Override
        public void publish(long roomId, Event event) {}

        @Override
        public void subscribe(long roomId, Listener listener) {}

        @Override
        public void unsubscribe(long roomId, Listener listener) {}

        @Override
        public void deleted(String name) {}

        @Override
        public void kick(Kick kick) {}

        @Override
        public void listen(NodeListener listener) {}

        @Override
        public boolean isHealthy() {
            return false;
        }
    };

    /** Tells the other nodes. */
    void publish(long roomId, Event event);

    /**
     * A little later begins to tell this listener, and no other, of the room's events; the first is a {@link
     * Event.Resync} or {@link Event.Back}.
     */
    void subscribe(long roomId, Listener listener);

    /** Tells that listener of that room no more, if it is the one that is told now. */
    void unsubscribe(long roomId, Listener listener);

    /** Tells the other nodes that the room of that name was deleted, or replaced by another. */
    void deleted(String name);

    /** Tells the other nodes to end connections. */
    default void kick(Kick kick) {}

    /** Who is told of what concerns the node as a whole; there is one at most. */
    void listen(NodeListener listener);

    /** Whether what is published now will most likely arrive. */
    boolean isHealthy();
}
