package io.keck.room;

import io.keck.crdt.store.StructStore;
import io.keck.metrics.RoomMetrics;
import io.keck.protocol.CloseReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One document and the connections to it on this node: a single-threaded state machine. {@link Mailbox} gives it turns;
 * whatever other threads want from it is a task in that mailbox. This class holds the lifecycle, routes messages and
 * requests; {@link Opening} loads it, and {@link Steps} says in which order a step of the replica takes effect.
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
 * <p><b>Seen is saved.</b> The store equals the log up to {@code applied}, always. An update is reduced to what neither
 * the store nor a waiting batch has; the rest joins the open batch. While no commit of this room is in flight, the
 * oldest batch goes to the log ({@link Saving}). Only when the log has committed a batch does the store take it in and do
 * the sockets get it, encoded once. The exception is the unsaved mode, see {@link Saving}.
 *
 * <p><b>Other nodes</b> append to the same log. {@link Replica} keeps the store equal to it, whatever {@link RoomBus}
 * loses.
 *
 * <p><b>Lives.</b> A room is one life of its name, and is closed when that life ends ({@link Life}).
 *
 * <p><b>Quarantine.</b> A room whose stored state is damaged can be read and not be written ({@link Quarantine}).
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

    /** When {@link #onTick} is due: soon while something waits, else after {@link #IDLE_TICK_MS}. */
    private volatile long wakeAt = Long.MIN_VALUE;

    private State state = State.LOADING;

    /** What connections are told that come too late. */
    private CloseReason closeReason = CloseReason.restart();

    /** The list that {@link Audience}, {@link Members} and {@link RoomAwareness} share. */
    private final List<Member> all = new ArrayList<>();

    /**
     * A room that is still to be loaded.
     *
     * @param overlays of the node
     * @param onClosed told, in a turn, when the room takes no more connections
     */
    Room(String name, RoomContext context, Overlays overlays, Runnable onClosed, Safeguards safeguards) {
        this.name = name;
        this.context = context;
        this.clock = context.clock();
        this.settings = context.settings();
        this.onClosed = onClosed;
        this.safeguards = safeguards;
        mailbox = new Mailbox(
                context.executor(), this::endOfTurn, () -> close(CloseReason.restart()), context.metrics()::nanos);
        seats = new Seats(clock.getAsLong());
        life = new Life(name, clock, context.warnings(), safeguards);
        quarantine = new Quarantine(name, context.metrics());
        batches = new Batches(context.ids(), safeguards);
        replica = new Replica(name, context, batches, safeguards, mailbox::post, this);
        watchers = new Watchers(seats, replica);
        requests = new Requests(context, replica, batches);
        audience = new Audience(all, settings, context.metrics());
        saving = new Saving(
                name,
                context,
                overlays,
                mailbox,
                batches,
                replica,
                requests,
                audience,
                this::tellOthers,
                safeguards,
                life,
                this::lifeEnded);
        heap = new RoomHeap(context.ledger(), name, this::sendAway);
        growth = new DocumentGrowth(name, context, batches, replica, all, safeguards);
        members = new Members(
                context,
                replica,
                batches,
                saving,
                life,
                seats,
                all,
                growth,
                safeguards,
                this::inTurn,
                this::tellOthers,
                heap);
        bus = new RoomBus(context, mailbox, () -> state == State.OPEN, replica, saving, members);
        document = new RoomDocument(
                name,
                context,
                safeguards,
                mailbox::post,
                () -> store().encode(),
                () -> store().structCount(),
                edit -> saving.submit(edit, state == State.OPEN ? growth.refusal(edit) : life.whyNot(0)));
        opening = new Opening(name, context, life, overlays, mailbox::post, this::opened, this::close);
        steps = new Steps(
                replica, batches, saving, requests, audience, members, document, watchers, growth, heap, life, bus,
                all);
    }

    // ------------------------------------------------------------------ called from any thread

    /** Begins to load. */
    void load() {
        opening.load();
    }

    /** What keeps the room loaded. */
    Seats seats() {
        return seats;
    }

    /** The life of its name that the room is. */
    Life life() {
        return life;
    }

    /** Gives a seat back in a turn. */
    void release() {
        mailbox.post(() -> seats.give(clock.getAsLong()));
    }

    /** Whether this room is loaded and is the life of that id. */
    boolean isLife(long id) {
        Replica.Position at = replica.position();
        return safeguards.closesEndedLives() && at != null && at.roomId() == id;
    }

    /** The life of that id has ended; if it is this one, the room closes before it does anything that comes later. */
    void retire(long id) {
        inTurn(() -> {
            if (isLife(id)) {
                lifeEnded();
            }
        });
    }

    /** The life of the room may have ended: asks the log. */
    void lookAgain() {
        inTurn(replica::readOn);
    }

    /** Whether the room was deleted, before or after it was loaded; to be asked in {@code onClosed}. */
    boolean wasDeleted() {
        return closeReason.equals(CloseReason.deleted()) || closeReason.equals(CloseReason.held());
    }

    /**
     * Carries a request out, in a turn, when everything is in the replica that was committed before it came.
     *
     * @param local whether the replica will do as it is
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

    /** Runs a task in a turn: now if the room is open, later if it is loading, not at all once it is closed. */
    void inTurn(Runnable task) {
        mailbox.post(() -> whenOpen(task));
    }

    /** Those who follow the room. */
    Watchers watchers() {
        return watchers;
    }

    /** Tells a watcher no more that {@link Watchers#follow} was called for. */
    void unwatch(Watcher watcher) {
        mailbox.post(() -> watchers.remove(watcher));
        release();
    }

    /** The connections to the room. */
    Members members() {
        return members;
    }

    /** Tells how the room is, in a turn. */
    void look(Consumer<RoomView> watcher) {
        mailbox.post(() -> {
            Replica.Position at = replica.position();
            long id = at == null ? 0 : at.roomId();
            long seq = at == null ? 0 : at.seq();
            String now = state.name().toLowerCase(Locale.ROOT);
            long bytes = batches.memory();
            watcher.accept(new RoomView(name, id, now, seq, all.size(), bytes, saving.isUnsaved(), quarantine.what()));
        });
    }

    /** Whether the room exists for back ends: something was committed in it, or one of them has made it. In turns only. */
    boolean isMade() {
        return replica.applied() > 0 || life.isMade();
    }

    /** A back end of this node has made the room; to be looked up, also where nothing else writes to the log. */
    void wasMade() {
        inTurn(requests::doubt);
    }

    /** What is wrong with what is stored, so that the room is only read; null where nothing is. */
    UpdateLog.@Nullable Damage damage() {
        return quarantine.damage();
    }

    RoomDocument document() {
        return document;
    }

    String name() {
        return name;
    }

    /** The replica; to be looked at in turns only. */
    StructStore store() {
        return replica.store();
    }

    /** Where the room is in the log; null while it is loading. */
    Replica.@Nullable Position position() {
        return replica.position();
    }

    /**
     * Hands over how far the log is.
     *
     * @param head null where the log does not know the room
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

    /** When the oldest update that is not committed came, by the clock of {@link RoomMetrics}; 0 for none. */
    long waitingSince() {
        return saving.waitingSince();
    }

    /** Nanoseconds that all turns took together. */
    long busyNanos() {
        return mailbox.busyNanos();
    }

    /** Runs the tick if it is due; costs nothing while the room has nothing to do. */
    void tick() {
        if (clock.getAsLong() >= wakeAt) {
            mailbox.post(this::onTick);
        }
    }

    /** Ends all connections for now, so that the room can be closed as soon as everything is saved. */
    private void sendAway(String why) {
        mailbox.post(() -> all.forEach(m -> m.connection.close(CloseReason.overload(why))));
    }

    /** Closes the room at once where it would close later, since nobody is in it. */
    void unloadIfIdle() {
        inTurn(() -> endIfIdle(0));
    }

    /** Ends all connections, and runs a listener when nothing is unsaved any more. */
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
        wakeAt = Math.min(wakeAt, nextTick(clock.getAsLong())); // a turn never puts it off: busy rooms need ticks too
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
        wakeAt = Long.MAX_VALUE; // the end of this turn sets it
        saving.onTick(now);
        members.awareness().expire();
        members.onTick();
        audience.lookAfter(now);
        growth.onTick(members.step1());
        heap.measure(store(), batches, members.awareness());
        endIfIdle(settings.unloadAfter());
    }

    private void endIfIdle(long after) {
        boolean idle = all.isEmpty() && batches.isEmpty() && clock.getAsLong() - seats.emptySince() >= after;
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
        document.end();
        requests.end(life::whyNot, closeReason, life.hasEnded() ? life.endOfLife() : null, saving.unanswered());
        watchers.ended(life.farewell());
        members.awareness().end();
        bus.end();
        saving.end();
        growth.end();
        quarantine.end();
        heap.end();
        onClosed.run();
    }

    private void lifeEnded() {
        if (state != State.CLOSED) {
            life.end();
            close(CloseReason.deleted());
        }
    }

    /** Ends the room for those who are in it; the next connection opens it again. */
    private void close(CloseReason reason) {
        if (state == State.CLOSED) {
            return;
        }
        closeReason = reason;
        seats.shut();
        ended();
        // a member that the log did not vouch for may belong to the next life: it comes back and asks
        all.forEach(m -> m.connection.close(life.hasEnded() && !m.isProven ? CloseReason.restart() : reason));
        all.clear();
        saving.tellSaved();
    }
}
