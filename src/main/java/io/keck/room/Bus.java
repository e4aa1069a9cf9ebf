package io.keck.room;

import io.keck.protocol.AwarenessState;
import java.util.List;
import java.util.UUID;

/**
 * The fast way from a room on one node to the same room on the others. Implementations are thread-safe and never block.
 *
 * <p>The weakest promise: none. What is published may be lost, repeated, reordered or late; nothing that arrives was
 * altered. A room compares itself with the log ({@link UpdateLog#heads}): seldom while the bus says that it is
 * healthy, often while it does not.
 */
public interface Bus {
    /** Something that one node tells the others of a room. */
    sealed interface Event {
        /** Calls the handler's method for this kind of event. */
        void tell(Handler handler);

        /** Deals with each kind of event: a new kind does not compile before every handler has an answer to it. */
        interface Handler {
            void committed(Committed row);

            void unsaved(Unsaved update);

            void awareness(Awareness said);

            void awarenessAsked(AwarenessAsked asked);

            void awarenessClaimed(AwarenessClaimed claimed);

            void resync(Resync mayHaveMissed);

            void back(Back bus);

            void nodeGone(NodeGone gone);
        }

        /**
         * A row of the log.
         *
         * @param before the link of the row before it, {@link Link#NONE} for the first
         * @param payload a V1 update
         */
        record Committed(long seq, UUID batchId, long link, long before, byte[] payload) implements Event {
            @Override
            public void tell(Handler handler) {
                handler.committed(this);
            }
        }

        /**
         * An update that could not be committed. Each node that gets it owns it, too.
         *
         * @param payload a V1 update
         */
        record Unsaved(byte[] payload) implements Event {
            @Override
            public void tell(Handler handler) {
                handler.unsaved(this);
            }
        }

        /**
         * Awareness states whose owners are sockets of the node that tells.
         *
         * @param number counts the messages of that node about this room
         * @param all whether the node has no other states, so that any other that it told before is gone
         */
        record Awareness(long number, boolean all, List<AwarenessState> states) implements Event {
            @Override
            public void tell(Handler handler) {
                handler.awareness(this);
            }
        }

        /**
         * Asks the other nodes for the awareness states of their sockets.
         *
         * @param afresh whether states that were told before may have been taken for gone; the release before this one then tells
         *     its states with a higher clock, this one does not need it
         */
        record AwarenessAsked(boolean afresh) implements Event {
            @Override
            public void tell(Handler handler) {
                handler.awarenessAsked(this);
            }
        }

        /**
         * A socket of the node that tells claims a client whose state another node has. The node that has it asks its own
         * socket for a sign of life, and tells the state once more if there is one. Without an answer, and from a release
         * that does not know this event there is none, the claim succeeds.
         */
        record AwarenessClaimed(long client) implements Event {
            @Override
            public void tell(Handler handler) {
                handler.awarenessClaimed(this);
            }
        }

        /** Something may have been missed, or the room was deleted: compare with the log. Subscribing begins with it. */
        record Resync() implements Event {
            @Override
            public void tell(Handler handler) {
                handler.resync(this);
            }
        }

        /**
         * The bus was away, or this node was out of its reach, and it is back: the other nodes may have forgotten the states
         * of this one. Rooms are compared with the log all together; see {@link NodeListener#back}.
         */
        record Back() implements Event {
            @Override
            public void tell(Handler handler) {
                handler.back(this);
            }
        }

        /** A node has sent nothing for too long: its sockets count as gone. */
        record NodeGone() implements Event {
            @Override
            public void tell(Handler handler) {
                handler.nodeGone(this);
            }
        }
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

    /** The bus of a node that has no other nodes to tell. */
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

    /** Ends the subscription of that listener; does nothing if another one has taken its place. */
    void unsubscribe(long roomId, Listener listener);

    /** Tells the other nodes that the room of that name was deleted, or replaced by another. */
    void deleted(String name);

    /** Tells the other nodes to end connections. */
    default void kick(Kick kick) {}

    /** Registers the single listener for what concerns the node as a whole. */
    void listen(NodeListener listener);

    /** Whether what is published now will most likely arrive. */
    boolean isHealthy();
}
