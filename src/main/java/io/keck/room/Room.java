package io.keck.room;

import io.keck.crdt.DecodeLimits;
import io.keck.crdt.StateVector;
import io.keck.crdt.StructStore;
import io.keck.crdt.Update;
import io.keck.protocol.Awareness;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
    /**
     * What a room may spend. Immutable.
     *
     * @param maxBacklog bytes queued for one socket before it counts as slow
     * @param maxInbound bytes of one socket that may wait for the room's turn before it is read no further
     * @param maxOverlay bytes of unsaved updates before the room reads no further from writers
     * @param maxAwarenessBytes the largest awareness state
     * @param maxAwarenessStates how many clients one socket may speak for
     * @param saveTimeout milliseconds after which a commit counts as late
     * @param retryAfter milliseconds between attempts to commit a batch
     * @param keepAlive milliseconds without any frame after which a socket gets an empty awareness message
     * @param stuckAfter milliseconds without progress after which a socket with a backlog is closed
     * @param unloadAfter milliseconds a room without sockets stays loaded
     */
    public record Settings(
            long maxBacklog,
            long maxInbound,
            long maxOverlay,
            int maxAwarenessBytes,
            int maxAwarenessStates,
            long saveTimeout,
            long retryAfter,
            long keepAlive,
            long stuckAfter,
            long unloadAfter) {
        /** 2 MiB, 8 MiB, 64 MiB, 64 KiB, 100, 2 s, 500 ms, 20 s, 60 s, 30 s. */
        public static final Settings DEFAULT =
                new Settings(2 << 20, 8 << 20, 64 << 20, 64 << 10, 100, 2_000, 500, 20_000, 60_000, 30_000);
    }

    private enum State {
        LOADING,
        OPEN,
        CLOSED
    }

    private static final Logger LOG = LoggerFactory.getLogger(Room.class);
    private static final Update NOTHING = Update.EMPTY;
    private static final long IDLE_TICK_MS = 4_000;

    private final String name;
    private final UpdateLog log;
    private final LongSupplier clock;
    private final Supplier<UUID> ids;
    private final Settings settings;
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
    private StructStore store = new StructStore();
    private final List<Member> members = new ArrayList<>();
    /** Seats whose messages came while the room was loading. */
    private final List<Runnable> waiting = new ArrayList<>();
    /** Oldest first; the first may be in flight. */
    private final ArrayDeque<Batch> batches = new ArrayDeque<>();

    private boolean inFlight;
    private boolean unsaved;
    private long nextAttempt;
    private long emptySince;

    private final Awareness<Member> awareness;
    /** What is to be published at the end of the turn: of each client the newest state. */
    private final Map<Long, AwarenessState> awarenessNews = new LinkedHashMap<>();
    /** Members that wait for an answer to a step 1. */
    private final List<Member> askers = new ArrayList<>();

    private final Set<Member> awarenessAskers = new LinkedHashSet<>();
    private final List<Runnable> savedListeners = new ArrayList<>();
    /** Frames that many sockets ask for, good for one value of applied. */
    private byte @Nullable [] step1Frame;

    private byte @Nullable [] fullStateFrame;

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
            Settings settings,
            Runnable onClosed) {
        this.name = name;
        this.log = log;
        this.clock = clock;
        this.ids = ids;
        this.settings = settings;
        this.onClosed = onClosed;
        this.awareness = new Awareness<>(settings.maxAwarenessStates());
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
        if (step1Frame == null) {
            step1Frame = Message.step1(store.stateVector());
        }
        member.connection.send(step1Frame);
        List<AwarenessState> states = awareness.states();
        if (!states.isEmpty()) {
            member.connection.send(Message.awareness(states));
        }
        member.greeted = true;
    }

    private void leave(Member member) {
        if (!members.remove(member)) {
            return;
        }
        seats.updateAndGet(n -> n > 0 ? n - 1 : n);
        askers.remove(member);
        news(awareness.removeOwner(member, clock.getAsLong()));
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
            if (member.asked == null) {
                member.asked = m.stateVector();
                askers.add(member);
            }
        } else if (message instanceof Message.AwarenessUpdate m) {
            hear(member, m.states());
        } else if (message instanceof Message.QueryAwareness) {
            awarenessAskers.add(member);
        }
    }

    private void accept(Member member, Update update) {
        Update fresh = reduce(update);
        if (fresh.isEmpty()) {
            return;
        }
        Batch open = openBatch();
        open.add(fresh, member);
        member.lastBatch = open;
        if (unsaved) {
            open.sent = true;
            markSlow();
            broadcast(Message.update(fresh.encode()), member);
            if (overlayBytes() > settings.maxOverlay()) {
                member.paused = true;
                member.connection.pause();
            }
        }
    }

    /** What of an update neither the store nor a waiting batch has. A test switches it off. */
    Update reduce(Update update) {
        Update fresh = store.reduce(update);
        for (Batch batch : batches) {
            if (fresh.isEmpty()) {
                break;
            }
            fresh = batch.reduce(fresh);
        }
        return fresh;
    }

    private Batch openBatch() {
        Batch last = batches.peekLast();
        if (last == null || last.isFixed()) {
            last = new Batch(ids.get());
            batches.add(last);
        }
        return last;
    }

    private void hear(Member member, List<AwarenessState> states) {
        boolean claim = member.mayClaim && states.size() == 1;
        member.mayClaim = false;
        long now = clock.getAsLong();
        for (AwarenessState s : states) {
            if (s.json().length() > settings.maxAwarenessBytes()) {
                member.connection.close(CloseReason.tooLarge(
                        "an awareness state may have " + settings.maxAwarenessBytes() + " characters at most"));
                return;
            }
            AwarenessState news = awareness.apply(s, member, claim, now);
            if (news != null) {
                news(List.of(news));
            }
        }
    }

    private void news(List<AwarenessState> states) {
        states.forEach(s -> awarenessNews.put(s.client(), s));
    }

    // ------------------------------------------------------------------ turns: the log

    private void commit() {
        Batch first = batches.peekFirst();
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
                    if (seq <= applied && batch == batches.peekFirst()) {
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
            Batch first = batches.peekFirst();
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
        Update news = members.isEmpty() ? NOTHING : store.reduce(update);
        markSlow();
        store.apply(update);
        applied(seq);
        if (!news.isEmpty()) {
            broadcast(Message.update(news.encode()), null);
        }
    }

    private void committed(Batch batch, long seq) {
        boolean firstTime = !batch.sent;
        if (firstTime) {
            markSlow();
        }
        store.apply(batch.update());
        applied(seq);
        if (firstTime) {
            broadcast(Message.update(batch.payload()), batch.soleOrigin());
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
        step1Frame = null;
        fullStateFrame = null;
    }

    private void beginUnsaved() {
        if (unsaved) {
            return;
        }
        unsaved = true;
        LOG.warn("Room {}: the database does not answer, updates are passed on unsaved", name);
        markSlow();
        for (Batch batch : batches) {
            if (!batch.sent) {
                batch.sent = true;
                broadcast(Message.update(batch.encode()), batch.soleOrigin());
            }
        }
    }

    private void endUnsaved() {
        unsaved = false;
        LOG.info("Room {}: the database answers again", name);
        for (Batch batch : batches) {
            batch.payload(); // the sockets have what is in it, what comes now they have not: keep them apart
        }
        for (Member m : members) {
            if (m.paused) {
                m.paused = false;
                m.connection.resume();
            }
        }
    }

    private long overlayBytes() {
        long sum = 0;
        for (Batch batch : batches) {
            sum += batch.memory();
        }
        return sum;
    }

    // ------------------------------------------------------------------ turns: sending

    /** Before something is sent: who cannot take it stays at what the store holds now. */
    private void markSlow() {
        StateVector now = null;
        for (Member m : members) {
            if (m.greeted && m.behind == null && m.connection.backlog() > settings.maxBacklog()) {
                now = now == null ? store.stateVector() : now;
                m.behind = now;
            }
        }
    }

    private void broadcast(byte[] frame, @Nullable Member except) {
        for (Member m : members) {
            if (m != except && m.greeted && m.behind == null) {
                m.connection.send(frame);
            }
        }
    }

    /** Sends what a socket missed, now that it takes bytes again. */
    private void catchUp(Member member) {
        if (state != State.OPEN || member.connection.backlog() > settings.maxBacklog()) {
            return;
        }
        StateVector behind = member.behind;
        if (behind != null) {
            member.behind = null;
            member.connection.send(Message.update(stateSince(behind)));
        }
        if (member.missedAwareness) {
            member.missedAwareness = false;
            member.connection.send(Message.awareness(awareness.everything()));
        }
    }

    /** Answers step 1s, except where the sender's own earlier updates are not committed or its backlog is high. */
    private void answer() {
        askers.removeIf(member -> {
            StateVector asked = member.asked;
            boolean ownWaiting = !unsaved && member.lastBatch != null && batches.contains(member.lastBatch);
            if (asked == null || ownWaiting || member.connection.backlog() > settings.maxBacklog()) {
                return asked == null;
            }
            member.asked = null;
            member.connection.send(answerTo(asked));
            return true;
        });
    }

    private byte[] answerTo(StateVector asked) {
        if (hasOverlay() || !asked.equals(StateVector.EMPTY)) {
            return Message.step2(stateSince(asked));
        }
        if (fullStateFrame == null) {
            fullStateFrame = Message.step2(store.encode());
        }
        return fullStateFrame;
    }

    private byte[] stateSince(StateVector known) {
        byte[] saved = store.diff(known);
        if (!hasOverlay()) {
            return saved;
        }
        StructStore both = new StructStore();
        both.apply(Update.decode(saved, DecodeLimits.OWN));
        for (Batch batch : batches) {
            if (batch.sent) {
                both.apply(batch.update());
            }
        }
        return both.diff(known);
    }

    /** Whether sockets have what is not committed: in unsaved mode, and after it until the last of that is. */
    private boolean hasOverlay() {
        return batches.stream().anyMatch(batch -> batch.sent);
    }

    private void endOfTurn() {
        if (state != State.OPEN) {
            return;
        }
        if (!awarenessNews.isEmpty()) {
            publishAwareness();
        }
        for (Member m : awarenessAskers) {
            sendAwareness(m, Message.awareness(awareness.states()));
        }
        awarenessAskers.clear();
        answer();
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

    private void publishAwareness() {
        byte[] frame = Message.awareness(List.copyOf(awarenessNews.values()));
        awarenessNews.clear();
        for (Member m : members) {
            if (m.greeted) {
                sendAwareness(m, frame);
            }
        }
    }

    private void sendAwareness(Member m, byte[] frame) {
        if (m.connection.backlog() > settings.maxBacklog()) {
            m.missedAwareness = true;
        } else {
            m.connection.send(frame);
        }
    }

    // ------------------------------------------------------------------ turns: time and the end

    private void onTick() {
        long now = clock.getAsLong();
        if (state != State.OPEN) {
            return;
        }
        wakeAt = Long.MAX_VALUE; // the end of this turn sets it
        Batch first = batches.peekFirst();
        if (inFlight && first != null && now - first.submittedAt > settings.saveTimeout()) {
            beginUnsaved();
        }
        news(awareness.expire(now));
        for (Member m : members) {
            boolean stuck = m.connection.backlog() > 0 && now - m.connection.lastProgress() > settings.stuckAfter();
            if (stuck) {
                m.connection.close(CloseReason.overload("this connection takes nothing any more"));
            } else if (m.greeted && now - m.connection.lastSend() >= settings.keepAlive()) {
                m.connection.send(Message.awareness(List.of()));
            }
        }
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
