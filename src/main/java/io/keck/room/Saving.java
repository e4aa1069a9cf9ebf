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
 * The way of a room's batches into the log: oldest first, one at a time or, where only their authors differ, several in one
 * transaction; each handed over again with the same id until the log says that it is there. What arrives while a batch is on its way forms the next one. Touched only in the room's
 * turns, apart from {@link #waitingSince}.
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
 * <p><b>Unsaved mode.</b> The waiting batches are an overlay over the store: answers contain them, though nothing is
 * called saved. Each node that hears of such an update owns it, too, so the first that reaches the database commits it.
 *
 * <p><b>Limits.</b> When more than {@code maxOverlay} bytes wait to be committed, in either state, the room stops reading
 * from the members that write, until less waits.
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

    private final Flight flight = new Flight();
    private boolean isUnsaved;
    /** No commit is tried before, in milliseconds of the room's clock. */
    private long nextAttempt = AT_ONCE;
    /** The bytes of this room that are counted in {@link #overlays}. */
    private long counted;

    private boolean hasEnded;
    private final List<Runnable> whenSaved = new ArrayList<>();
    /** When the oldest update that is not committed came, by the clock of {@link RoomMetrics}; 0 for none. */
    private final AtomicLong waitingSince = new AtomicLong();

    /**
     * Nothing to save yet.
     *
     * @param overlays of the node
     * @param others tells the other nodes
     * @param lifeEnded run when the log refuses a batch because the room was deleted
     */
    Saving(
            String name,
            RoomContext context,
            Overlays overlays,
            Mailbox turns,
            Batches batches,
            Replica replica,
            Requests requests,
            Audience audience,
            Consumer<Bus.Event> others,
            Safeguards safeguards,
            Life life,
            Runnable lifeEnded) {
        this.name = name;
        this.context = context;
        this.settings = context.settings();
        this.overlays = overlays;
        this.turns = turns;
        this.batches = batches;
        this.replica = replica;
        this.requests = requests;
        this.audience = audience;
        this.others = others;
        this.safeguards = safeguards;
        this.life = life;
        this.lifeEnded = lifeEnded;
    }

    /** Whether updates are passed on though they are not saved. */
    boolean isUnsaved() {
        return isUnsaved;
    }

    /** When the oldest update that is not committed came, by the clock of {@link RoomMetrics}; 0 for none. From any thread. */
    long waitingSince() {
        return waitingSince.getOpaque();
    }

    /** The batch that the log was asked to commit, until that is settled. */
    @Nullable
    Batch onItsWay() {
        return flight.first();
    }

    /** The batch that is on its way, if the log has not answered for it. */
    @Nullable
    Batch unanswered() {
        return flight.unanswered();
    }

    /** Whether that head of the log is a batch on its way, with nothing of others before it. */
    boolean isOnItsWay(UpdateLog.@Nullable Head head) {
        return head != null && flight.isHead(head.link(), head.seq() - replica.applied());
    }

    // ------------------------------------------------------------------ what comes in

    /** The part of a member's update that neither the replica nor a waiting batch has. */
    Update reduce(Update update) {
        return safeguards.reducesUpdates() ? fresh(update) : update;
    }

    private Update fresh(Update update) {
        return batches.reduce(replica.store().reduce(update));
    }

    /** Takes a member's update, and reads no further from the member while too much waits. */
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
     * Takes an update that another node could not commit: the node that reaches the database first commits it. The bus does
     * not say who made it.
     */
    void share(Update update) {
        Update fresh = fresh(update);
        if (!fresh.isEmpty() && !tooMuchWaits() && !overlays.isFull()) {
            batches.add(fresh, null, null, true);
            audience.markSlow(replica.store());
            audience.broadcastUnsaved(fresh.encode(), null);
        }
    }

    /**
     * Takes an edit of a back end, unless it cannot be saved now or was made on another edit that could not.
     *
     * @param whyNot null where the room is open
     */
    void submit(Edit edit, @Nullable RuntimeException whyNot) {
        boolean isHopeless = isUnsaved || (safeguards.dropsDependentEdits() && edit.isLost());
        requests.submit(edit, whyNot, isHopeless);
    }

    /** Saves again what was committed once and is not in the log any more: the sockets have it. */
    void restore(Update lost) {
        int bytes = lost.encode().length;
        LOG.error(
                "Room {}: the database has lost updates that it had committed (was it restored from a backup, or has a"
                        + " standby taken over?). {} bytes that were still here are saved again",
                name,
                bytes);
        context.metrics().wentBack(bytes);
        batches.addLost(lost);
    }

    private boolean tooMuchWaits() {
        return batches.memory() > settings.maxOverlay();
    }

    // ------------------------------------------------------------------ to the log

    /** At the end of a turn: hands the oldest batch to the log, and lets the node see what waits. */
    void endOfTurn() {
        commit();
        accountOverlay();
        accountWaiting();
        if (batches.isEmpty()) {
            tellSaved();
        }
    }

    /** Hands the next batches to the log, unless some are on their way or the last attempt failed just now. */
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
            return context.log().append(room, made.stream().map(Attempt::entry).toList());
        }
        Attempt only = made.get(0);
        RequestKey key = only.batch.key();
        return (key != null && only.batch.isKeyOnly()
                        ? context.log().keep(room, key)
                        : context.log().append(room, only.entry(), only.isRepeated, key))
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
            flight.remove(made); // its row came over the bus or from a read before this answer
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
        if (cause instanceof RoomGone) {
            all.forEach(made ->
                    made.batch.submitted = made.isRepeated); // only this attempt is certain to have done nothing
            lifeEnded.run();
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

    /** An own batch is in the replica, as the row that the log has given it. */
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

    /** Rows were taken in: they may contain the batch on its way, and updates that another node has committed for us. */
    void caughtUp() {
        for (Attempt made : flight.answered()) {
            if (replica.applied() >= made.row && (!batches.contains(made.batch) || isInReplica(made.batch))) {
                flight.remove(made);
                if (batches.contains(made.batch)) {
                    saved(made.batch); // it came with the snapshot
                }
            }
        }
        dropSaved(batches.sent());
    }

    /**
     * A read of the log has ended. If the row of the batch on its way is still missing after a read that had to show it,
     * the log went back meanwhile and the batch is handed over once more.
     *
     * <p>A batch ends here if the replica lacks only deletes of it, although its row was read. Then the row came before
     * the structs that it deletes, and a mark made the replica forget these deletes (see {@link ForgetMark}); handed over
     * again, the batch would be answered with the same row each time. Deletes whose structs are in the replica or in a
     * waiting batch by now are saved as a new batch.
     *
     * @param error why the log could not be read, or null
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

    /** The replica is another one. */
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
        saved(batch); // the structs of some may wait behind it, since the log has lost them
        if (!deletes.isEmpty()) {
            batches.addRest(deletes, batch);
        }
    }

    // ------------------------------------------------------------------ unsaved mode

    /** Time has passed: a commit that takes too long begins the unsaved mode. */
    void onTick(long now) {
        Batch late = onItsWay();
        if (late == null || now - late.submittedAt <= settings.saveTimeout()) {
            return;
        }
        if (late.isEdits() && batches.areAllEdits()) {
            requests.giveUpEdits(late); // no member waits for the database
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

    /** Lets the node see how long something has been waiting to be committed. */
    private void accountWaiting() {
        Batch first = batches.first();
        if (first != null && first.receivedAt == 0) {
            first.receivedAt = turns.began(); // it came from no socket: it counts from here
        }
        waitingSince.setOpaque(first == null ? 0 : first.receivedAt);
    }

    /** Tells the node how much of its heap is taken by what this room could not save. */
    private void accountOverlay() {
        long bytes = batches.anySent() && !hasEnded ? batches.memory() : 0;
        if (bytes != counted) {
            overlays.add(bytes - counted);
            counted = bytes;
        }
    }

    /** Runs a listener once, when nothing waits to be saved or the room has ended. */
    void whenSaved(Runnable listener) {
        whenSaved.add(listener);
    }

    /** Runs what waits until everything is saved; also at the end of the room, which saves nothing more. */
    void tellSaved() {
        whenSaved.forEach(Runnable::run);
        whenSaved.clear();
    }

    /** The room has ended; a batch that is on its way may be committed nevertheless. */
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
