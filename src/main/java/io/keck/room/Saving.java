package io.keck.room;

import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.UnheldDeletes;
import io.keck.crdt.store.Update;
import io.keck.failure.Refused;
import io.keck.failure.RoomGone;
import io.keck.failure.RoomLost;
import io.keck.metrics.RoomMetrics;
import io.keck.room.Flight.Attempt;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits a room's batches to the log: oldest first, one at a time or, if only their authors differ, several in one
 * transaction. A batch is retried with the same id until the log confirms it. Updates that arrive while a batch is in
 * flight form the next one. Used only in the room's turns, apart from {@link #waitingSince}.
 *
 * <pre>
 *   state     an update that comes in                 an edit of a back end    a step 1
 *   saved     is sent when it is committed            waits for its commit     waits for its sender's own updates
 *   unsaved   is sent to members and nodes at once    is refused at once       is answered at once
 *
 *   saved ──► unsaved   a commit fails, or takes longer than saveTimeout
 *   unsaved ──► saved   a batch is in the log
 * </pre>
 *
 * <p><b>Unsaved mode.</b> The waiting batches are an overlay over the store: answers contain them, but nothing is
 * reported as saved. Each node that receives such an update also tries to commit it, so the first one that reaches the
 * database does.
 *
 * <p><b>Limits.</b> While more than {@code maxUnsaved} bytes are uncommitted, in either state, the room stops reading
 * from the members that write.
 */
final class Saving {
    private static final Logger LOG = LoggerFactory.getLogger(Saving.class);
    /** Before any time: clocks may be negative. */
    private static final long AT_ONCE = Long.MIN_VALUE;

    private final String name;
    private final RoomContext context;
    private final RoomSettings settings;
    private final Overlays overlays;
    private final Mailbox turns;
    private final Batches batches;
    private final Replica replica;
    private final Requests requests;
    private final Audience audience;
    private final Consumer<Bus.Event> others;
    private final Safeguards safeguards;
    private final Life life;
    private final Runnable lifeEnded;
    private final Claims claims;
    private final Flight flight = new Flight();
    private boolean isUnsaved;
    /** The earliest time of the next commit, in milliseconds of the room's clock. */
    private long nextAttempt = AT_ONCE;
    /** The bytes of this room that are currently counted in {@link #overlays}. */
    private long counted;

    private boolean hasEnded;
    private final List<Runnable> whenSaved = new ArrayList<>();
    /** When the oldest uncommitted update was received, by the clock of {@link RoomMetrics}; 0 if there is none. */
    private final AtomicLong waitingSince = new AtomicLong();

    /**
     * Creates the saving of a room without batches.
     *
     * @param overlays the unsaved updates of the node
     * @param others sends events to the other nodes
     * @param lifeEnded runs when the log refuses a batch because the room was deleted
     */
    Saving(
            RoomScope room,
            RoomContent content,
            Overlays overlays,
            Mailbox turns,
            Requests requests,
            Audience audience,
            Consumer<Bus.Event> others,
            Runnable lifeEnded,
            Claims claims) {
        this.name = room.name();
        this.context = room.context();
        this.settings = context.settings();
        this.safeguards = room.safeguards();
        this.life = room.life();
        this.batches = content.batches();
        this.replica = content.replica();
        this.overlays = overlays;
        this.turns = turns;
        this.requests = requests;
        this.audience = audience;
        this.others = others;
        this.lifeEnded = lifeEnded;
        this.claims = claims;
    }

    /** Whether the room is in unsaved mode. */
    boolean isUnsaved() {
        return isUnsaved;
    }

    /**
     * When the oldest uncommitted update was received, by the clock of {@link RoomMetrics}; 0 if there is none. May be
     * called from any thread.
     */
    long waitingSince() {
        return waitingSince.getOpaque();
    }

    /** The first batch in flight, or null. */
    @Nullable
    Batch onItsWay() {
        return flight.first();
    }

    /** The first batch in flight if the log has not answered for it, or null. */
    @Nullable
    Batch unanswered() {
        return flight.unanswered();
    }

    /** Whether a head of the log is a batch in flight with only own batches before it. */
    boolean isOnItsWay(UpdateLog.@Nullable Head head) {
        return head != null && flight.isHead(head.link(), head.seq() - replica.applied());
    }

    // ------------------------------------------------------------------ what comes in

    /** The part of a member's update that neither the replica nor a waiting batch has. */
    Update reduce(Update update) {
        return safeguards.reducesUpdates() ? batches.fresh(update, replica.store()) : update;
    }

    /** Accepts a member's update, and pauses reading from the member while too much is uncommitted. */
    void add(Update fresh, Member member) {
        batches.add(fresh, member, member.connection.author(), isUnsaved);
        if (isUnsaved) {
            passOn(fresh.encode(), member);
        }
        if (tooMuchWaits() || (isUnsaved && overlays.isFull())) {
            member.paused = true;
            member.connection.pause();
        }
    }

    /**
     * Accepts an update that another node could not commit; the node that reaches the database first commits it. Its
     * author is unknown, because the bus does not carry it. Deletes of structs that this node does not have are left to the
     * other node: the message with the structs may be lost.
     */
    void share(Update update) {
        Update fresh = withoutUnheldDeletes(batches.fresh(update, replica.store()));
        if (!fresh.isEmpty() && !tooMuchWaits() && !overlays.isFull()) {
            batches.add(fresh, null, null, true);
            audience.markSlow(replica.store());
            audience.broadcastUnsaved(fresh.encode(), null);
        }
    }

    private Update withoutUnheldDeletes(Update fresh) {
        DeleteSet unheld = safeguards.holdsUnheldDeletes() ? UnheldDeletes.of(fresh, replica.store()) : null;
        DeleteSet rest = unheld == null ? null : batches.withoutHeld(unheld);
        return rest == null || rest.isEmpty() ? fresh : UnheldDeletes.strip(fresh, rest);
    }

    /**
     * Accepts an edit of a back end, unless it, or an edit on which it builds, cannot be saved now.
     *
     * @param whyNot the reason why the room accepts no edits; null if the room is open
     */
    void submit(Edit edit, @Nullable RuntimeException whyNot) {
        boolean isHopeless = isUnsaved || (safeguards.dropsDependentEdits() && edit.isLost());
        requests.submit(edit, whyNot, isHopeless);
    }

    /** Gives up the waiting edits; the outcome of those in flight is unknown. */
    void giveUpEdits() {
        requests.giveUpEdits(flight.first());
    }

    /** Saves content again that was committed and lost by the log; the sockets have it. */
    void restore(Update lost) {
        int bytes = lost.encode().length;
        LOG.error(
                "Room {}: the database has lost committed updates (was it restored from a backup, or has a standby"
                        + " taken over?). Saving {} bytes again that this node still has",
                name,
                bytes);
        context.metrics().wentBack(bytes);
        batches.addLost(lost);
    }

    private boolean tooMuchWaits() {
        return batches.memory() > settings.maxUnsaved();
    }

    // ------------------------------------------------------------------ to the log

    /** At the end of a turn: hands the oldest batch to the log, and reports what waits to the node. */
    void endOfTurn() {
        commit();
        accountOverlay();
        accountWaiting();
        if (batches.isEmpty()) {
            tellSaved();
        }
    }

    /** Hands the next batches to the log, unless some are in flight or the last attempt failed just now. */
    private void commit() {
        long now = context.clock().getAsLong();
        if (hasEnded || batches.isEmpty() || !flight.isEmpty() || now < nextAttempt) {
            return;
        }
        List<Attempt> made =
                flight.begin(batches.next(), () -> Link.random(context.ids().get()));
        for (Attempt attempt : made) {
            if (!attempt.isRepeated) {
                attempt.batch.submitted = true;
                attempt.batch.submittedAt = now;
                attempt.batch.handedOver = turns.began();
            }
        }
        handOver(made).whenComplete((rows, error) -> turns.post(() -> answered(made, rows, error)));
    }

    private CompletionStage<List<UpdateLog.Appended>> handOver(List<Attempt> made) {
        long room = replica.roomId();
        if (made.size() > 1) {
            return context.log().append(room, made.stream().map(claims::entry).toList());
        }
        Attempt only = made.get(0);
        RequestKey key = only.batch.key();
        return (key != null && only.batch.isKeyOnly()
                        ? context.log().keep(room, key)
                        : context.log().append(room, claims.entry(only), only.isRepeated, key))
                .thenApply(List::of);
    }

    private void answered(List<Attempt> made, @Nullable List<UpdateLog.Appended> rows, @Nullable Throwable error) {
        List<Attempt> open = made.stream().filter(flight::contains).toList();
        if (open.isEmpty()) {
            return;
        }
        if (hasEnded) {
            open.forEach(attempt -> requests.answeredLate(attempt.batch, Replica.cause(error), life.endOfLife()));
        } else if (error != null || rows == null) {
            failed(open, Replica.cause(error));
        } else if (made.size() == 1) {
            answered(made.get(0), rows.get(0));
        } else {
            audience.together(() -> {
                for (int i = 0; i < made.size(); i++) {
                    if (flight.contains(made.get(i))) {
                        answered(made.get(i), rows.get(i));
                    }
                }
            });
        }
    }

    private void answered(Attempt made, UpdateLog.Appended row) {
        Batch batch = made.batch;
        if (!batches.contains(batch)) {
            flight.remove(made); // the bus or a read delivered its row before this answer
        } else if (batch.isKeyOnly() && row.seq() <= replica.applied()) {
            flight.remove(made);
            saved(batch);
        } else if (!batch.isKeyOnly() && replica.isNext(row)) {
            flight.remove(made);
            replica.take(batch, row);
        } else {
            made.row = row.seq();
            made.read = replica.readOn();
        }
    }

    private void failed(List<Attempt> all, @Nullable Throwable cause) {
        all.forEach(flight::remove);
        if (cause instanceof RoomGone || cause instanceof ClientIdsTakenException) {
            all.forEach(made ->
                    made.batch.submitted = made.isRepeated); // only this attempt is certain to have done nothing
            Runnable next = cause instanceof ClientIdsTakenException taken ? () -> claims.idsTaken(taken) : lifeEnded;
            next.run();
            return;
        }
        if (!(cause instanceof Refused)) {
            context.metrics().commitFailed();
        }
        if (cause instanceof RoomLost) {
            replica.rebuild();
        }
        Batch first = all.get(0).batch;
        if (first.isEdits()) { // edits go alone
            if (requests.failed(first, cause)) {
                tryAgainLater();
            }
            return;
        }
        overlays.outage().failed(name, "could not save an update", cause);
        tryAgainLater();
        beginUnsaved();
    }

    private void tryAgainLater() {
        nextAttempt = context.clock().getAsLong() + settings.retryAfter();
    }

    // ------------------------------------------------------------------ in the log

    /** Called when a batch of this room is in the replica. */
    void committed(Batch batch) {
        long now = turns.began();
        long waited = batch.receivedAt == 0 ? -1 : now - batch.receivedAt;
        context.metrics().committed(now - batch.handedOver, waited, batch.updates, batch.payload().length);
        saved(batch);
    }

    private void saved(Batch batch) {
        batches.remove(batch);
        nextAttempt = AT_ONCE;
        requests.committed(batch);
        if (isUnsaved) {
            endUnsaved();
            overlays.outage().saved(name, batch.updates);
        }
        if (!tooMuchWaits()) {
            audience.resumeAll();
        }
    }

    /**
     * Called after rows were applied: they may contain the batch in flight, and updates that another node committed for
     * this one.
     */
    void caughtUp() {
        for (Attempt made : flight.answered()) {
            if (replica.applied() >= made.row && (!batches.contains(made.batch) || isInReplica(made.batch))) {
                flight.remove(made);
                if (batches.contains(made.batch)) {
                    saved(made.batch); // the snapshot contains it
                }
            }
        }
        dropSaved(batches.sent());
    }

    /**
     * Called when a read of the log has ended. If the row of the batch in flight is still missing after a read that had
     * to show it, the log went back meanwhile and the batch is retried.
     *
     * <p>A batch is settled here if its row was read and the replica lacks only deletes of it. Then the row preceded
     * the structs that it deletes, and a mark made the replica forget these deletes (see {@link ForgetMark}); a retry
     * would get the same row each time. Deletes whose structs are in the replica or a waiting batch by now are saved as
     * a new batch.
     *
     * @param error the reason why the log could not be read, or null
     */
    void readEnded(long number, @Nullable Throwable error) {
        List<Attempt> answered = flight.answered();
        if (error != null && !answered.isEmpty()) {
            failed(answered, error);
            return;
        }
        for (Attempt made : answered) {
            if (number >= made.read) {
                flight.remove(made);
                if (made.row <= replica.applied() && batches.contains(made.batch)) {
                    endIfOnlyDeletesLack(made.batch);
                }
            }
        }
    }

    /** Called when the replica was replaced. */
    void replaced() {
        flight.forgetAnswered(); // the rows may be among those that the log has lost
        dropSaved(batches.all());
    }

    private void dropSaved(List<Batch> candidates) {
        for (Batch batch : candidates) {
            if (!flight.holds(batch) && isInReplica(batch)) {
                saved(batch);
            }
        }
    }

    private boolean isInReplica(Batch batch) {
        return replica.store().reduce(batch.update()).isEmpty();
    }

    private void endIfOnlyDeletesLack(Batch batch) {
        Update rest = replica.store().reduce(batch.update());
        if (rest.structCount() > 0) {
            return;
        }
        DeleteSet unheld = UnheldDeletes.of(rest, replica.store());
        Update deletes = unheld == null ? rest : UnheldDeletes.strip(rest, batches.withoutHeld(unheld));
        saved(batch); // the structs of some deletes may wait behind it, because the log has lost them
        if (!deletes.isEmpty()) {
            batches.addRest(deletes, batch);
        }
    }

    // ------------------------------------------------------------------ unsaved mode

    /** Called by the tick: a commit that takes too long begins unsaved mode. */
    void onTick(long now) {
        Batch late = onItsWay();
        if (late == null || now - late.submittedAt <= settings.saveTimeout()) {
            return;
        }
        if (batches.isEmpty()) {
            return; // the row was read before the log has answered, so nothing is unsaved and no commit would end the
            // mode
        }
        if (late.isEdits() && batches.areAllEdits()) {
            requests.giveUpEdits(late); // edits of back ends do not wait for the database any longer
        } else {
            beginUnsaved();
        }
    }

    private void beginUnsaved() {
        if (isUnsaved) {
            return;
        }
        isUnsaved = true;
        overlays.began();
        context.metrics().unsavedBegan();
        overlays.outage().unsaved(name);
        requests.giveUpEdits(onItsWay());
        batches.sendAll(batch -> passOn(batch.encode(), batch.soleOrigin()));
    }

    private void passOn(byte[] update, @Nullable Member from) {
        audience.markSlow(replica.store());
        audience.broadcastUnsaved(update, from);
        others.accept(new Bus.Event.Unsaved(update));
    }

    private void endUnsaved() {
        isUnsaved = false;
        overlays.ended();
        context.metrics().unsavedEnded();
    }

    // ------------------------------------------------------------------ what the node sees, and the end

    /** Publishes the age of the oldest uncommitted update. */
    private void accountWaiting() {
        Batch first = batches.first();
        if (first != null && first.receivedAt == 0) {
            first.receivedAt = turns.began(); // it came from no socket, so its age counts from here
        }
        waitingSince.setOpaque(first == null ? 0 : first.receivedAt);
    }

    /** Reports the heap of this room's unsaved updates to the node. */
    private void accountOverlay() {
        long bytes = batches.anySent() && !hasEnded ? batches.memory() : 0;
        if (bytes != counted) {
            overlays.add(bytes - counted);
            counted = bytes;
        }
    }

    /** Runs a listener once, when everything is saved or the room has ended. */
    void whenSaved(Runnable listener) {
        whenSaved.add(listener);
    }

    /**
     * Runs the listeners that wait until everything is saved; also at the end of the room, which saves nothing more.
     */
    void tellSaved() {
        whenSaved.forEach(Runnable::run);
        whenSaved.clear();
    }

    /** Called when the room has ended; a batch in flight may be committed nevertheless. */
    void end() {
        hasEnded = true;
        if (isUnsaved) {
            isUnsaved = false;
            overlays.ended();
        }
        accountOverlay();
        waitingSince.setOpaque(0);
    }
}
