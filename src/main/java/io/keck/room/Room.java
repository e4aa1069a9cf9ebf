package io.keck.room;

import io.keck.crdt.DecodeLimits;
import io.keck.crdt.StateVector;
import io.keck.crdt.StructStore;
import io.keck.crdt.Update;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One document and those who are connected to it here: a single-threaded state machine. {@link Mailbox} gives it turns;
 * whatever other threads want from it is a task in that mailbox.
 *
 * <pre>
 *            log.open answers          nobody there for unloadAfter, nothing unsaved
 *   LOADING ──────────────────► OPEN ───────────────────────────────────────────────► CLOSED
 *      │                          │  the room was deleted: sockets are told 4404         ▲
 *      │                          │  a task failed: sockets are told 1012               │
 *      │                          └─────────────────────────────────────────────────────┤
 *      └────────────────────────────────────────────────────────────────────────────────┘
 *         log.open fails: sockets are told 1013
 * </pre>
 *
 * <p><b>Seen is saved.</b> The store equals the log up to {@code applied}, always. An update is reduced to what neither
 * the store nor a waiting batch has; the rest joins the open batch. While no commit of this room is in flight, the
 * oldest batch goes to the log; what arrives meanwhile forms the next one. Only when the log has committed a batch does
 * the store take it in and do the sockets get it, encoded once.
 *
 * <p>{@code applied} rises by one. When the log gives a batch a seq further on, somebody else wrote: the rows between
 * are read first.
 *
 * <p><b>Unsaved mode</b> begins when a commit fails or takes longer than {@code saveTimeout} and ends with the next
 * commit. Meanwhile the waiting batches are an overlay: sockets get updates at once and answers contain them, though
 * nothing is called saved; batches merge in place, and above {@code maxOverlay} bytes the room stops reading from those
 * who write.
 *
 * <p><b>Slow sockets.</b> One whose backlog is above {@code maxBacklog} gets no more batches: the room keeps how far it
 * was and sends what it lacks in one piece when it has drained. A step 1 is answered after what its sender sent before
 * it is committed, once a turn at most.
 */
public class Room {
    private enum State {
        LOADING,
        OPEN,
        CLOSED
    }

    private static final Logger LOG = LoggerFactory.getLogger(Room.class);
    private static final long IDLE_TICK_MS = 4_000;

    private final String name;
    private final UpdateLog log;
    private final LongSupplier clock;
    private final RoomSettings settings;
    private final Runnable onClosed;
    private final Mailbox mailbox;
    /** Connections that hold or are about to take a seat; -1 once the room takes no more. */
    private final AtomicInteger seats = new AtomicInteger();

    /** When {@link #onTick} is due: soon while something is unsaved, else now and then. */
    private volatile long wakeAt = Long.MIN_VALUE;

    private State state = State.LOADING;
    /** What those are told who come too late. */
    private CloseReason closeReason = CloseReason.restart();

    private long id;
    private long applied;
    private final StructStore store = new StructStore();
    private final List<Member> members = new ArrayList<>();
    /** Seats whose messages came while the room was loading. */
    private final List<Runnable> waiting = new ArrayList<>();

    private final Batches batches;

    private boolean inFlight;
    private boolean unsaved;
    private long nextAttempt;
    private long emptySince;

    private final RoomAwareness awareness;
    private final Answers answers;
    private final Audience audience;

    private final List<Runnable> savedListeners = new ArrayList<>();

    /**
     * A room that begins to load at once.
     *
     * @param executor runs the room's turns
     * @param clock milliseconds, steady
     * @param ids random batch ids
     * @param onClosed told, in a turn, when the room takes no more connections
     */
    Room(
            String name,
            UpdateLog log,
            Executor executor,
            LongSupplier clock,
            Supplier<UUID> ids,
            RoomSettings settings,
            Runnable onClosed) {
        this.name = name;
        this.log = log;
        this.clock = clock;
        this.batches = new Batches(ids);
        this.audience = new Audience(members, settings);
        this.answers = new Answers(store, batches, settings);
        this.settings = settings;
        this.onClosed = onClosed;
        this.awareness = new RoomAwareness(settings, clock, members);
        this.mailbox = new Mailbox(executor, this::endOfTurn, this::failed);
        this.emptySince = clock.getAsLong();
    }

    // ------------------------------------------------------------------ called from any thread

    /** Begins to load. */
    void load() {
        log.open(name)
                .whenComplete((contents, error) -> mailbox.post(() -> loaded(error == null ? contents : null, error)));
    }

    /** Keeps a place, so that the room does not close meanwhile; false when it takes no more. */
    boolean reserve() {
        return seats.getAndUpdate(n -> n < 0 ? n : n + 1) >= 0;
    }

    /** Takes the place that was kept by {@link #reserve}. */
    Seat sit(Connection connection) {
        Member member = new Member(connection);
        mailbox.post(() -> join(member));
        return new MemberSeat(member);
    }

    /** Lets the room do what time demands; costs nothing while it has nothing to do. */
    void tick() {
        if (clock.getAsLong() >= wakeAt) {
            mailbox.post(this::onTick);
        }
    }

    /** Ends all connections and asks whoever waits to be told when nothing is unsaved any more. */
    void drain(CloseReason reason, Runnable whenSaved) {
        mailbox.post(() -> {
            if (state == State.CLOSED) {
                whenSaved.run();
                return;
            }
            members.forEach(m -> m.connection.close(reason));
            savedListeners.add(whenSaved);
        });
    }

    private final class MemberSeat implements Seat {
        private final Member member;
        private final AtomicLong inbound = new AtomicLong();

        MemberSeat(Member member) {
            this.member = member;
        }

        @Override
        public void receive(List<Message> messages, int bytes) {
            if (inbound.addAndGet(bytes) > settings.maxInbound()) {
                member.connection.pause();
            }
            mailbox.post(() -> whenOpen(() -> {
                messages.forEach(m -> handle(member, m));
                if (inbound.addAndGet(-bytes) <= settings.maxInbound() / 2 && !member.paused) {
                    member.connection.resume();
                }
            }));
        }

        @Override
        public void drained() {
            mailbox.post(() -> catchUp(member));
        }

        @Override
        public void leave() {
            mailbox.post(() -> whenOpen(() -> Room.this.leave(member)));
        }
    }

    // ------------------------------------------------------------------ turns: who is there

    private void whenOpen(Runnable task) {
        if (state == State.LOADING) {
            waiting.add(task);
        } else if (state == State.OPEN) {
            task.run();
        }
    }

    private void join(Member member) {
        if (state == State.CLOSED) {
            member.connection.close(closeReason);
            return;
        }
        members.add(member);
        whenOpen(() -> greet(member));
    }

    private void greet(Member member) {
        member.connection.send(answers.step1());
        awareness.greet(member);
        member.greeted = true;
    }

    private void leave(Member member) {
        if (!members.remove(member)) {
            return;
        }
        seats.updateAndGet(n -> n > 0 ? n - 1 : n);
        answers.leave(member);
        awareness.leave(member);
        if (members.isEmpty()) {
            emptySince = clock.getAsLong();
        }
    }

    private void loaded(UpdateLog.@Nullable Contents contents, @Nullable Throwable error) {
        if (contents == null) {
            LOG.warn("Room {} cannot be loaded: {}", name, String.valueOf(error));
            close(CloseReason.overload("this document cannot be loaded now, please try again"));
            return;
        }
        id = contents.roomId();
        state = State.OPEN;
        take(contents);
        List<Runnable> tasks = List.copyOf(waiting);
        waiting.clear();
        tasks.forEach(Runnable::run);
    }

    // ------------------------------------------------------------------ turns: messages

    private void handle(Member member, Message message) {
        if (message instanceof Message.SyncUpdate m) {
            accept(member, m.update());
        } else if (message instanceof Message.SyncStep2 m) {
            member.mayClaim = false;
            accept(member, m.update());
        } else if (message instanceof Message.SyncStep1 m) {
            answers.ask(member, m.stateVector());
        } else if (message instanceof Message.AwarenessUpdate m) {
            awareness.hear(member, m.states());
        } else if (message instanceof Message.QueryAwareness) {
            awareness.ask(member);
        }
    }

    private void accept(Member member, Update update) {
        Update fresh = reduce(update);
        if (fresh.isEmpty()) {
            return;
        }
        batches.add(fresh, member, unsaved);
        if (unsaved) {
            audience.markSlow(store);
            audience.broadcast(Message.update(fresh.encode()), member);
            if (batches.memory() > settings.maxOverlay()) {
                member.paused = true;
                member.connection.pause();
            }
        }
    }

    /** What of an update neither the store nor a waiting batch has. A test switches it off. */
    Update reduce(Update update) {
        return batches.reduce(store.reduce(update));
    }

    // ------------------------------------------------------------------ turns: the log

    private void commit() {
        Batch first = batches.first();
        if (first == null || inFlight || state != State.OPEN || clock.getAsLong() < nextAttempt) {
            return;
        }
        inFlight = true;
        if (first.submittedAt < 0) {
            first.submittedAt = clock.getAsLong();
        }
        log.append(id, first.id, first.payload())
                .whenComplete((seq, error) -> mailbox.post(() -> appended(first, seq, error)));
    }

    private void appended(Batch batch, @Nullable Long seq, @Nullable Throwable error) {
        if (state != State.OPEN) {
            return;
        }
        if (error != null || seq == null) {
            appendFailed(error);
        } else if (seq == applied + 1) {
            inFlight = false;
            committed(batch, seq);
        } else {
            readGap(batch, seq);
        }
    }

    private void appendFailed(@Nullable Throwable error) {
        inFlight = false;
        if (cause(error) instanceof UpdateLog.RoomGoneException) {
            close(CloseReason.deleted());
            return;
        }
        LOG.warn("Room {} could not save an update, it will try again: {}", name, String.valueOf(cause(error)));
        nextAttempt = clock.getAsLong() + settings.retryAfter();
        beginUnsaved();
    }

    private static @Nullable Throwable cause(@Nullable Throwable error) {
        return error instanceof CompletionException ? error.getCause() : error;
    }

    /** Somebody else appended before us: our batch counts when the rows between have been taken in. */
    private void readGap(Batch batch, long seq) {
        log.read(id, applied)
                .whenComplete((contents, error) -> mailbox.post(() -> {
                    if (state != State.OPEN) {
                        return;
                    }
                    if (contents == null) {
                        appendFailed(error);
                        return;
                    }
                    inFlight = false;
                    take(contents);
                    if (seq <= applied && batch == batches.first()) {
                        saved(batch); // it came with the snapshot
                    }
                }));
    }

    /** Takes in what the log has beyond {@code applied}: the snapshot where it is ahead of us, then the rows. */
    private void take(UpdateLog.Contents contents) {
        byte[] snapshot = contents.snapshot();
        if (snapshot != null && contents.snapshotSeq() > applied) {
            takeForeign(contents.snapshotSeq(), snapshot);
        }
        for (UpdateLog.Row row : contents.rows()) {
            Batch first = batches.first();
            if (row.seq() == applied + 1 && first != null && first.id.equals(row.batchId())) {
                committed(first, row.seq());
            } else if (row.seq() == applied + 1) {
                takeForeign(row.seq(), row.payload());
            } else if (row.seq() > applied) {
                throw new IllegalStateException("log of room " + id + " has no row " + (applied + 1));
            }
        }
    }

    private void takeForeign(long seq, byte[] payload) {
        Update update = Update.decode(payload, DecodeLimits.OWN);
        Update news = members.isEmpty() ? Update.EMPTY : store.reduce(update);
        audience.markSlow(store);
        store.apply(update);
        applied(seq);
        if (!news.isEmpty()) {
            audience.broadcast(Message.update(news.encode()), null);
        }
    }

    private void committed(Batch batch, long seq) {
        boolean firstTime = !batch.sent;
        if (firstTime) {
            audience.markSlow(store);
        }
        store.apply(batch.update());
        applied(seq);
        if (firstTime) {
            audience.broadcast(Message.update(batch.payload()), batch.soleOrigin());
        }
        saved(batch);
    }

    private void saved(Batch batch) {
        batches.remove(batch);
        nextAttempt = 0;
        if (unsaved) {
            endUnsaved();
        }
    }

    /** The only place where {@code applied} changes. A test watches it. */
    void applied(long seq) {
        applied = seq;
        answers.storeChanged();
    }

    private void beginUnsaved() {
        if (unsaved) {
            return;
        }
        unsaved = true;
        LOG.warn("Room {}: the database does not answer, updates are passed on unsaved", name);
        audience.markSlow(store);
        batches.sendAll(batch -> audience.broadcast(Message.update(batch.encode()), batch.soleOrigin()));
    }

    private void endUnsaved() {
        unsaved = false;
        LOG.info("Room {}: the database answers again", name);
        batches.fixAll(); // the sockets have what is in them, what comes now they have not: keep them apart
        audience.resumeAll();
    }

    // ------------------------------------------------------------------ turns: sending

    /** Sends what a socket missed, now that it takes bytes again. */
    private void catchUp(Member member) {
        if (state != State.OPEN || member.connection.backlog() > settings.maxBacklog()) {
            return;
        }
        StateVector behind = member.behind;
        if (behind != null) {
            member.behind = null;
            member.connection.send(Message.update(answers.stateSince(behind)));
        }
        awareness.catchUp(member);
    }

    private void endOfTurn() {
        if (state != State.OPEN) {
            return;
        }
        awareness.publish();
        answers.give(unsaved);
        commit();
        wakeAt = Math.min(wakeAt, nextTick(clock.getAsLong())); // a turn never puts it off: busy rooms need ticks too
        if (batches.isEmpty() && !savedListeners.isEmpty()) {
            savedListeners.forEach(Runnable::run);
            savedListeners.clear();
        }
    }

    private long nextTick(long now) {
        if (!batches.isEmpty()) {
            return now + settings.retryAfter();
        }
        return members.isEmpty() ? Math.max(now, emptySince + settings.unloadAfter()) : now + IDLE_TICK_MS;
    }

    // ------------------------------------------------------------------ turns: time and the end

    private void onTick() {
        long now = clock.getAsLong();
        if (state != State.OPEN) {
            return;
        }
        wakeAt = Long.MAX_VALUE; // the end of this turn sets it
        Batch first = batches.first();
        if (inFlight && first != null && now - first.submittedAt > settings.saveTimeout()) {
            beginUnsaved();
        }
        awareness.expire();
        audience.lookAfter(now);
        boolean idle = members.isEmpty() && batches.isEmpty() && now - emptySince >= settings.unloadAfter();
        if (idle && seats.compareAndSet(0, -1)) {
            state = State.CLOSED;
            onClosed.run();
        }
    }

    private void failed() {
        close(CloseReason.restart());
    }

    /** Ends the room for those who are in it; the next connection opens it again. */
    private void close(CloseReason reason) {
        if (state == State.CLOSED) {
            return;
        }
        state = State.CLOSED;
        closeReason = reason;
        seats.set(-1);
        onClosed.run();
        waiting.clear();
        members.forEach(m -> m.connection.close(reason));
        members.clear();
        savedListeners.forEach(Runnable::run);
        savedListeners.clear();
    }
}
