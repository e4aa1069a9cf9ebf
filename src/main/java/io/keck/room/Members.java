package io.keck.room;

import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.Update;
import io.keck.metrics.RoomMetrics;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Manages the members of one room from joining to leaving: greets them, routes their messages, answers their step 1s,
 * and catches up members that were too slow. Used only in the room's turns.
 *
 * <p><b>Slow sockets.</b> A member whose backlog is above {@code maxBacklog} gets no more batches: {@link Audience}
 * records the state vector of the member, and {@link #catchUp} sends everything that it lacks in one piece when its
 * socket has drained.
 *
 * <p><b>Step 1</b> is answered at the end of a turn, after the earlier updates of its sender are committed. If other
 * nodes write to the log as well, the log is read first, so that the answer contains everything that any node committed
 * before. The room waits at most {@code saveTimeout} for the log, and in unsaved mode not at all.
 */
final class Members implements Message.Handler<Member> {
    private final RoomContext context;
    private final Replica replica;
    private final Batches batches;
    private final Saving saving;
    private final Life life;
    private final Seats seats;
    private final List<Member> all;
    private final DocumentGrowth growth;
    private final Consumer<Runnable> turns;
    private final Answers answers;
    private final RoomAwareness awareness;
    private final WaitingDeletes waitingDeletes;
    private final ForgetMark forgetMark;
    private final Conflicts conflicts;
    private final RoomHeap heap;
    private final SavedPositions positions;
    private final RoomMessages messages;
    private final Safeguards safeguards;
    private final HeldEdits heldEdits;
    /** Null if authorship is only recorded. */
    private final @Nullable HeldBack heldBack;

    /**
     * Creates a room without members.
     *
     * @param all the room's list of members
     * @param watchers who follow the room
     * @param turns runs a task in a turn of the room while the room is open
     * @param others sends events to the other nodes
     */
    Members(
            RoomScope room,
            RoomContent content,
            RoomSize size,
            Saving saving,
            Seats seats,
            List<Member> all,
            Watchers watchers,
            Consumer<Runnable> turns,
            Consumer<Bus.Event> others) {
        this.context = room.context();
        this.safeguards = room.safeguards();
        this.life = room.life();
        this.replica = content.replica();
        this.batches = content.batches();
        this.growth = size.growth();
        this.heap = size.heap();
        this.saving = saving;
        this.seats = seats;
        this.all = all;
        this.turns = turns;
        this.answers =
                new Answers(replica::store, batches, context.settings(), context.clock(), safeguards, this::mustWait);
        this.waitingDeletes = new WaitingDeletes(
                replica, batches, context.clock(), m -> m.connection.send(answers.step1()), safeguards);
        this.conflicts = new Conflicts(replica, batches, context, safeguards);
        this.forgetMark = new ForgetMark(replica, batches, saving, context.clock(), safeguards);
        this.positions = new SavedPositions(batches, safeguards);
        this.messages = new RoomMessages(room, all, watchers, others);
        this.heldEdits =
                new HeldEdits(context, replica, batches, turns, edit -> saving.submit(edit, growth.refusal(edit)));
        Held held = context.held();
        this.heldBack = held == null || !held.isStrict()
                ? null
                : new HeldBack(
                        held,
                        context,
                        replica,
                        batches,
                        turns,
                        saving::reduce,
                        member -> member.connection.send(answers.step1()),
                        safeguards);
        if (heldBack != null) {
            heldBack.onReady(this::add);
        }
        this.awareness = new RoomAwareness(context, all, turns, others, safeguards);
    }

    RoomAwareness awareness() {
        return awareness;
    }

    /** The messages between applications and back ends. */
    RoomMessages messages() {
        return messages;
    }

    /** Drops the cached frames after the store changed. */
    void storeChanged() {
        answers.storeChanged();
        heap.keeps(null);
    }

    // ------------------------------------------------------------------ joining and leaving

    /**
     * Gives a connection its seat, greets it, and handles the frames that it sent meanwhile.
     *
     * @param stale whether the log did not confirm that this life continues
     */
    void sit(Place place, boolean stale) {
        Member member = new Member(place.connection(), context.settings().maxAwarenessStates());
        if (member.connection.isEchoed()) {
            member.echo = new Echo(member.connection, context.settings().maxUnsaved(), safeguards);
        }
        List<Place.Frame> early = place.begin(new MemberSeat(this, member, turns, context));
        if (early == null) {
            return;
        }
        if (!isOfThisLife(member.connection, stale)) {
            return;
        }
        seats.take();
        if (all.isEmpty() && !life.isMade() && replica.applied() == 0) {
            member.connection.beganRoom();
        }
        member.isProven = !stale || !replica.isFollowing();
        all.add(member);
        if (!member.connection.isAskedInTurn()) {
            member.connection.send(answers.step1());
        }
        awareness.greet(member);
        member.greeted = true;
        member.isFresh = true; // frames sent early have waited with it
        early.forEach(frame -> hear(member, frame.messages(), frame.cameAt()));
        member.isFresh = false;
        if (!member.paused) {
            member.connection.resume();
        }
    }

    /** Tells a connection the epoch if it asked for it, and closes one that has a copy of another life. */
    private boolean isOfThisLife(Connection connection, boolean stale) {
        long epoch = connection.epoch();
        Replica.Position at = replica.position();
        if (epoch == Connection.NO_EPOCH || at == null) {
            return true;
        }
        boolean isOther = epoch > 0 && epoch != at.roomId() && safeguards.comparesEpochs();
        if (isOther && stale) {
            // this life may have ended, and the copy may be of the next one
            connection.close(CloseReason.overload("the database does not answer, please try again"));
        } else if (isOther) {
            connection.close(CloseReason.otherEpoch(at.roomId()));
        } else {
            connection.send(Message.epoch(at.roomId()));
        }
        return !isOther;
    }

    /** Counts the bytes of a handled message. */
    void came(long bytes) {
        heap.came(bytes);
    }

    /** Removes a member; calls after the first do nothing. */
    void leave(Member member) {
        if (all.remove(member)) {
            seats.give(context.clock().getAsLong());
            answers.leave(member);
            awareness.leave(member);
            waitingDeletes.leave(member);
            positions.leave(member);
            if (heldBack != null) {
                heldBack.leave(member);
            }
        }
    }

    // ------------------------------------------------------------------ messages

    /**
     * Handles the messages of one frame.
     *
     * @param cameAt the time of arrival by the clock of {@link RoomMetrics}
     */
    void hear(Member member, List<Message> frame, long cameAt) {
        member.cameAt = cameAt;
        for (Message message : frame) {
            if (!member.isDismissed) {
                message.tell(member, this);
            }
        }
    }

    /** Handles a member's request for what it lacks, including everything that any node committed before. */
    @Override
    public void syncStep1(Member member, Message.SyncStep1 message) {
        StateVector known = message.stateVector();
        if (!member.hasAsked && life.isCopyOfEnded(known, replica.store())) {
            dismiss(member);
            return;
        }
        member.hasAsked = true;
        if (member.mayClaim) {
            member.said = known;
        }
        if (context.log().isShared() && !member.isFresh && !saving.isUnsaved() && replica.isFollowing()) {
            member.freshAfter = replica.lookUp();
            member.freshUntil = context.clock().getAsLong() + context.settings().saveTimeout();
        }
        member.isFresh = false;
        answers.ask(member, known);
    }

    /** Dismisses a member that has a copy of an ended life. */
    private void dismiss(Member member) {
        member.isDismissed = true;
        leave(member);
        member.connection.close(CloseReason.deleted());
    }

    @Override
    public void syncStep2(Member member, Message.SyncStep2 message) {
        member.mayClaim = false;
        growth.tells(member);
        member.said = null;
        accept(member, message.update(), true);
    }

    @Override
    public void syncUpdate(Member member, Message.SyncUpdate message) {
        accept(member, message.update(), false);
    }

    @Override
    public void syncRepeat(Member member, Message.SyncRepeat message) {
        if (message.isAll()) {
            member.mayClaim = false;
            member.said = null;
        }
        positions.came(member);
        boolean isKnown = saving.reduce(message.update()).isEmpty();
        if (!isKnown) {
            member.connection.notSaved(positions.position(member));
        }
        positions.dealtWith(
                member, isKnown ? SavedPositions.Taken.WHOLE : SavedPositions.Taken.IN_PART, message.isAll());
    }

    /** @param isAll whether the update is a step 2, which contains everything that the member has */
    private void accept(Member member, Update update, boolean isAll) {
        positions.came(member);
        if (member.echo != null) {
            member.echo.sent(positions.position(member), update);
        }
        SavedPositions.Taken taken = take(member, update, isAll);
        if (taken != null) {
            positions.dealtWith(member, taken, isAll);
        }
    }

    /** Accepts the new part of an update; returns null if the member is dismissed. */
    private SavedPositions.@Nullable Taken take(Member member, Update update, boolean isAll) {
        if (isAll && !replica.isFollowing()) {
            return saving.reduce(update).isEmpty() ? SavedPositions.Taken.WHOLE : SavedPositions.Taken.IN_PART;
        }
        context.metrics().emptyStructs(update.emptyCount());
        Update fresh = saving.reduce(update);
        if (fresh != update && conflicts.look(member, update)) {
            positions.contradicts(member);
        }
        if (fresh.isEmpty()) {
            return SavedPositions.Taken.WHOLE;
        }
        if (!replica.isFollowing()) {
            member.connection.close(CloseReason.quarantined());
            return null;
        }
        if (life.isContentOfEnded(fresh, replica.store())) {
            dismiss(member);
            return null;
        }
        if (heldBack == null) {
            return add(member, fresh);
        }
        SavedPositions.Taken taken = add(member, heldBack.admit(member, fresh));
        return heldBack.hasCut() ? SavedPositions.Taken.IN_PART : taken;
    }

    /** Adds what the document has room for, without deletes of what is not here. */
    private SavedPositions.Taken add(Member member, Update fresh) {
        Update taken = waitingDeletes.admit(member, fresh);
        boolean isCut = taken != fresh;
        if (!taken.isEmpty()) {
            if (!growth.takes(taken, member)) {
                return SavedPositions.Taken.IN_PART;
            }
            saving.add(taken, member);
            structsCame(taken);
        }
        if (member.hasLostDeletes) {
            member.hasLostDeletes = false;
            return SavedPositions.Taken.IN_PART;
        }
        return isCut && member.waitingDeletes != null
                ? SavedPositions.Taken.WITHOUT_DELETES
                : SavedPositions.Taken.WHOLE;
    }

    /** Called when structs were added to the replica or a batch, because deletes may have waited for them. */
    void structsCame(Update news) {
        waitingDeletes.structsCame(news, (member, deletes) -> {
            Update fresh = saving.reduce(deletes);
            if (!fresh.isEmpty()) {
                saving.add(fresh, member);
            }
            if (member.waitingDeletes == null) {
                positions.deletesTaken(member);
            }
        });
    }

    /** Called when the room was loaded. */
    void loaded() {
        forgetMark.loaded();
        if (heldBack != null) {
            heldBack.begin(all);
        }
    }

    /** Called when the replica was replaced. */
    void replaced() {
        storeChanged();
        if (heldBack != null) {
            heldBack.begin(all);
        }
    }

    /** Returns the edits that take in held updates. */
    HeldEdits heldEdits() {
        return heldEdits;
    }

    /** Returns the owners of the document's client ids; null if authorship is only recorded. */
    @Nullable
    ClientOwners owners() {
        return heldBack == null ? null : heldBack.owners();
    }

    /** See {@link Claims}. */
    UpdateLog.@Nullable Claim claim(Batch batch) {
        return heldBack == null ? null : heldBack.claim(batch);
    }

    /** See {@link Claims}. */
    void idsTaken(ClientIdsTakenException refusal) {
        if (heldBack != null) {
            positions.batchesCut();
            heldBack.idsTaken(refusal.by(), all);
        }
    }

    private boolean isHolding() {
        return heldBack != null && heldBack.isBusy();
    }

    /** Whether no member is left, and strict authorship has nothing left to store. */
    boolean areGone() {
        return all.isEmpty() && !isHolding();
    }

    /** Called when the room ends. */
    void end() {
        awareness.end();
        if (heldBack != null) {
            heldBack.end();
        }
    }

    /** Called when the replica has taken a step. */
    void advanced(Advance step) {
        storeChanged();
        if (heldBack != null) {
            heldBack.owners().advanced(step);
        }
        Batch own = step.own();
        if (own == null || own.isEdits()) {
            structsCame(step.update());
        }
    }

    /** Called by the tick. */
    void onTick() {
        waitingDeletes.onTick(all);
        if (heldBack != null) {
            heldBack.onTick();
        }
        forgetMark.onTick(context.clock().getAsLong());
    }

    @Override
    public void awarenessUpdate(Member member, Message.AwarenessUpdate message) {
        awareness.hear(member, message);
        StateVector said = member.said;
        if (said != null && member.ownClient >= 0) {
            conflicts.compareOwn(member, said.clock(member.ownClient));
        }
        member.said = null;
    }

    @Override
    public void queryAwareness(Member member, Message.QueryAwareness message) {
        awareness.ask(member);
    }

    @Override
    public void auth(Member member, Message.Auth message) {} // a permission message, which only clients act on

    @Override
    public void credential(Member member, Message.Credential message) {} // handled before messages reach the room

    @Override
    public void clientMessage(Member member, Message.ClientMessage message) {
        messages.came(member.connection.author(), message.text());
    }

    @Override
    public void unknown(Member member, Message.Unknown message) {} // ignored, as the reference server does

    // ------------------------------------------------------------------ answers

    /**
     * Whether a step 1 must not be answered yet because updates of its sender or of other nodes are still in flight.
     */
    private boolean mustWait(Member member) {
        if (!heap.hasRoomForAnswer()) {
            return true;
        }
        if (saving.isUnsaved()) {
            return false;
        }
        boolean isStale = member.freshAfter > 0
                && !replica.hasRead(member.freshAfter)
                && context.clock().getAsLong() < member.freshUntil;
        return isStale || batches.holdNewsOf(member) || batches.holdMark();
    }

    /** The room's own step 1. */
    byte[] step1() {
        return answers.step1();
    }

    /** Answers the step 1s that need not wait. */
    void answer() {
        answers.give();
        heap.keeps(answers.kept());
    }

    /** Reports committed positions to the members that asked for them. */
    void tellSaved() {
        positions.tell(saving.isUnsaved());
    }

    /** Whether a step 1 waits for its answer, or a claim for the answer of the state's owner. */
    boolean isAnyoneWaiting() {
        return answers.isAnyoneWaiting() || awareness.isContested() || isHolding();
    }

    /** Sends a member everything that it missed while its socket was too slow. */
    void catchUp(Member member) {
        if (member.connection.backlog() > context.settings().maxBacklog()) {
            return;
        }
        StateVector behind = member.behind;
        if (behind != null) {
            member.behind = null;
            byte[] missed = answers.stateSince(behind, member);
            if (missed != null) {
                member.connection.send(Message.update(missed));
            }
        }
        awareness.catchUp(member);
    }
}
