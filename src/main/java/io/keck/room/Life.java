package io.keck.room;

import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomMissing;
import io.keck.failure.TooLargeHere;
import io.keck.failure.Unavailable;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The life of its name that a room is ({@link Lives}): since when it was read, whether the log has ended it, and which
 * lives ended before it. Touched only in the room's turns, unless something else is said.
 *
 * <p>Requests, watchers and connections are let in once the log has said, after they came, that this life goes on. When
 * it ends, those inside are told; those that wait are sent back to ask by name. For a while a socket whose first step 1
 * shows a copy of an ended life gets 4404 ({@link EndedLives}).
 */
final class Life {
    /** Where rooms are kept by name. */
    interface Home {
        Home NONE = new Home() {
            @Override
            public long moment() {
                return 0;
            }

            @Override
            public boolean abandon() {
                return true;
            }
        };

        /** The number of this moment, see {@link Lives}. */
        long moment();

        /** Asked, in a turn, when the log knows no room of the name: whether the room may close. */
        boolean abandon();
    }

    private final String name;
    private final LongSupplier clock;
    private final RoomWarnings warnings;
    private final Safeguards safeguards;
    private Home home = Home.NONE;
    /** Whether the room is created where there is none. */
    private volatile boolean wanted;
    /** The moment just before the log was asked for the contents. */
    private volatile long loadedAt;
    /** Whether the life that was loaded has ended. */
    private boolean hasEnded;
    /** Whether the log said that there is no room of the name. */
    private boolean isMissing;
    /** Whether the log says that the room exists for back ends, too, though nothing may be committed in it. */
    private boolean isMade = true;
    /** Set if more is stored than this node can load. */
    private @Nullable TooLargeHere tooLarge;
    /** Lives of the name that ended before this one began. */
    private EndedLives earlier = EndedLives.NONE;
    /** When {@link #earlier} was read, in milliseconds. */
    private long earlierReadAt;

    Life(String name, LongSupplier clock, RoomWarnings warnings, Safeguards safeguards) {
        this.name = name;
        this.clock = clock;
        this.warnings = warnings;
        this.safeguards = safeguards;
    }

    /** Where the room is kept; to be called before it is loaded. */
    void belongsTo(Home here) {
        home = here;
    }

    /** From now on the room is created where there is none; from any thread. */
    void want() {
        wanted = true;
    }

    /** Whether the room is created where there is none; from any thread. */
    boolean isWanted() {
        return wanted;
    }

    /** The log is about to be asked for the contents; by the thread that loads the room. */
    void load() {
        loadedAt = home.moment();
    }

    /** The log knows no room of the name: whether this one may close. */
    boolean abandon() {
        return home.abandon();
    }

    /** The log has given the contents, and the lives that ended before this one. */
    void begin(EndedLives ended) {
        earlier = ended;
        earlierReadAt = clock.getAsLong();
    }

    /** What the log says of {@link UpdateLog.Contents#isMade}. */
    void isMade(boolean made) {
        isMade = made || !safeguards.hidesUnmadeRooms();
    }

    boolean isMade() {
        return isMade;
    }

    /** What is stored is more than this node can load. */
    void exceedsNode(TooLargeHere why) {
        tooLarge = why;
        warnings.tooLarge().warn("Room " + name + " is not loaded: " + why.getMessage());
    }

    /** The log said that this life has ended. */
    void end() {
        hasEnded = true;
    }

    boolean hasEnded() {
        return hasEnded;
    }

    /** The log said that there is no room of the name. */
    void miss() {
        isMissing = true;
    }

    /** Whether a request waits until the log was asked: it need not if the room was loaded after the request came. */
    boolean mustBeConfirmedFor(Request request) {
        return safeguards.waitsForTheLog() && loadedAt <= request.moment;
    }

    /**
     * Why the room cannot do what it was asked for.
     *
     * @param moment when the request came: what the log said before that is not the last word on it
     */
    RuntimeException whyNot(long moment) {
        if (hasEnded || (isMissing && loadedAt <= moment)) {
            return endOfLife();
        }
        if (tooLarge != null) {
            return tooLarge;
        }
        return isMissing
                ? new RoomMissing(name)
                : new Unavailable("the document cannot be opened now, please try again", false);
    }

    /** Sends a request to the next life of the name. */
    RuntimeException endOfLife() {
        return safeguards.asksAgainByName() ? new LifeEndedException(name) : new RoomMissing(name);
    }

    /** What the room's watchers are told when the room closes. */
    RuntimeException farewell() {
        return hasEnded ? new RoomMissing(name) : whyNot(0);
    }

    /**
     * Whether a peer has a copy of an ended life of the name.
     *
     * @param known the state vector of the peer
     * @param held the replica of this life
     */
    boolean isCopyOfEnded(StateVector known, StructStore held) {
        return isHoldOn() && earlier.haveCopyIn(known, held.stateVector(), age());
    }

    /**
     * Whether a peer sends content of an ended life of the name. Its state vector need not show that: it leaves out
     * structs whose predecessors the peer has not received.
     *
     * @param news what of the update is in no batch and not in the replica
     * @param held the replica of this life
     */
    boolean isContentOfEnded(Update news, StructStore held) {
        return isHoldOn() && earlier.haveAnyOf(news.clients(), held.stateVector(), age());
    }

    /** Whether copies of ended lives are still refused. */
    private boolean isHoldOn() {
        if (earlier.isEmpty() || !safeguards.refusesCopiesOfEndedLives()) {
            return false;
        }
        if (age() >= earlier.millisLeft()) {
            earlier = EndedLives.NONE;
            return false;
        }
        return true;
    }

    private long age() {
        return clock.getAsLong() - earlierReadAt;
    }
}
