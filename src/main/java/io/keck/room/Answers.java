package io.keck.room;

import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.protocol.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a room tells of its document: its own step 1, and what somebody lacks, who asks with a step 1 or was too slow.
 * Frames that many sockets ask for are encoded once for each state of the store. After the first answer a member gets one
 * a second at most: a step 1 has 20 bytes, and an answer may have millions. Touched only in the room's turns.
 */
final class Answers {
    private final Supplier<StructStore> replica;
    private final Batches batches;
    private final RoomSettings settings;
    private final Predicate<Member> mustWait;
    /** Bytes of a replica from which on encodings are shared. */
    private static final long SMALL = 256 << 10;
    /** Milliseconds between two answers to one member. What it asks meanwhile is answered as one. */
    private static final long ANSWER_EVERY_MS = 1_000;

    private final LongSupplier clock;
    private final Safeguards safeguards;
    /** Members that wait for an answer to a step 1. */
    private final List<Member> askers = new ArrayList<>();

    private byte @Nullable [] step1Frame;
    private byte @Nullable [] fullStateFrame;

    /**
     * Answers from the replica, and from those of the batches that were sent unsaved.
     *
     * @param mustWait who is not to be answered yet
     */
    Answers(
            Supplier<StructStore> replica,
            Batches batches,
            RoomSettings settings,
            LongSupplier clock,
            Safeguards safeguards,
            Predicate<Member> mustWait) {
        this.clock = clock;
        this.safeguards = safeguards;
        this.replica = replica;
        this.batches = batches;
        this.settings = settings;
        this.mustWait = mustWait;
    }

    /** The store is not what it was: frames are encoded again when they are next needed. */
    void storeChanged() {
        step1Frame = null;
        fullStateFrame = null;
    }

    /** The frame that is kept for the next who asks for everything, or null. */
    byte @Nullable [] kept() {
        return fullStateFrame;
    }

    /** The room's own step 1. */
    byte[] step1() {
        if (step1Frame == null) {
            step1Frame = Message.step1(replica.get().stateVector());
        }
        return step1Frame;
    }

    /** A member asks for what it lacks. One that asks again before it is answered gets one answer, to its first. */
    void ask(Member member, StateVector known) {
        if (member.asked == null) {
            member.asked = known;
            askers.add(member);
        }
    }

    boolean isAnyoneWaiting() {
        return !askers.isEmpty();
    }

    void leave(Member member) {
        askers.remove(member);
    }

    /** Answers step 1s, except those that must wait and those whose sender's backlog is high. */
    void give() {
        if (askers.isEmpty()) {
            return;
        }
        askers.removeIf(member -> {
            StateVector asked = member.asked;
            if (asked == null || mustWait.test(member) || member.connection.backlog() > settings.maxBacklog()) {
                return asked == null;
            }
            long now = clock.getAsLong();
            if (safeguards.boundsAnswers() && now < member.answerAfter) {
                return false;
            }
            member.answerAfter = now + ANSWER_EVERY_MS;
            member.asked = null;
            member.connection.send(answerTo(asked, member));
            if (member.connection.isAskedInTurn()) {
                member.connection.send(step1());
            }
            return true;
        });
    }

    private byte[] answerTo(StateVector asked, Member member) {
        if (batches.anySent() || !isAboutAll(asked)) {
            byte[] state = stateSince(asked, member);
            return Message.step2(state == null ? Update.EMPTY.encode() : state);
        }
        if (fullStateFrame == null) {
            fullStateFrame = Message.step2(replica.get().encode());
        }
        return fullStateFrame;
    }

    /**
     * Whether somebody gets everything, in the one encoding that all share: who has nothing, and who has less than half. What
     * one has already is passed over, and an encoding of its own for each could take any amount of the heap.
     */
    private boolean isAboutAll(StateVector asked) {
        return asked.equals(StateVector.EMPTY)
                || (safeguards.boundsAnswers()
                        && replica.get().memory() > SMALL
                        && replica.get().isMostlyUnknownTo(asked));
    }

    /**
     * What a member with that state vector lacks of what the sockets have, saved or not, as a V1 update; null for nothing. One
     * that takes what comes back for saved gets what is not saved without its own part.
     */
    byte @Nullable [] stateSince(StateVector known, Member member) {
        byte[] saved = replica.get().diff(known);
        if (!batches.anySent()) {
            return saved;
        }
        if (member.echo != null) {
            return member.echo.without(withUnsaved(saved, known));
        }
        return withUnsaved(saved, known);
    }

    private byte[] withUnsaved(byte[] saved, StateVector known) {
        StructStore both = new StructStore();
        both.apply(Update.decode(saved, DecodeLimits.OWN));
        batches.applySent(both);
        return both.diff(known);
    }
}
