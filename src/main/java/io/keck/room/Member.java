package io.keck.room;

import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StateVector;
import io.keck.metrics.RoomMetrics;
import io.keck.protocol.Awareness;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a room knows of one of its connections. Touched only in the room's turns. */
final class Member implements Awareness.Owner {
    final Connection connection;
    private final int maxStates;
    /** Whether it has got the server's step 1 and the awareness states. */
    boolean greeted;
    /**
     * Whether its next awareness message may claim a state: only its first, and only before it has answered our step 1.
     * What comes after that may be a mere repetition of what we told it, as stock clients without a state of their own
     * send it.
     */
    boolean mayClaim = true;
    /** The client that it claimed with its first awareness message, or -1. */
    long ownClient = -1;
    /** How far it is while it is too slow for every batch: it gets the rest in one piece when it has drained. */
    @Nullable
    StateVector behind;
    /** A step 1 that waits for the backlog to drain. */
    @Nullable
    StateVector asked;
    /** When it may be answered again. */
    long answerAfter = Long.MIN_VALUE;
    /** What it sends now came before the log was asked on its behalf, so the replica is new enough for its step 1. */
    boolean isFresh;
    /** Whether the log has said, after it came, that the life of this room goes on. */
    boolean isProven;
    /** What its last step 1 said, until its first awareness message says which client it is. */
    @Nullable
    StateVector said;
    /** Whether it has sent a step 1. */
    boolean hasAsked;
    /** It was sent away with a copy of an ended life; what it sends counts no more. */
    boolean isDismissed;
    /** Which read of the log the answer to its step 1 waits for, and until when. */
    long freshAfter;

    long freshUntil;

    /** When what is dealt with now came, by the clock of {@link RoomMetrics}. */
    long cameAt;

    /** Was too slow for some awareness message. */
    boolean missedAwareness;

    /** The id of the batch that its last update went into: the batch itself would stay in memory after its commit. */
    @Nullable
    UUID lastBatch;

    /** Up to which of its updates everything is committed. */
    /** Null if the peer does not want to hear what is saved. */
    final SavedPositions.@Nullable Progress progress;

    /** What it is to get back; null where it does not want that. */
    @Nullable
    Echo echo;

    /** As whom it counts where a share is limited; empty where it is not known. */
    final String origin;

    /** About how many bytes of its last update that was left aside would add to the document; 0 where none is. */
    long refused;
    /** Whether it was asked for what was left aside, and has not answered. */
    boolean isAskedAgain;
    /** When it was asked for what was left aside, or {@link Long#MIN_VALUE}; and how many bytes the document had then. */
    long askedAt = Long.MIN_VALUE;

    long askedWith;
    /** When it may be told again that something was left aside. */
    long toldAfter = Long.MIN_VALUE;

    /** Its deletes whose structs are not here; see {@link WaitingDeletes}. */
    @Nullable
    DeleteSet waitingDeletes;
    /** Whether deletes that waited were forgotten since the last update was dealt with. */
    boolean hasLostDeletes;
    /** Bytes of its updates that are still compared whole with what the room has, and until when; see {@link Conflicts}. */
    long comparedBytes;

    long comparedUntil = Long.MIN_VALUE;
    /** Updates that were beyond that. */
    int beyondCompared;
    /** When it was last asked for their structs, and whether it is to be asked again. */
    long deletesAskedAt = Long.MIN_VALUE / 2;

    boolean mustBeAskedForDeletes;

    /** Not read from, because too much waits to be saved. */
    boolean paused;

    /** @param maxStates clients that it may speak for */
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
