package io.keck.room;

import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StateVector;
import io.keck.metrics.RoomMetrics;
import io.keck.protocol.Awareness;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The state that a room keeps for one of its connections. Used only in the room's turns. */
final class Member implements Awareness.Owner {
    /** No client id. */
    static final long NOBODY = -1;

    final Connection connection;
    private final int maxStates;
    /** Whether the server's step 1 and the awareness states were sent. */
    boolean greeted;
    /**
     * Whether its next awareness message may claim a state: only its first, and only before it has answered our step 1.
     * Later messages may just repeat states that the server sent, as stock clients without a state of their own do.
     */
    boolean mayClaim = true;
    /** The client id that the first awareness message claimed, or -1. */
    long ownClient = -1;
    /**
     * The state vector of a slow member, which gets the rest in one piece when its socket has drained; otherwise null.
     */
    @Nullable
    StateVector behind;
    /** A step 1 that waits for the backlog to drain. */
    @Nullable
    StateVector asked;
    /** The time from which on the next step 1 may be answered. */
    long answerAfter = Long.MIN_VALUE;
    /**
     * Whether the messages handled now arrived before the log was asked for this member, so that the replica is fresh
     * enough for its step 1.
     */
    boolean isFresh;
    /** Whether the log has confirmed, after the member arrived, that the life of this room continues. */
    boolean isProven;
    /** The state vector of the last step 1, until the first awareness message names the client. */
    @Nullable
    StateVector said;
    /** Whether the member has sent a step 1. */
    boolean hasAsked;
    /** Whether the member was dismissed because it has a copy of an ended life; its messages are ignored. */
    boolean isDismissed;
    /** The read of the log for which the answer to the step 1 waits, and the end of that wait. */
    long freshAfter;

    long freshUntil;

    /** When the frame that is handled now was received, by the clock of {@link RoomMetrics}. */
    long cameAt;

    /** Whether the member was too slow for some awareness message. */
    boolean missedAwareness;

    /**
     * The id of the batch that contains the last update; a reference would keep the batch in memory after its commit.
     */
    @Nullable
    UUID lastBatch;

    /** The position up to which the member's updates are committed. */
    /** Null if the peer did not ask for saved positions. */
    final SavedPositions.@Nullable Progress progress;

    /** The updates to send back once committed; null if the peer did not ask for that. */
    @Nullable
    Echo echo;

    /** The origin whose share is limited; empty if unknown. */
    final String origin;

    /** The approximate bytes that the last refused update would add to the document; 0 if none was refused. */
    long refused;
    /** Whether the member was asked for a refused update and has not answered. */
    boolean isAskedAgain;
    /** When the member was asked for a refused update, or {@link Long#MIN_VALUE}; and the size of the document then. */
    long askedAt = Long.MIN_VALUE;

    long askedWith;
    /** The time from which on another refusal may be reported. */
    long toldAfter = Long.MIN_VALUE;

    /** Deletes whose structs the room lacks; see {@link WaitingDeletes}. */
    @Nullable
    DeleteSet waitingDeletes;
    /** Whether waiting deletes were dropped since the last update was handled. */
    boolean hasLostDeletes;
    /** The bytes of updates that are still compared in full, and the end of that window; see {@link Conflicts}. */
    long comparedBytes;

    long comparedUntil = Long.MIN_VALUE;
    /** The number of updates beyond that. */
    int beyondCompared;
    /** When the member was last asked for the structs of waiting deletes, and whether it must be asked again. */
    long deletesAskedAt = Long.MIN_VALUE / 2;

    boolean mustBeAskedForDeletes;

    /** The client id last found to belong to the member's principal; see {@link HeldBack}. */
    long judged = NOBODY;
    /** The content of the member that strict authorship has not applied; null if there is none. */
    HeldBack.@Nullable Aside aside;

    /** Whether reading is paused because too much unsaved content waits. */
    boolean paused;

    /** @param maxStates the number of clients for which the member may send awareness states */
    Member(Connection connection, int maxStates) {
        this.connection = connection;
        this.origin = DocumentGrowth.origin(connection.address());
        this.progress = connection.hearsOfSaved() ? new SavedPositions.Progress() : null;
        this.maxStates = maxStates;
    }

    @Override
    public int maxStates() {
        return maxStates;
    }

    @Override
    public boolean isElsewhere() {
        return false;
    }

    @Override
    public long ownClient() {
        return ownClient;
    }

    @Override
    public long ping(long client) {
        return connection.ping();
    }

    @Override
    public boolean hasAnswered(long ping) {
        return paused || connection.hasAnswered(ping);
    }
}
