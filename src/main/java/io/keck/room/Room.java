package io.keck.room;

import io.keck.crdt.store.StructStore;
import io.keck.metrics.RoomMetrics;
import io.keck.protocol.CloseReason;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One document and the connections to it on this node: a single-threaded state machine. {@link Mailbox} gives it turns;
 * other threads post tasks to that mailbox. This class implements the lifecycle and routes messages and requests;
 * {@link Opening} loads the room, and {@link Steps} defines the order in which a step of the replica takes effect.
 *
 * <pre>
 *            log.open answers          no seat taken for unloadAfter, nothing unsaved
 *   LOADING ──────────────────► OPEN ───────────────────────────────────────────────► CLOSED
 *      │                          │  the life has ended: sockets are told 4404           ▲
 *      │                          │  a task failed: sockets are told 1012               │
 *      │                          └─────────────────────────────────────────────────────┤
 *      └────────────────────────────────────────────────────────────────────────────────┘
 *         log.open fails: sockets are told 1013
 * </pre>
 *
 * <p><b>Seen is saved.</b> The store equals the log up to {@code applied}, always. An update is reduced to the content
 * that neither the store nor a waiting batch has; the rest joins the open batch. While no commit of this room is in
 * flight, the oldest batch goes to the log ({@link Saving}). Only after the log has committed a batch is it applied to
 * the store and sent to the sockets, encoded once. The exception is unsaved mode, see {@link Saving}.
 *
 * <p><b>Other nodes</b> append to the same log. {@link Replica} keeps the store equal to it, whatever {@link RoomBus}
 * loses.
 *
 * <p><b>Lives.</b> A room is one life of its name and closes when that life ends ({@link Life}).
 *
 * <p><b>Quarantine.</b> A room with damaged stored data is read-only ({@link Quarantine}).
 */
final class Room implements ReplicaOwner {
    private enum State {
        LOADING,
        OPEN,
        CLOSED
    }

    private static final long IDLE_TICK_MS = 4_000;
    private final String name;
    private final RoomContext context;
    private final LongSupplier clock;
    private final RoomSettings settings;
    private final Runnable onClosed;
    private final Safeguards safeguards;
    private final Mailbox mailbox;
    private final Seats seats;
    private final Life life;
    private final Quarantine quarantine;
    private final Batches batches;
    private final Replica replica;
    private final Requests requests;
    private final Audience audience;
    private final Saving saving;
    private final DocumentGrowth growth;
    private final Members members;
    private final RoomBus bus;
    private final RoomDocument document;
    private final RoomHeap heap;
    private final Opening opening;
    private final Steps steps;
    private final Watchers watchers;

    /** The busy time at the previous sample; owned by {@link Busiest}. */
    long busyBefore;

    /** When {@link #onTick} is due: soon while work is waiting, otherwise after {@link #IDLE_TICK_MS}. */
    private volatile long wakeAt = Long.MIN_VALUE;

    private State state = State.LOADING;

    /** The close reason for connections that arrive after the room has closed. */
    private CloseReason closeReason = CloseReason.restart();

    /** The list of members, shared by {@link Audience}, {@link Members} and {@link RoomAwareness}. */
    private final List<Member> all = new ArrayList<>();

    /**
     * Creates a room that is not loaded yet.
     *
     * @param overlays the unsaved updates of the node
     * @param onClosed runs in a turn when the room takes no more connections
     */
    Room(String name, RoomContext context, Overlays overlays, Runnable onClosed, Safeguards safeguards) {
        this.name = name;
        this.context = context;
        this.clock = context.clock();
        this.settings = context.settings();
        this.onClosed = onClosed;
        this.safeguards = safeguards;
        mailbox = new Mailbox(
                context.threads().rooms(),
                this::endOfTurn,
                () -> close(CloseReason.restart()),
                context.metrics()::nanos);
        seats = new Seats(clock.getAsLong());
        life = new Life(name, clock, context.warnings(), safeguards);
        RoomScope scope = new RoomScope(name, context, safeguards, life);
        quarantine = new Quarantine(name, context.metrics());
        batches = new Batches(context.ids(), safeguards);
        replica = new Replica(scope, batches, mailbox::post, this);
        RoomContent content = new RoomContent(replica, batches);
        watchers = new Watchers(seats, replica);
        requests = new Requests(context, replica, batches);
        audience = new Audience(all, settings, context.metrics());
        saving = new Saving(
                scope, content, overlays, mailbox, requests, audience, this::tellOthers, this::lifeEnded, claims());
        heap = new RoomHeap(context.memory().ledger(), name, this::sendAway);
        growth = new DocumentGrowth(scope, content, all);
        RoomSize size = new RoomSize(growth, heap);
        members = new Members(scope, content, size, saving, seats, all, watchers, this::inTurn, this::tellOthers);
        bus = new RoomBus(context, mailbox, () -> state == State.OPEN, replica, saving, members);
        document = new RoomDocument(
                name,
                context,
                safeguards,
                mailbox::post,
                () -> store().encode(),
                () -> store().typedMemory() * 5 / 4, // documents that are edited hold values as they were parsed
                edit -> saving.submit(edit, state == State.OPEN ? growth.refusal(edit) : life.whyNot(0)));
        opening = new Opening(name, context, life, overlays, mailbox::post, this::opened, this::close);
        steps = new Steps(scope, content, size, saving, audience, members, document, watchers, bus);
    }

    // ------------------------------------------------------------------ called from any thread

    /** Begins to load the room. */
    void load() {
        opening.load();
    }

    /** The seats that keep the room loaded. */
    Seats seats() {
        return seats;
    }

    /** The state of this room as a life of its name. */
    Life life() {
        return life;
    }

    /** Posts a turn that gives a seat back. */
    void release() {
        mailbox.post(() -> seats.give(clock.getAsLong()));
    }

    /** Whether this room is loaded and has the given id. */
    boolean isLife(long id) {
        Replica.Position at = replica.position();
        return safeguards.closesEndedLives() && at != null && at.roomId() == id;
    }

    /** Records that the life with an id has ended; if it is this one, the room closes before any later task. */
    void retire(long id) {
        inTurn(() -> {
            if (isLife(id)) {
                lifeEnded();
            }
        });
    }

    /** Asks the log because the life of the room may have ended. */
    void lookAgain() {
        inTurn(replica::readOn);
    }

    /** Whether the room was deleted, before or after it was loaded; may be called in {@code onClosed}. */
    boolean wasDeleted() {
        return closeReason.equals(CloseReason.deleted()) || closeReason.equals(CloseReason.held());
    }

    /**
     * Carries out a request in a turn once the replica contains everything that was committed before its arrival.
     *
     * @param local whether the current replica suffices
     */
    void request(boolean local, Request request) {
        mailbox.post(() -> {
            if (state == State.CLOSED) {
                request.refused(life.whyNot(request.moment), closeReason);
                return;
            }
            requests.add(request);
            whenOpen(() -> {
                boolean asks = !local && life.mustBeConfirmedFor(request);
                requests.ask(request, !asks, saving.isUnsaved());
                request.stale |= quarantine.isOn();
            });
        });
    }

    /** Runs a task in a turn: at once if the room is open, later if it is loading, never after it has closed. */
    void inTurn(Runnable task) {
        mailbox.post(() -> whenOpen(task));
    }

    /** Lends the turns of the room ({@link Mailbox#lend}); also says why nothing can be read in it, or null. */
    void lend(BiConsumer<@Nullable RuntimeException, Runnable> to) {
        mailbox.post(() -> mailbox.lend(back -> to.accept(state == State.OPEN ? null : life.whyNot(0), back)));
    }

    /** The watchers of the room. */
    Watchers watchers() {
        return watchers;
    }

    /** Removes a watcher that was added by {@link Watchers#follow}. */
    void unwatch(Watcher watcher) {
        mailbox.post(() -> watchers.remove(watcher));
        release();
    }

    /** The connections to the room. */
    Members members() {
        return members;
    }

    /** Passes a view of the room to a consumer, in a turn. */
    void look(Consumer<RoomView> watcher) {
        mailbox.post(() -> watcher.accept(RoomView.of(
                name,
                replica.position(),
                state.name(),
                all.size(),
                batches.memory(),
                saving.isUnsaved(),
                quarantine.what())));
    }

    /**
     * Whether the room exists for back ends, because content was committed in it or a back end created it. In turns
     * only.
     */
    boolean isMade() {
        return replica.applied() > 0 || life.isMade();
    }

    /**
     * Called when a back end of this node has created the room: the log must be read, even if no other node writes to
     * it.
     */
    void wasMade() {
        inTurn(requests::doubt);
    }

    /** The damage of stored data, which makes the room read-only; null if there is none. */
    UpdateLog.@Nullable Damage damage() {
        return quarantine.damage();
    }

    RoomDocument document() {
        return document;
    }

    String name() {
        return name;
    }

    /** The store of the replica; may be used in turns only. */
    StructStore store() {
        return replica.store();
    }

    /** The position of the room in the log; null while it is loading. */
    Replica.@Nullable Position position() {
        return replica.position();
    }

    /**
     * Passes the head of the room's log to the replica.
     *
     * @param head null if the log does not know the room
     * @param asked the position of the replica when the log was asked
     */
    void headSeen(UpdateLog.@Nullable Head head, Replica.Position asked) {
        boolean isNew = head == null || head.seq() > asked.seq();
        if (!safeguards.comparesHeads() || (!isNew && !safeguards.noticesLostRows())) {
            return;
        }
        if (head == null || head.deleted() || head.seq() != asked.seq() || head.link() != asked.link()) {
            inTurn(() -> replica.headSeen(head, asked, saving.isOnItsWay(head)));
        }
    }

    /** When the oldest uncommitted update was received, by the clock of {@link RoomMetrics}; 0 if there is none. */
    long waitingSince() {
        return saving.waitingSince();
    }

    /** The total nanoseconds of all turns. */
    long busyNanos() {
        return mailbox.busyNanos();
    }

    /** Runs the tick if it is due; free of cost while the room has nothing to do. */
    void tick() {
        if (clock.getAsLong() >= wakeAt) {
            mailbox.post(this::onTick);
        }
    }

    /** Asks all connections to reconnect later, so that the room can close once everything is saved. */
    private void sendAway(String why) {
        mailbox.post(() -> all.forEach(m -> m.connection.close(CloseReason.overload(why))));
    }

    /** Closes the room now if it has no connections and would close later anyway. */
    void unloadIfIdle() {
        inTurn(() -> endIfIdle(0));
    }

    /** Closes all connections, and runs a listener when everything is saved. */
    void drain(CloseReason reason, Runnable whenSaved) {
        mailbox.post(() -> {
            if (state == State.CLOSED) {
                whenSaved.run();
                return;
            }
            all.forEach(m -> m.connection.close(reason));
            saving.whenSaved(whenSaved);
        });
    }

    private void whenOpen(Runnable task) {
        if (state == State.LOADING) {
            opening.later(task);
        } else if (state == State.OPEN) {
            task.run();
        }
    }

    private void tellOthers(Bus.Event event) {
        bus.tell(event);
    }

    // ------------------------------------------------------------------ turns: the log

    @Override
    public void advance(Advance step) {
        steps.advance(step);
    }

    @Override
    public void replace(Replacement fresh) {
        steps.replace(fresh);
    }

    @Override
    public void caughtUp(boolean isMade) {
        life.isMade(isMade);
        saving.caughtUp();
    }

    @Override
    public void readEnded(long number, @Nullable Throwable error) {
        saving.readEnded(number, error);
    }

    @Override
    public void damaged(UpdateLog.Damage found) {
        quarantine.begin(found);
    }

    @Override
    public void ended(ReplicaOwner.End why) {
        switch (why) {
            case DELETED -> lifeEnded();
            case RELOAD -> close(CloseReason.restart());
        }
    }

    // ------------------------------------------------------------------ turns: loading, time and the end

    private void opened(UpdateLog.Contents contents) {
        state = State.OPEN;
        life.begin(contents.ended());
        life.isMade(contents.isMade());
        bus.subscribe(contents.roomId());
        replica.begin(contents);
        growth.begin();
        members.loaded();
        watchers.risen(contents.roomId(), contents.head().seq());
        opening.runWaiting();
        heap.measure(store(), batches, members.awareness());
        opening.ended(heap.ofReplica());
    }

    private void endOfTurn() {
        if (state != State.OPEN) {
            return;
        }
        members.awareness().publish();
        requests.serve(saving.isUnsaved());
        members.answer();
        saving.endOfTurn();
        members.tellSaved();
        heap.endOfTurn(store(), batches, members.awareness());
        // a turn never postpones the tick, because busy rooms need ticks, too
        wakeAt = Math.min(wakeAt, nextTick(clock.getAsLong()));
    }

    private long nextTick(long now) {
        if (!batches.isEmpty() || members.isAnyoneWaiting() || !requests.isEmpty()) {
            return now + settings.retryAfter();
        }
        return all.isEmpty() ? Math.max(now, seats.emptySince() + settings.unloadAfter()) : now + IDLE_TICK_MS;
    }

    private void onTick() {
        long now = clock.getAsLong();
        if (state != State.OPEN) {
            return;
        }
        wakeAt = Long.MAX_VALUE; // set at the end of this turn
        saving.onTick(now);
        members.awareness().expire();
        members.onTick();
        audience.lookAfter(now);
        growth.onTick(members.step1());
        heap.measure(store(), batches, members.awareness());
        endIfIdle(settings.unloadAfter());
    }

    private void endIfIdle(long after) {
        boolean idle = members.areGone() && batches.isEmpty() && clock.getAsLong() - seats.emptySince() >= after;
        if (idle && !quarantine.isOn() && seats.shutIfFree()) {
            if (life.isWanted() && !isMade()) {
                context.log().forget(replica.roomId());
            }
            ended();
        }
    }

    private void ended() {
        state = State.CLOSED;
        opening.ended(0);
        replica.stop();
        life.leave(batches::clients, members.awareness()::present);
        document.end(life.whyNot(0));
        requests.end(life::whyNot, closeReason, life.hasEnded() ? life.endOfLife() : null, saving.unanswered());
        watchers.ended(life.farewell());
        members.end();
        bus.end();
        saving.end();
        growth.end();
        quarantine.end();
        heap.end();
        onClosed.run();
    }

    private Claims claims() {
        return new Claims() {
            @Override
            public UpdateLog.@Nullable Claim claim(Batch batch) {
                return members.claim(batch);
            }

            @Override
            public void idsTaken(ClientIdsTakenException refusal) {
                members.idsTaken(refusal);
            }
        };
    }

    private void lifeEnded() {
        if (state != State.CLOSED) {
            life.end();
            close(CloseReason.deleted());
        }
    }

    /** Closes the room and its connections; the next connection opens it again. */
    private void close(CloseReason reason) {
        if (state == State.CLOSED) {
            return;
        }
        closeReason = reason;
        seats.shut();
        ended();
        // a member for which the log did not confirm the life may belong to the next one: it reconnects and asks
        all.forEach(m -> m.connection.close(life.hasEnded() && !m.isProven ? CloseReason.restart() : reason));
        all.clear();
        saving.tellSaved();
    }
}
