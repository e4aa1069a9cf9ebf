package io.keck.room;

import io.keck.protocol.AwarenessState;
import java.util.List;
import java.util.UUID;

/**
 * Carries events from a room on one node to the same room on other nodes. Implementations are thread-safe and never
 * block.
 *
 * <p>The weakest promise: events may be lost, repeated, reordered or late, but never altered. Rooms therefore compare
 * themselves with the log ({@link UpdateLog#heads}): rarely while the bus reports that it is healthy, often while it
 * does not.
 */
public interface Bus {
    /** An event of one room, sent from one node to the others. */
    sealed interface Event {
        /** Calls the handler's method for this kind of event. */
        void tell(Handler handler);

        /** Handles each kind of event. A new kind does not compile until every handler has a method for it. */
        interface Handler {
            void committed(Committed row);

            void unsaved(Unsaved update);

            void awareness(Awareness said);

            void awarenessAsked(AwarenessAsked asked);

            void awarenessClaimed(AwarenessClaimed claimed);

            void resync(Resync mayHaveMissed);

            void back(Back bus);

            void nodeGone(NodeGone gone);

            void clientMessage(ClientMessage message);

            void broadcast(Broadcast message);
        }

        /** Handles every kind of event alike, apart from those whose methods are overridden. */
        interface Alike extends Handler {
            void any(Event event);

            @Override
            default void committed(Committed row) {
                any(row);
            }

            @Override
            default void unsaved(Unsaved update) {
                any(update);
            }

            @Override
            default void awareness(Awareness said) {
                any(said);
            }

            @Override
            default void awarenessAsked(AwarenessAsked asked) {
                any(asked);
            }

            @Override
            default void awarenessClaimed(AwarenessClaimed claimed) {
                any(claimed);
            }

            @Override
            default void resync(Resync mayHaveMissed) {
                any(mayHaveMissed);
            }

            @Override
            default void back(Back bus) {
                any(bus);
            }

            @Override
            default void nodeGone(NodeGone gone) {
                any(gone);
            }

            @Override
            default void clientMessage(ClientMessage message) {
                any(message);
            }

            @Override
            default void broadcast(Broadcast message) {
                any(message);
            }
        }

        /**
         * A committed row of the log.
         *
         * @param before the link of the previous row, {@link Link#NONE} for the first row
         * @param payload a V1 update
         */
        record Committed(long seq, UUID batchId, long link, long before, byte[] payload) implements Event {
            @Override
            public void tell(Handler handler) {
                handler.committed(this);
            }
        }

        /**
         * An update that could not be committed. Each node that receives it also tries to commit it.
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
         * Awareness states that belong to sockets of the sending node.
         *
         * @param number counts the awareness messages of the sending node about this room
         * @param all whether the list is complete, so that other states from this node are gone
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
         * @param afresh whether the asking node may have dropped states that it knew before; the previous release then
         *     sends its states with a higher clock, this release does not need that
         */
        record AwarenessAsked(boolean afresh) implements Event {
            @Override
            public void tell(Handler handler) {
                handler.awarenessAsked(this);
            }
        }

        /**
         * A socket of the sending node claims a client whose state another node has. That node pings its own socket and
         * sends the state again if the socket answers. If no answer comes, as from a release that does not know this
         * event, the claim succeeds.
         */
        record AwarenessClaimed(long client) implements Event {
            @Override
            public void tell(Handler handler) {
                handler.awarenessClaimed(this);
            }
        }

        /**
         * Events may have been missed, or the room was deleted: compare the room with the log. The first event of a
         * subscription.
         */
        record Resync() implements Event {
            @Override
            public void tell(Handler handler) {
                handler.resync(this);
            }
        }

        /**
         * The connection to the bus was lost and is restored: other nodes may have forgotten the awareness states of
         * this node. All rooms are compared with the log together; see {@link NodeListener#back}.
         */
        record Back() implements Event {
            @Override
            public void tell(Handler handler) {
                handler.back(this);
            }
        }

        /**
         * The application of a client has a message for back ends. It is stored nowhere. The previous release drops it.
         *
         * @param principal the id of the principal of the connection
         */
        record ClientMessage(String principal, String text) implements Event {
            @Override
            public void tell(Handler handler) {
                handler.clientMessage(this);
            }

            /** Without the text, which may be confidential. */
            @Override
            public String toString() {
                return "ClientMessage[" + text.length() + "]";
            }
        }

        /**
         * A back end has a message for the applications of all clients. It is stored nowhere. The previous release drops it.
         */
        record Broadcast(String text) implements Event {
            @Override
            public void tell(Handler handler) {
                handler.broadcast(this);
            }

            /** Without the text, which may be confidential. */
            @Override
            public String toString() {
                return "Broadcast[" + text.length() + "]";
            }
        }

        /** A node has timed out: its sockets count as gone. */
        record NodeGone() implements Event {
            @Override
            public void tell(Handler handler) {
                handler.nodeGone(this);
            }
        }
    }

    /**
     * A request of an operator to close connections.
     *
     * @param id a random number by which a repeated message is recognised
     * @param connection the id of the connection to close, or empty for all connections of the room
     */
    record Kick(long id, String room, String connection) {}

    /** Receives the events of one room, on any thread. */
    @FunctionalInterface
    interface Listener {
        /**
         * Handles an event from another node or from the bus itself. Events of this node are left out where the bus can
         * identify them.
         *
         * @param node the random number that the sending node drew at its start; 0 for events of the bus itself
         */
        void on(long node, Event event);
    }

    /** Receives events that concern the whole node, on any thread. */
    interface NodeListener {
        /** The connection to the bus was lost and is restored: all rooms must be compared with the log. */
        void back();

        /** Another node deleted the room with this name, or replaced it by another. */
        void deleted(String name);

        /** An operator on another node requested that connections be closed. */
        default void kicked(Kick kick) {}
    }

    /** The bus of a node without other nodes. */
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

    /** Sends an event to the other nodes. */
    void publish(long roomId, Event event);

    /**
     * Subscribes to the events of a room, replacing its earlier listener. The subscription begins a little later, with
     * a {@link Event.Resync} or {@link Event.Back}.
     */
    void subscribe(long roomId, Listener listener);

    /** Ends the subscription of a listener; does nothing if another listener has replaced it. */
    void unsubscribe(long roomId, Listener listener);

    /** Tells the other nodes that the room with this name was deleted, or replaced by another. */
    void deleted(String name);

    /** Tells the other nodes to end connections. */
    default void kick(Kick kick) {}

    /** Registers the single listener for events that concern the whole node. */
    void listen(NodeListener listener);

    /** Whether events published now will most likely arrive. */
    boolean isHealthy();
}
