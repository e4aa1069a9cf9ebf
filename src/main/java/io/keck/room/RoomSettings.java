package io.keck.room;

/**
 * The limits and times of rooms. Immutable.
 *
 * @param maxBacklog bytes queued for one socket before it counts as slow
 * @param maxInbound bytes of one socket that may wait for a turn of the room before reading from it pauses
 * @param maxOverlay bytes of unsaved updates before the room stops reading from writers
 * @param maxOverlays bytes of unsaved updates of all rooms of the node before rooms stop reading from writers
 * @param maxAwarenessBytes the largest awareness state
 * @param maxAwarenessStates the number of clients for which one socket may send states
 * @param saveTimeout milliseconds after which a commit counts as late
 * @param retryAfter milliseconds between attempts to commit a batch
 * @param keepAlive milliseconds without any frame after which a socket gets an empty awareness message
 * @param stuckAfter milliseconds without progress after which a socket with a backlog is closed
 * @param unloadAfter milliseconds a room without sockets stays loaded
 * @param deletedNameHold milliseconds after the end of a life of a name during which no socket may create the document
 *     again and copies of the ended life are refused
 * @param tailHealthy milliseconds between two comparisons with the log while the bus is healthy
 * @param tailAlone milliseconds between two comparisons with the log while the bus is unhealthy or absent
 * @param document the limits of one document
 */
public record RoomSettings(
        long maxBacklog,
        long maxInbound,
        long maxOverlay,
        long maxOverlays,
        int maxAwarenessBytes,
        int maxAwarenessStates,
        long saveTimeout,
        long retryAfter,
        long keepAlive,
        long stuckAfter,
        long unloadAfter,
        long deletedNameHold,
        long tailHealthy,
        long tailAlone,
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
                .maxOverlay(maxOverlay)
                .maxOverlays(maxOverlays)
                .maxAwarenessBytes(maxAwarenessBytes)
                .maxAwarenessStates(maxAwarenessStates)
                .saveTimeout(saveTimeout)
                .retryAfter(retryAfter)
                .keepAlive(keepAlive)
                .stuckAfter(stuckAfter)
                .unloadAfter(unloadAfter)
                .deletedNameHold(deletedNameHold)
                .tailHealthy(tailHealthy)
                .tailAlone(tailAlone)
                .document(document);
    }

    /** Settings by name; see {@link RoomSettings} for their meanings and units. Not thread-safe. */
    public static final class Builder {
        private long maxBacklog = 2 << 20;
        private long maxInbound = 8 << 20;
        private long maxOverlay = 64 << 20;
        private long maxOverlays = 256 << 20;
        private int maxAwarenessBytes = 64 << 10;
        private int maxAwarenessStates = 100;
        private long saveTimeout = 2_000;
        private long retryAfter = 500;
        private long keepAlive = 20_000;
        private long stuckAfter = 60_000;
        private long unloadAfter = 30_000;
        private long deletedNameHold = 60_000;
        private long tailHealthy = 3_000;
        private long tailAlone = 200;
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

        public Builder maxOverlay(long value) {
            maxOverlay = value;
            return this;
        }

        public Builder maxOverlays(long value) {
            maxOverlays = value;
            return this;
        }

        public Builder maxAwarenessBytes(int value) {
            maxAwarenessBytes = value;
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

        public Builder tailHealthy(long value) {
            tailHealthy = value;
            return this;
        }

        public Builder tailAlone(long value) {
            tailAlone = value;
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
                    maxOverlay,
                    maxOverlays,
                    maxAwarenessBytes,
                    maxAwarenessStates,
                    saveTimeout,
                    retryAfter,
                    keepAlive,
                    stuckAfter,
                    unloadAfter,
                    deletedNameHold,
                    tailHealthy,
                    tailAlone,
                    document);
        }
    }
}
