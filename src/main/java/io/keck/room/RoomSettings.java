package io.keck.room;

/**
 * What a room may spend. Immutable.
 *
 * @param maxBacklog bytes queued for one socket before it counts as slow
 * @param maxInbound bytes of one socket that may wait for the room's turn before it is read no further
 * @param maxOverlay bytes of updates that wait to be saved before the room reads no further from writers
 * @param maxOverlays the same for all rooms of the node together
 * @param maxAwarenessBytes the largest awareness state
 * @param maxAwarenessStates how many clients one socket may speak for
 * @param saveTimeout milliseconds after which a commit counts as late
 * @param retryAfter milliseconds between attempts to commit a batch
 * @param keepAlive milliseconds without any frame after which a socket gets an empty awareness message
 * @param stuckAfter milliseconds without progress after which a socket with a backlog is closed
 * @param unloadAfter milliseconds a room without sockets stays loaded
 * @param deletedNameHold milliseconds after the end of a life of a name for which no socket creates the document again,
 *     and copies of the ended life are told apart from newcomers
 * @param tailHealthy milliseconds between two comparisons with the log while the bus is healthy
 * @param tailAlone milliseconds between two comparisons with the log while it is not, or there is none
 * @param document what one document may be
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
    /** 2 MiB, 8 MiB, 64 MiB, 256 MiB, 64 KiB, 100, 2 s, 500 ms, 20 s, 60 s, 30 s, 60 s, 3 s, 200 ms; {@link DocumentLimits#DEFAULT}. */
    public static final RoomSettings DEFAULT = new RoomSettings(
            2 << 20,
            8 << 20,
            64 << 20,
            256 << 20,
            64 << 10,
            100,
            2_000,
            500,
            20_000,
            60_000,
            30_000,
            60_000,
            3_000,
            200,
            DocumentLimits.DEFAULT);

    /** Without limits for documents. */
    public RoomSettings(
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
            long tailAlone) {
        this(
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
                DocumentLimits.NONE);
    }

    /** The same with other limits for documents. */
    public RoomSettings with(DocumentLimits limits) {
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
                limits);
    }
}
