package io.keck.room;

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

        /** Something may have been missed, or the room was deleted: compare with the log. Subscribing begins with it. */
        record Resync() implements Event {}
    }

    /** Told of the events of one room, on any thread. */
    @FunctionalInterface
    interface Listener {
        /** An event from another node; not from this one, if the bus can tell. */
        void on(Event event);
    }

    /** No other nodes, or none that could be told. */
    Bus NONE = new Bus() {
        @Override
        public void publish(long roomId, Event event) {}

        @Override
        public void subscribe(long roomId, Listener listener) {}

        @Override
        public void unsubscribe(long roomId) {}

        @Override
        public boolean isHealthy() {
            return false;
        }
    };

    /** Tells the other nodes. */
    void publish(long roomId, Event event);

    /** A little later begins to tell this listener of the room's events; the first is a {@link Event.Resync}. */
    void subscribe(long roomId, Listener listener);

    /** Tells of that room no more. */
    void unsubscribe(long roomId);

    /** Whether what is published now will most likely arrive. */
    boolean isHealthy();
}
