package io.keck.room;

/**
 * The limits and times of rooms. Immutable.
 *
 * @param maxBacklog bytes queued for one socket before it counts as slow
 * @param maxInbound bytes of one socket that may wait for a turn of the room before reading from it pauses
 * @param maxUnsaved bytes of unsaved updates before the room stops reading from writers
 * @param maxUnsavedTotal bytes of unsaved updates of all rooms of the node before rooms stop reading from writers
 * @param maxAwarenessState the largest awareness state
 * @param maxAwarenessStates the number of clients for which one socket may send states
 * @param saveTimeout milliseconds after which a commit counts as late
 * @param retryAfter milliseconds between attempts to commit a batch
 * @param keepAlive milliseconds without any frame after which a socket gets an empty awareness message
 * @param stuckAfter milliseconds without progress after which a socket with a backlog is closed
 * @param unloadAfter milliseconds a room without sockets stays loaded
 * @param deletedNameHold milliseconds after the end of a life of a name during which no socket may create the document
 *     again and copies of the ended life are refused
 * @param compareEvery milliseconds between two comparisons with the log while the bus is healthy
 * @param compareEveryWithoutBus milliseconds between two comparisons with the log while the bus is unhealthy or absent
 * @param document the limits of one document
 */
public record RoomSettings(
        long maxBacklog,
        long maxInbound,
        long maxUnsaved,
        long maxUnsavedTotal,
        int maxAwarenessState,
        int maxAwarenessStates,
        long saveTimeout,
        long retryAfter,
        long keepAlive,
        long stuckAfter,
        long unloadAfter,
        long deletedNameHold,
        long compareEvery,
        long compareEveryWithoutBus,
        DocumentLimits document) {
    /** The defaults, with which {@link Builder} begins. */
    public static final RoomSettings DEFAULT = builder().build();

    /** Returns a builder with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder with these values. */
    public Builder toBuilder() {
        return new Builder()
                .maxBacklog(maxBacklog)
                .maxInbound(maxInbound)
                .maxUnsaved(maxUnsaved)
                .maxUnsavedTotal(maxUnsavedTotal)
                .maxAwarenessState(maxAwarenessState)
                .maxAwarenessStates(maxAwarenessStates)
                .saveTimeout(saveTimeout)
                .retryAfter(retryAfter)
                .keepAlive(keepAlive)
                .stuckAfter(stuckAfter)
                .unloadAfter(unloadAfter)
                .deletedNameHold(deletedNameHold)
                .compareEvery(compareEvery)
                .compareEveryWithoutBus(compareEveryWithoutBus)
                .document(document);
    }

    /** Settings by name; see {@link RoomSettings} for their meanings and units. Not thread-safe. */
    public static final class Builder {
        private long maxBacklog = 2 << 20;
        private long maxInbound = 8 << 20;
        private long maxUnsaved = 64 << 20;
        private long maxUnsavedTotal = 256 << 20;
        private int maxAwarenessState = 64 << 10;
        private int maxAwarenessStates = 100;
        private long saveTimeout = 2_000;
        private long retryAfter = 500;
        private long keepAlive = 20_000;
        private long stuckAfter = 60_000;
        private long unloadAfter = 30_000;
        private long deletedNameHold = 60_000;
        private long compareEvery = 3_000;
        private long compareEveryWithoutBus = 200;
        private DocumentLimits document = DocumentLimits.DEFAULT;

        private Builder() {}

        public Builder maxBacklog(long value) {
            maxBacklog = value;
            return this;
        }

        public Builder maxInbound(long value) {
            maxInbound = value;
            return this;
        }

        public Builder maxUnsaved(long value) {
            maxUnsaved = value;
            return this;
        }

        public Builder maxUnsavedTotal(long value) {
            maxUnsavedTotal = value;
            return this;
        }

        public Builder maxAwarenessState(int value) {
            maxAwarenessState = value;
            return this;
        }

        public Builder maxAwarenessStates(int value) {
            maxAwarenessStates = value;
            return this;
        }

        public Builder saveTimeout(long value) {
            saveTimeout = value;
            return this;
        }

        public Builder retryAfter(long value) {
            retryAfter = value;
            return this;
        }

        public Builder keepAlive(long value) {
            keepAlive = value;
            return this;
        }

        public Builder stuckAfter(long value) {
            stuckAfter = value;
            return this;
        }

        public Builder unloadAfter(long value) {
            unloadAfter = value;
            return this;
        }

        public Builder deletedNameHold(long value) {
            deletedNameHold = value;
            return this;
        }

        public Builder compareEvery(long value) {
            compareEvery = value;
            return this;
        }

        public Builder compareEveryWithoutBus(long value) {
            compareEveryWithoutBus = value;
            return this;
        }

        public Builder document(DocumentLimits limits) {
            document = limits;
            return this;
        }

        public RoomSettings build() {
            return new RoomSettings(
                    maxBacklog,
                    maxInbound,
                    maxUnsaved,
                    maxUnsavedTotal,
                    maxAwarenessState,
                    maxAwarenessStates,
                    saveTimeout,
                    retryAfter,
                    keepAlive,
                    stuckAfter,
                    unloadAfter,
                    deletedNameHold,
                    compareEvery,
                    compareEveryWithoutBus,
                    document);
        }
    }
}
