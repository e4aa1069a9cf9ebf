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
 * Encodes and sends a room's own step 1, and the content that a member lacks after its step 1 or after it was too slow.
 * Frames that many sockets need are encoded once per state of the store. After its first answer a member gets at most
 * one answer per second, because a step 1 of 20 bytes may cost an answer of millions. Used only in the room's turns.
 */
final class Answers {
    private final Supplier<StructStore> replica;
    private final Batches batches;
    private final RoomSettings settings;
    private final Predicate<Member> mustWait;
    /** The size in bytes from which on the encodings of a replica are shared. */
    private static final long SMALL = 256 << 10;
    /** Milliseconds between two answers to one member; step 1s that arrive meanwhile get one answer. */
    private static final long ANSWER_EVERY_MS = 1_000;

    private final LongSupplier clock;
    private final Safeguards safeguards;
    /** Members that wait for an answer to a step 1. */
    private final List<Member> askers = new ArrayList<>();

    private byte @Nullable [] step1Frame;
    private byte @Nullable [] fullStateFrame;

    /**
     * Creates answers from the replica and the batches that were sent unsaved.
     *
     * @param mustWait tells whether a member must not be answered yet
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

    /** Drops the cached frames after the store changed. */
    void storeChanged() {
        step1Frame = null;
        fullStateFrame = null;
    }

    /** The cached frame with the whole document, or null. */
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

    /** Queues an answer for a member. Further step 1s before that answer are covered by it. */
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

    /** Answers the queued step 1s, except those that must wait and those of members with a large backlog. */
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
     * Whether a member that has nothing, or less than half, gets the shared encoding of the whole document. Clients
     * ignore content that they have, whereas an encoding per member could take any amount of heap.
     */
    private boolean isAboutAll(StateVector asked) {
        return asked.equals(StateVector.EMPTY)
                || (safeguards.boundsAnswers()
                        && replica.get().memory() > SMALL
                        && replica.get().isMostlyUnknownTo(asked));
    }

    /**
     * Returns what a member with this state vector lacks of the content that the sockets have, saved or not, as a V1
     * update; null if it lacks nothing. A member that interprets its own content coming back as saved gets unsaved
     * content without its own part.
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
