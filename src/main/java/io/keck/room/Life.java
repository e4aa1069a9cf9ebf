package io.keck.room;

import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomMissing;
import io.keck.failure.TooLargeHere;
import io.keck.failure.Unavailable;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The state of a room as one life of its name ({@link Lives}): when the log was asked for it, whether the log has ended
 * it, and which lives ended before it. Used only in the room's turns, unless a method says otherwise.
 *
 * <p>Requests, watchers and connections are admitted once the log has confirmed, after their arrival, that this life
 * continues. When the life ends, members are told, and requests that still wait are repeated by name. For a while a
 * socket whose first step 1 shows a copy of an ended life is closed with 4404 ({@link EndedLives}).
 */
final class Life {
    /** The registry of rooms by name. */
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

            @Override
            public EndedHere endedHere() {
                return new EndedHere(() -> 0, 0);
            }
        };

        /** The current moment, see {@link Lives}. */
        long moment();

        /** Returns the clients of lives that ended on this node. */
        EndedHere endedHere();

        /** Asked in a turn when the log has no room with the name: whether this room may close. */
        boolean abandon();
    }

    private final String name;
    private final LongSupplier clock;
    private final RoomWarnings warnings;
    private final Safeguards safeguards;
    private Home home = Home.NONE;
    /** Whether the room is created if none exists. */
    private volatile boolean wanted;
    /** The moment just before the log was asked for the contents of the room. */
    private volatile long loadedAt;
    /** Whether the life that was loaded has ended. */
    private boolean hasEnded;
    /** Whether the log said that no room has the name. */
    private boolean isMissing;
    /** Whether the room exists for back ends according to the log, even if nothing was committed in it. */
    private boolean isMade = true;
    /** Set if the stored data is larger than this node can load. */
    private @Nullable TooLargeHere tooLarge;
    /** The lives of the name that ended before this one began. */
    private EndedLives earlier = EndedLives.NONE;
    /** When {@link #earlier} was read, in milliseconds. */
    private long earlierReadAt;

    Life(String name, LongSupplier clock, RoomWarnings warnings, Safeguards safeguards) {
        this.name = name;
        this.clock = clock;
        this.warnings = warnings;
        this.safeguards = safeguards;
    }

    /** Sets the registry of the room; must be called before the room is loaded. */
    void belongsTo(Home here) {
        home = here;
    }

    /** Makes loading create the room if none exists; may be called from any thread. */
    void want() {
        wanted = true;
    }

    /** Whether loading creates the room if none exists; may be called from any thread. */
    boolean isWanted() {
        return wanted;
    }

    /** Called by the loading thread before it asks the log for the contents. */
    void load() {
        loadedAt = home.moment();
    }

    /** Called when the log has no room with the name; returns whether this room may close. */
    boolean abandon() {
        return home.abandon();
    }

    /** Called when the log has returned the contents and the lives that ended before this one. */
    void begin(EndedLives ended) {
        earlier = ended;
        earlierReadAt = clock.getAsLong();
    }

    /** Records {@link UpdateLog.Contents#isMade}. */
    void isMade(boolean made) {
        isMade = made || !safeguards.hidesUnmadeRooms();
    }

    boolean isMade() {
        return isMade;
    }

    /** Called if the stored data is larger than this node can load. */
    void exceedsNode(TooLargeHere why) {
        tooLarge = why;
        warnings.tooLarge().warn("Room " + name + " is not loaded: " + why.getMessage());
    }

    /** Called when the log says that this life has ended. */
    void end() {
        hasEnded = true;
    }

    boolean hasEnded() {
        return hasEnded;
    }

    /**
     * Closes the room. If its life has ended, its clients are remembered.
     *
     * @param writers the clients whose updates are not committed
     * @param present the clients that are present
     */
    void leave(Supplier<Set<Long>> writers, Supplier<Set<Long>> present) {
        if (hasEnded) {
            home.endedHere().add(name, writers.get(), present.get());
        }
    }

    /** Called when the log says that no room has the name. */
    void miss() {
        isMissing = true;
    }

    /** Whether a request must wait for the log; it need not if the room was loaded after the request arrived. */
    boolean mustBeConfirmedFor(Request request) {
        return safeguards.waitsForTheLog() && loadedAt <= request.moment;
    }

    /**
     * The reason why the room cannot carry out a request.
     *
     * @param moment the arrival of the request; earlier answers of the log do not decide about it
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

    /** The failure that makes {@link Lives} repeat a request in the next life of the name. */
    RuntimeException endOfLife() {
        return safeguards.asksAgainByName() ? new LifeEndedException(name) : new RoomMissing(name);
    }

    /** The failure that the room's watchers get when the room closes. */
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
        return (isHoldOn() && earlier.haveCopyIn(known, held.stateVector(), age()))
                || (safeguards.refusesCopiesOfEndedLives()
                        && home.endedHere().haveCopyIn(name, known.asMap().keySet(), held));
    }

    /**
     * Whether a peer sends content of an ended life of the name. Its state vector need not show that: it leaves out
     * structs whose predecessors the peer has not received.
     *
     * @param news the part of the update that is neither in a batch nor in the replica
     * @param held the replica of this life
     */
    boolean isContentOfEnded(Update news, StructStore held) {
        return (isHoldOn() && earlier.haveAnyOf(news.clients(), held.stateVector(), age()))
                || (safeguards.refusesCopiesOfEndedLives() && home.endedHere().haveAnyOf(name, news.clients(), held));
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
