package io.keck.room;

import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One document and those who are connected to it here: a single-threaded state machine. {@link Mailbox} gives it turns;
 * whatever other threads want from it is a task in that mailbox.
 *
 * <pre>
 *            log.open answers          no place taken for unloadAfter, nothing unsaved
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
 * oldest batch goes to the log; what arrives meanwhile forms the next one. Only when the log has committed a batch does
 * the store take it in and do the sockets get it, encoded once.
 *
 * <p><b>Other nodes</b> append to the same log. {@link Journal} keeps the replica equal to it, whatever the bus loses.
 *
 * <p><b>Unsaved mode</b> begins when a commit fails or takes longer than {@code saveTimeout} and ends with the next
 * commit. Meanwhile the waiting batches are an overlay: sockets and other nodes get updates at once and answers contain
 * them, though nothing is called saved; batches merge in place.
 *
 * <p><b>Limits.</b> When more than {@code maxOverlay} bytes wait to be committed, saved mode or not, the room stops reading
 * from those who write, until less waits.
 *
 * <p><b>Lives.</b> A room is one life of its name ({@link Lives}). Requests, watchers and connections are let in once the
 * log has said, after they came, that this life goes on. When it ends, those inside are told; those that wait are sent
 * back to ask by name. For a while a socket whose first step 1 shows a copy of an ended life gets 4404 ({@link
 * EndedLives}).
 *
 * <p><b>Slow sockets.</b> One whose backlog is above {@code maxBacklog} gets no more batches: the room keeps how far it
 * was and sends what it lacks in one piece when it has drained. A step 1 is answered after what its sender sent before
 * it is committed, once a turn at most; and where other nodes write to the log, too, after a look at it, so that what was
 * committed anywhere before is in the answer. A log that does not answer is waited for {@code saveTimeout} at most.
 *
 * <p><b>Quarantine.</b> A room whose stored state is damaged is open up to the damage, to be read: nothing is committed.
 * What members bring along in a step 2 is left aside, who sends an update is closed with 4403. The room stays loaded, so
 * that it is known; when it was repaired it is closed with 1012, and everybody brings what he has.
 */
final class Room {
    private enum State {
        LOADING,
        OPEN,
        CLOSED
    }

    /** Before any time: clocks may be negative. */
    private static final long AT_ONCE = Long.MIN_VALUE;

    private static final Logger LOG = LoggerFactory.getLogger(Room.class);
    private static final long IDLE_TICK_MS = 4_000;

    private final String name;
    private final RoomContext context;
    private final LongSupplier clock;
    private final RoomSettings settings;
    private final Overlays overlays;
    private final Runnable onClosed;
    private final Safeguards safeguards;
    private final Mailbox mailbox;
    /** Connections that hold or are about to take a seat; -1 once the room takes no more. */
    private final AtomicInteger seats = new AtomicInteger();

    /** When the oldest of what waits to be committed came, by the clock of {@link RoomMetrics}; 0 while nothing waits. */
    private final AtomicLong waitingSince = new AtomicLong();

    /** What {@link #busyNanos} was at the last look. Belongs to who looks. */
    long busyBefore;

    /** When {@link #onTick} is due: soon while something is unsaved, else now and then. */
    private volatile long wakeAt = Long.MIN_VALUE;

    private State state = State.LOADING;
    /** What those are told who come too late. */
    private CloseReason closeReason = CloseReason.restart();

    private final List<Member> members = new ArrayList<>();
    /** Seats whose messages came while the room was loading. */
    private final List<Runnable> waiting = new ArrayList<>();

    private final Batches batches;
    private final Journal journal;
    /** The id under which the bus tells of this room; 0 while it does not. */
    private long subscribed;

    private final Bus.Listener listener;

    /** Where it is kept by its name. */
    private Home home = Home.NONE;
    /** The moment just before the log was asked for the contents. */
    private volatile long loadedAt;
    /** The life that was loaded has ended. */
    private boolean hasEnded;
    /** The log said that there is no room of that name. */
    private boolean missing;
    /** Lives of the name that ended before this one began, and when that was read. */
    private EndedLives endedLives = EndedLives.NONE;

    private long endedReadAt;

    /** What is wrong with what is stored, or null. */
    private volatile UpdateLog.@Nullable Damage damage;

    private boolean unsaved;
    /** What of {@link #overlays} is ours. */
    private long overlay;

    private long nextAttempt = AT_ONCE;
    private long emptySince;

    private final RoomAwareness awareness;
    private final Answers answers;
    private final Audience audience;
    private final RoomDocument document;
    private final Requests requests;
    private final Watchers watchers = new Watchers();
    /** Whether it is to be created where there is none. */
    private volatile boolean wanted;

    private final List<Runnable> savedListeners = new ArrayList<>();

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
        this.overlays = overlays;
        this.onClosed = onClosed;
        this.safeguards = safeguards;
        this.mailbox = new Mailbox(context.executor(), this::endOfTurn, this::failed, context.metrics()::nanos);
        this.batches = new Batches(context.ids());
        this.journal = new Journal(name, context.log(), batches, context.metrics(), mailbox::post, new JournalOwner());
        this.listener = (node, event) -> {
            long at = context.metrics().nanos();
            mailbox.post(() -> heard(node, event, at));
        };
        this.audience = new Audience(members, settings, context.metrics());
        this.answers = new Answers(journal::store, batches, settings, this::isTooEarly);
        this.awareness = new RoomAwareness(settings, clock, members, this::tellOthers);
        this.document = new RoomDocument(
                context.documents(),
                mailbox::post,
                () -> journal.store().encode(),
                edit -> requests().submit(edit, state == State.OPEN ? null : whyNot(0), unsaved || dependsOnLost(edit)),
                context.budget());
        this.requests = new Requests(context, journal, batches);
        this.emptySince = clock.getAsLong();
    }

    // ------------------------------------------------------------------ called from any thread

    /** Where rooms are kept by name. */
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
        };

        /** The number of this moment, see {@link Lives}. */
        long moment();

        /** Asked, in a turn, when the log knows no room of the name: whether this one may close. */
        boolean abandon();
    }

    /** Where it is kept; to be called before it is loaded. */
    void belongsTo(Home here) {
        home = here;
    }

    /** Begins to load. */
    void load() {
        loadedAt = home.moment();
        (wanted ? context.log().open(name) : context.log().find(name))
                .whenComplete((contents, error) -> mailbox.post(() -> loaded(error == null ? contents : null, error)));
    }

    /** From now on the room is created where there is none. */
    void want() {
        wanted = true;
    }

    boolean isWanted() {
        return wanted;
    }

    /** Takes no more connections; to be called while nobody can reserve a place. */
    void shut() {
        seats.set(-1);
    }

    /** Gives a place back that was kept by {@link #reserve}. */
    void release() {
        mailbox.post(() -> {
            seats.updateAndGet(n -> n > 0 ? n - 1 : n);
            emptySince = Math.max(emptySince, clock.getAsLong());
        });
    }

    /**
     * Carries a request out, in a turn, when everything is in the replica that was committed before it came.
     *
     * @param local whether the replica will do as it is
     */
    void request(boolean local, Request request) {
        mailbox.post(() -> {
            if (state == State.CLOSED) {
                request.refused(whyNot(request.moment), closeReason);
                return;
            }
            requests.add(request);
            whenOpen(() -> {
                boolean asks = !local && waitsForTheLog(request);
                requests.ask(request, !asks, unsaved);
                request.stale |= damage != null;
            });
        });
    }

    /** Whether a request waits until the log was asked: it need not if the room was loaded after the request came. */
    private boolean waitsForTheLog(Request request) {
        return safeguards.waitsForTheLog() && loadedAt <= request.moment;
    }

    /** From now on tells a watcher how far it is, and keeps a place for it. To be called in a turn, while it is open. */
    void watch(Watcher watcher) {
        takePlace();
        watchers.add(watcher);
        Journal.Position at = journal.here();
        watcher.risen(at.roomId(), at.seq());
    }

    /** Tells a watcher each step of the replica without keeping a place; to be called before the room is loaded. */
    void observe(Watcher watcher) {
        watchers.add(watcher);
    }

    private void takePlace() {
        seats.updateAndGet(n -> n < 0 ? n : n + 1);
    }

    /** Tells a watcher no more. */
    void unwatch(Watcher watcher) {
        mailbox.post(() -> watchers.remove(watcher));
        release();
    }

    /** Tells how it is, in a turn. */
    void look(Consumer<RoomView> watcher) {
        mailbox.post(() -> {
            Journal.Position at = journal.position();
            UpdateLog.Damage damaged = damage;
            watcher.accept(new RoomView(
                    name,
                    at == null ? 0 : at.roomId(),
                    state.name().toLowerCase(Locale.ROOT),
                    at == null ? 0 : at.seq(),
                    members.size(),
                    batches.memory(),
                    unsaved,
                    damaged == null ? null : damaged.what()));
        });
    }

    /** What is wrong with what is stored of it, so that it is only read; null where nothing is. */
    UpdateLog.@Nullable Damage damage() {
        return damage;
    }

    RoomDocument document() {
        return document;
    }

    private Requests requests() {
        return requests;
    }

    String name() {
        return name;
    }

    /** The replica; to be looked at in turns only. */
    StructStore store() {
        return journal.store();
    }

    /** Whether its sockets were told that it was deleted; to be asked in {@code onClosed}. */
    boolean wasDeleted() {
        return closeReason.equals(CloseReason.deleted());
    }

    /** Whether this room is loaded and is the life of that id; from any thread. */
    boolean isLife(long id) {
        Journal.Position at = journal.position();
        return safeguards.closesEndedLives() && at != null && at.roomId() == id;
    }

    /** The life of that id has ended; if it is this one, the room closes before it does anything that comes later. */
    void retire(long id) {
        mailbox.post(() -> whenOpen(() -> {
            if (isLife(id)) {
                lifeEnded();
            }
        }));
    }

    /** Its life may have ended: asks the log. */
    void lookAgain() {
        mailbox.post(() -> whenOpen(journal::readOn));
    }

    /** Where the room is in the log; null while it is loading. */
    Journal.@Nullable Position position() {
        return journal.position();
    }

    /**
     * Hands over how far the log is.
     *
     * @param head null where the log does not know the room
     * @param asked the position of the replica when the log was asked
     */
    void headSeen(UpdateLog.@Nullable Head head, Journal.Position asked) {
        boolean isNew = head == null || head.seq() > asked.seq();
        if (!safeguards.comparesHeads() || (!isNew && !safeguards.noticesLostRows())) {
            return;
        }
        if (head == null || head.deleted() || head.seq() != asked.seq() || head.link() != asked.link()) {
            mailbox.post(() -> whenOpen(() -> journal.headSeen(head, asked)));
        }
    }

    /** Whether somebody is in it, or about to be. */
    boolean isOccupied() {
        return seats.get() > 0;
    }

    /** When the oldest of what waits to be committed came, by the clock of {@link RoomMetrics}; 0 while nothing waits. */
    long waitingSince() {
        return waitingSince.getOpaque();
    }

    /** Nanoseconds that all turns took together. */
    long busyNanos() {
        return mailbox.busyNanos();
    }

    /** Keeps a place, so that the room does not close meanwhile; false when it takes no more. */
    boolean reserve() {
        return seats.getAndUpdate(n -> n < 0 ? n : n + 1) >= 0;
    }

    /**
     * Gives a connection its seat, greets it, and deals with what it has sent. To be called in a turn, while it is open.
     *
     * @param stale whether the log did not say that this life goes on
     */
    void sit(Place place, boolean stale) {
        Member member = new Member(place.connection(), settings.maxAwarenessStates());
        List<Place.Frame> early = place.begin(new MemberSeat(member));
        if (early == null) {
            return;
        }
        takePlace();
        members.add(member);
        member.isProven = !stale || damage != null;
        greet(member);
        member.isFresh = true; // what it sent early has waited with it
        for (Place.Frame frame : early) {
            member.cameAt = frame.cameAt();
            frame.messages().forEach(m -> handle(member, m));
        }
        member.isFresh = false;
        if (!member.paused) {
            member.connection.resume();
        }
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
            long at = context.metrics().nanos();
            mailbox.post(() -> whenOpen(() -> {
                member.cameAt = at;
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

    /** Whether an edit was made on another edit that could not be saved. */
    private boolean dependsOnLost(Edit edit) {
        return safeguards.dropsDependentEdits() && edit.isLost();
    }

    /**
     * Why it cannot do what it was asked for.
     *
     * @param moment when that came: what the log said before is not the last word on it
     */
    private RuntimeException whyNot(long moment) {
        if (hasEnded || (missing && loadedAt <= moment)) {
            return endOfLife();
        }
        return missing
                ? new Documents.RoomMissingException(name)
                : new Documents.UnavailableException("the document cannot be opened now, please try again", false);
    }

    /** Sends a request to the next life of the name. */
    private RuntimeException endOfLife() {
        return safeguards.asksAgainByName() ? new LifeEndedException(name) : new Documents.RoomMissingException(name);
    }

    /** Whether a peer with that state vector has a copy of an ended life of the name. */
    private boolean isCopyOfEnded(StateVector known) {
        if (!safeguards.refusesCopiesOfEndedLives()) {
            return false;
        }
        long age = clock.getAsLong() - endedReadAt;
        if (!endedLives.isEmpty() && age >= endedLives.millisLeft()) {
            endedLives = EndedLives.NONE;
        }
        return !endedLives.isEmpty()
                && endedLives.haveCopyIn(known, journal.store().stateVector(), age);
    }

    /** A member asks for what it lacks: all that was committed before, on whichever node. */
    private void ask(Member member, StateVector known) {
        if (!member.hasAsked && isCopyOfEnded(known)) {
            member.isDismissed = true;
            leave(member);
            member.connection.close(CloseReason.deleted());
            return;
        }
        member.hasAsked = true;
        if (context.log().isShared() && !member.isFresh && !unsaved && damage == null) {
            member.freshAfter = journal.lookUp();
            member.freshUntil = clock.getAsLong() + settings.saveTimeout();
        }
        member.isFresh = false;
        answers.ask(member, known);
    }

    /** Whether a step 1 is not to be answered yet: its sender's own news or what others committed is still to come. */
    private boolean isTooEarly(Member member) {
        if (unsaved) {
            return false;
        }
        boolean stale =
                member.freshAfter > 0 && !journal.hasRead(member.freshAfter) && clock.getAsLong() < member.freshUntil;
        return stale || batches.holdNewsOf(member);
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
            if (Journal.cause(error) instanceof UpdateLog.RoomGoneException) {
                missing = true;
                close(CloseReason.deleted());
                return;
            }
            if (Journal.cause(error) instanceof Documents.RoomMissingException) {
                if (home.abandon()) {
                    missing = true;
                    close(CloseReason.restart());
                } else {
                    load();
                }
                return;
            }
            overlays.outage().failed(name, "cannot be loaded", error);
            close(CloseReason.overload("this document cannot be loaded now, please try again"));
            return;
        }
        state = State.OPEN;
        endedLives = contents.ended();
        endedReadAt = clock.getAsLong();
        journal.begin(contents);
        watchers.risen(contents.roomId(), contents.head().seq());
        List<Runnable> tasks = List.copyOf(waiting);
        waiting.clear();
        tasks.forEach(Runnable::run);
    }

    // ------------------------------------------------------------------ turns: messages

    private void handle(Member member, Message message) {
        if (member.isDismissed) {
            return;
        }
        if (message instanceof Message.SyncUpdate m) {
            accept(member, m.update());
        } else if (message instanceof Message.SyncStep2 m) {
            member.mayClaim = false;
            if (damage == null) {
                accept(member, m.update());
            }
        } else if (message instanceof Message.SyncStep1 m) {
            ask(member, m.stateVector());
        } else if (message instanceof Message.AwarenessUpdate m) {
            awareness.hear(member, m);
        } else if (message instanceof Message.QueryAwareness) {
            awareness.ask(member);
        }
    }

    private void accept(Member member, Update update) {
        context.metrics().emptyStructs(update.emptyCount());
        Update fresh = reduce(update);
        if (fresh.isEmpty()) {
            return;
        }
        if (damage != null) {
            member.connection.close(CloseReason.quarantined());
            return;
        }
        batches.add(fresh, member, unsaved);
        if (unsaved) {
            passOnUnsaved(fresh.encode(), member);
        }
        if (tooMuchWaits() || (unsaved && overlays.isFull())) {
            member.paused = true;
            member.connection.pause();
        }
    }

    private boolean tooMuchWaits() {
        return batches.memory() > settings.maxOverlay();
    }

    /** The part of an update that neither the replica nor a waiting batch has. */
    private Update reduce(Update update) {
        return safeguards.reducesUpdates() ? batches.reduce(journal.store().reduce(update)) : update;
    }

    // ------------------------------------------------------------------ turns: other nodes

    private void tellOthers(Bus.Event event) {
        if (subscribed != 0) {
            context.bus().publish(subscribed, event);
        }
    }

    private void heard(long node, Bus.Event event, long at) {
        if (state != State.OPEN) {
            return;
        }
        if (damage != null && (event instanceof Bus.Event.Committed || event instanceof Bus.Event.Unsaved)) {
            return; // the log is not followed, and nothing can be saved
        }
        if (event instanceof Bus.Event.Committed row) {
            journal.heard(row, at);
        } else if (event instanceof Bus.Event.Unsaved update) {
            own(Update.decode(update.payload(), DecodeLimits.OWN));
        } else if (event instanceof Bus.Event.Awareness said) {
            awareness.hearFrom(node, said);
        } else if (event instanceof Bus.Event.AwarenessAsked asked) {
            awareness.announce(asked.afresh());
        } else if (event instanceof Bus.Event.NodeGone) {
            awareness.nodeGone(node);
        } else if (event instanceof Bus.Event.Resync) {
            journal.readOn();
            meetOthers(false);
        } else {
            meetOthers(true);
        }
    }

    /** Tells the other nodes who is here, and asks who is there. */
    private void meetOthers(boolean afresh) {
        awareness.announce(afresh);
        tellOthers(new Bus.Event.AwarenessAsked(afresh));
    }

    /** What another node cannot commit, we own too: whoever reaches the database first commits it. */
    private void own(Update update) {
        Update fresh = batches.reduce(journal.store().reduce(update));
        if (!fresh.isEmpty() && batches.memory() <= settings.maxOverlay() && !overlays.isFull()) {
            batches.add(fresh, null, true);
            audience.markSlow(journal.store());
            audience.broadcast(Message.update(fresh.encode()), null);
        }
    }

    // ------------------------------------------------------------------ turns: the log

    /** What the journal tells. */
    private final class JournalOwner implements Journal.Owner {
        @Override
        public void identified(long roomId) {
            if (subscribed != 0) {
                context.bus().unsubscribe(subscribed, listener);
            }
            subscribed = roomId;
            context.bus().subscribe(roomId, listener);
        }

        @Override
        public boolean continues(long before, long last) {
            return before == last || !safeguards.comparesLinks();
        }

        @Override
        public long newLink() {
            return 1 | (context.ids().get().getLeastSignificantBits() & Long.MAX_VALUE); // the half that is all random
        }

        @Override
        public void beforeChange() {
            audience.markSlow(journal.store());
        }

        @Override
        public void applied(long seq) {
            Room.this.applied(seq);
        }

        @Override
        public boolean isAlone() {
            return members.isEmpty();
        }

        @Override
        public void took(Update news) {
            audience.broadcast(Message.update(news.encode()), null);
        }

        @Override
        public void committed(Batch batch, long seq, long link, long before) {
            tellOthers(new Bus.Event.Committed(seq, batch.id, link, before, batch.payload())); // they are further away
            if (!batch.sent) {
                audience.broadcast(Message.update(batch.payload()), batch.soleOrigin());
            }
            count(batch);
        }

        @Override
        public void saved(Batch batch) {
            nextAttempt = AT_ONCE;
            requests.committed(batch);
            if (unsaved) {
                endUnsaved();
                overlays.outage().saved(name, batch.updates);
            }
            if (!tooMuchWaits()) {
                audience.resumeAll();
            }
        }

        @Override
        public void changed(Update update) {
            document.changed(update);
        }

        @Override
        public void madeAnew() {
            watchers.wentBack();
            requests.giveUpEdits(); // they may be made on what the log has lost
            document.madeAnew();
        }

        @Override
        public void troubled(Batch batch, @Nullable Throwable error) {
            if (batch.isEdits()) {
                if (requests.failed(batch, error)) {
                    nextAttempt = clock.getAsLong() + settings.retryAfter();
                }
                return;
            }
            overlays.outage().failed(name, "could not save an update", error);
            nextAttempt = clock.getAsLong() + settings.retryAfter();
            beginUnsaved();
        }

        @Override
        public void wentBack(int bytes) {
            LOG.error(
                    "Room {}: the database has lost updates that it had committed (was it restored from a backup, or"
                            + " has a standby taken over?). {} bytes that were still here are saved again",
                    name,
                    bytes);
            context.metrics().wentBack(bytes);
        }

        @Override
        public void gone() {
            lifeEnded();
        }

        @Override
        public void answeredLate(Batch batch, @Nullable Throwable error) {
            requests.answeredLate(batch, error, endOfLife());
        }

        @Override
        public void damaged(UpdateLog.Damage found) {
            damage = found;
            context.metrics().quarantineBegan();
            LOG.error(
                    "Room {} is quarantined: {}. It can be read up to there and not be written."
                            + " Run: java -jar keck.jar doctor config.yml",
                    name,
                    found.what());
        }

        @Override
        public void reload() {
            close(CloseReason.restart());
        }
    }

    private void applied(long seq) {
        answers.storeChanged();
        watchers.risen(subscribed, seq);
    }

    private void count(Batch batch) {
        long now = mailbox.began();
        long waited = batch.receivedAt == 0 ? -1 : now - batch.receivedAt;
        context.metrics().committed(now - batch.handedOver, waited, batch.updates, batch.payload().length);
    }

    private void commit() {
        if (state == State.OPEN && clock.getAsLong() >= nextAttempt) {
            journal.commit(clock.getAsLong(), mailbox.began());
        }
    }

    private void beginUnsaved() {
        if (unsaved) {
            return;
        }
        unsaved = true;
        overlays.began();
        context.metrics().unsavedBegan();
        overlays.outage().unsaved(name);
        requests.giveUpEdits();
        batches.sendAll(batch -> passOnUnsaved(batch.encode(), batch.soleOrigin()));
    }

    private void passOnUnsaved(byte[] update, @Nullable Member from) {
        audience.markSlow(journal.store());
        audience.broadcast(Message.update(update), from);
        tellOthers(new Bus.Event.Unsaved(update));
    }

    private void endUnsaved() {
        unsaved = false;
        overlays.ended();
        context.metrics().unsavedEnded();
    }

    /** Lets the node see how long something has been waiting to be committed. */
    private void accountWaiting() {
        Batch first = batches.first();
        if (first != null && first.receivedAt == 0) {
            first.receivedAt = mailbox.began(); // from no socket: since it is here, then
        }
        waitingSince.setOpaque(first == null ? 0 : first.receivedAt);
    }

    /** Tells the node how much of its heap is taken by what this room could not save. */
    private void accountOverlay() {
        long now = batches.anySent() && state == State.OPEN ? batches.memory() : 0;
        if (now != overlay) {
            overlays.add(now - overlay);
            overlay = now;
        }
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
        requests.serve(unsaved);
        answers.give();
        commit();
        accountOverlay();
        accountWaiting();
        wakeAt = Math.min(wakeAt, nextTick(clock.getAsLong())); // a turn never puts it off: busy rooms need ticks too
        if (batches.isEmpty() && !savedListeners.isEmpty()) {
            savedListeners.forEach(Runnable::run);
            savedListeners.clear();
        }
    }

    private long nextTick(long now) {
        if (!batches.isEmpty() || answers.isAnyoneWaiting() || !requests.isEmpty()) {
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
        Batch onItsWay = journal.inFlight();
        if (onItsWay != null && now - onItsWay.submittedAt > settings.saveTimeout()) {
            if (onItsWay.isEdits() && batches.areAllEdits()) {
                requests.giveUpEdits(); // nobody else waits for the database
            } else {
                beginUnsaved();
            }
        }
        awareness.expire();
        audience.lookAfter(now);
        boolean idle = members.isEmpty() && batches.isEmpty() && now - emptySince >= settings.unloadAfter();
        if (idle && damage == null && seats.compareAndSet(0, -1)) {
            ended();
        }
    }

    private void ended() {
        state = State.CLOSED;
        journal.stop();
        document.end();
        requests.end(this::whyNot, closeReason, hasEnded ? endOfLife() : null);
        watchers.ended(hasEnded ? new Documents.RoomMissingException(name) : whyNot(0));
        awareness.end();
        if (subscribed != 0) {
            context.bus().unsubscribe(subscribed, listener);
        }
        if (unsaved) {
            unsaved = false;
            overlays.ended();
        }
        if (damage != null) {
            context.metrics().quarantineEnded();
        }
        accountOverlay();
        waitingSince.setOpaque(0);
        onClosed.run();
    }

    private void failed() {
        close(CloseReason.restart());
    }

    private void lifeEnded() {
        if (state != State.CLOSED) {
            hasEnded = true;
            close(CloseReason.deleted());
        }
    }

    /** Ends the room for those who are in it; the next connection opens it again. */
    private void close(CloseReason reason) {
        if (state == State.CLOSED) {
            return;
        }
        closeReason = reason;
        seats.set(-1);
        ended();
        waiting.clear();
        // a member that the log did not vouch for may belong to the next life: it comes back and asks
        members.forEach(m -> m.connection.close(hasEnded && !m.isProven ? CloseReason.restart() : reason));
        members.clear();
        savedListeners.forEach(Runnable::run);
        savedListeners.clear();
    }
}
