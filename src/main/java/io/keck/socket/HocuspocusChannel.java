package io.keck.socket;

import io.keck.access.Author;
import io.keck.access.Grant;
import io.keck.access.Principal;
import io.keck.access.Visit;
import io.keck.crdt.store.StateVector;
import io.keck.heap.Guest;
import io.keck.heap.HeapLedger;
import io.keck.heap.SharedBytes;
import io.keck.heap.Tally;
import io.keck.metrics.ConnectionMetrics.Ignored;
import io.keck.protocol.CloseReason;
import io.keck.protocol.HocuspocusMessage;
import io.keck.protocol.Message;
import io.keck.room.Connection;
import io.keck.room.Seat;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * One document on a Hocuspocus socket: a connection to the room of its own, with its own seat, rights, backlog and end. Turns
 * the room's messages into messages of that protocol, and counts what has to be acknowledged. Thread-safe.
 *
 * <p><b>Status.</b> The provider counts its updates and one step 2, its answer to the server's step 1, and subtracts one for
 * each status. So every update, and every step 2 that answers the server's regular step 1, gets a status when it is committed.
 * A step 2 that the server requested in addition gets none: its status would acknowledge an update that is still under way.
 *
 * <p><b>Reading.</b> The documents of a socket share one stream. While a room does not read from writers, the messages for it
 * wait here, up to a bound; above the bound the whole socket is not read.
 */
final class HocuspocusChannel implements Connection, Outbox.Taken {
    /** Heap in bytes while nothing waits. */
    private static final int ITSELF = 3 << 10;
    /** Largest number of unanswered step 1s that are remembered. */
    private static final int MAX_ASKED = 64;
    /** Largest number of positions without a status that are remembered. */
    private static final int MAX_SILENT = 4_096;

    private static final byte[] SAVED = HocuspocusMessage.status(true);

    private record Waiting(List<Message> messages, int bytes) {}

    /** The socket that a document shares with others. */
    interface Host {
        /** Too much waits for a document: the socket must not be read before {@link #release}. */
        void hold(HocuspocusChannel channel);

        /** Little enough waits for a document. */
        void release(HocuspocusChannel channel);

        /** A document has ended on this socket. */
        void gone(HocuspocusChannel channel);
    }

    private final Host socket;
    private final BiFunction<Grant, Connection, Seat> rooms;
    private final SocketConnection carrier;
    private final HocuspocusAnswers answers;
    private final Sockets sockets;
    private final String key;
    private final String room;
    private final String id = UUID.randomUUID().toString().substring(24);
    private final byte[] prefix;
    private final long maxBacklog;
    private final Tally outbound;
    private final Tally inbound;
    private final Tally itself;
    private final AtomicLong backlog = new AtomicLong();
    private final AtomicBoolean above = new AtomicBoolean();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Clearance clearance;
    private volatile Runnable unfollow = () -> {};
    private volatile @Nullable Seat seat;

    // messages that wait for the room; guarded by "waiting"
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private long waitingBytes;
    private boolean isPaused;

    // messages to acknowledge; guarded by "asked"
    /** For each unanswered step 1, whether its answer gets a status. */
    private final ArrayDeque<Boolean> asked = new ArrayDeque<>();
    /** Positions that get no status of their own, in rising order. */
    private final ArrayDeque<Long> silent = new ArrayDeque<>();

    private boolean wasStep2;
    /** Whether the next step 1 answers a step 1 that the server made up for the client: the client does not count its answer. */
    private boolean isAskedInItsName;

    private long given;
    private long told;

    /**
     * A document without a seat.
     *
     * @param rooms gives a connection its seat, see {@link io.keck.room.Rooms#join}
     */
    HocuspocusChannel(
            Host socket,
            BiFunction<Grant, Connection, Seat> rooms,
            SocketConnection carrier,
            HocuspocusAnswers answers,
            Sockets sockets,
            String key,
            Clearance clearance) {
        this.socket = socket;
        this.rooms = rooms;
        this.carrier = carrier;
        this.answers = answers;
        this.sockets = sockets;
        this.key = key;
        this.room = HocuspocusMessage.nameOf(key);
        this.prefix = HocuspocusMessage.prefix(key);
        this.clearance = clearance;
        this.maxBacklog = sockets.roomSettings().maxBacklog();
        Guest guest = why -> close(CloseReason.overload(why));
        HeapLedger ledger = sockets.ledger();
        this.outbound = ledger.open(HeapLedger.Kind.OUTBOUND, room, carrier.address(), guest);
        this.inbound = ledger.open(HeapLedger.Kind.INBOUND, room, carrier.address(), guest);
        this.itself = ledger.open(HeapLedger.Kind.SOCKET, room, carrier.address(), guest);
        itself.add(ITSELF);
    }

    String key() {
        return key;
    }

    String room() {
        return room;
    }

    /** What each frame about this document begins with. */
    byte[] prefix() {
        return prefix;
    }

    /** Whether the document is open and a frame of the client is about it. */
    boolean isAbout(byte[] frame) {
        return !closed.get() && HocuspocusMessage.isAbout(frame, prefix);
    }

    String id() {
        return id;
    }

    long silentMillis() {
        return carrier.silentMillis();
    }

    /**
     * Tells the client that it is admitted, and takes a seat in the room.
     *
     * @param isSuccessor whether the client had the document open under another principal. Then it does not repeat its sync, and
     *     both sides would lack what changed between the two seats, so the server makes up a step 1 for the client.
     */
    void open(Grant grant, boolean isSuccessor) {
        tellRights();
        follow();
        Seat taken = rooms.apply(grant, this);
        seat = taken;
        if (isSuccessor) {
            synchronized (asked) {
                isAskedInItsName = true;
            }
            taken.receive(List.of(new Message.SyncStep1(StateVector.EMPTY)), 0);
        }
        if (closed.get()) {
            taken.leave();
        }
    }

    /** Replaces the grant after the client has shown another valid credential of the same principal. */
    void renew(Visit shown, Grant grant) {
        clearance.renew(shown, grant, this::tellRights);
    }

    /** Whether a principal opened the document. If another one did, its earlier messages must not be written by this one. */
    boolean isOf(Principal principal) {
        Grant grant = clearance.grant();
        return grant != null && grant.principal().equals(principal);
    }

    private void tellRights() {
        answer(HocuspocusMessage.authenticated(clearance.mayWrite()));
    }

    private void follow() {
        unfollow = clearance.follow(this::end, this::send, this::tellRights);
        if (closed.get()) {
            unfollow.run();
        }
    }

    // ------------------------------------------------------------------ from the client

    /** Receives messages of the client, on the thread that reads. */
    void receive(List<Message> messages, int bytes) {
        carrier.received(bytes, clearance.allowance());
        List<Message> allowed = count(
                clearance.allowed(clearance.counted(messages), refusal -> answer(HocuspocusMessage.status(false))));
        Seat taken = seat;
        if (taken == null || allowed.isEmpty() || closed.get()) {
            return;
        }
        synchronized (waiting) {
            if (!isPaused && waiting.isEmpty()) {
                taken.receive(allowed, bytes);
                return;
            }
            waiting.add(new Waiting(allowed, bytes));
            waitingBytes += bytes;
            inbound.add(bytes);
            if (waitingBytes > sockets.roomSettings().maxInbound()) {
                socket.hold(this);
            }
        }
    }

    /** Counts the messages whose commit the room reports, and removes those that the room does not need. */
    private List<Message> count(List<Message> messages) {
        List<Message> known = new ArrayList<>(messages.size());
        synchronized (asked) {
            for (Message message : messages) {
                if (message instanceof Message.Unknown) {
                    sockets.metrics().ignored(Ignored.TYPE);
                    continue;
                }
                known.add(message);
                if (message instanceof Message.SyncUpdate) {
                    given++;
                } else if (message instanceof Message.SyncStep2 || message instanceof Message.SyncRepeat) {
                    given++;
                    Boolean inTurn = asked.poll();
                    if (inTurn != null && !inTurn) {
                        beSilent(given);
                    }
                }
            }
        }
        return known;
    }

    private void beSilent(long position) {
        silent.add(position);
        if (silent.size() > MAX_SILENT) {
            carrier.close(CloseReason.overload("too much of this document waits to be saved"));
        }
    }

    // ------------------------------------------------------------------ from the room

    @Override
    public void send(byte[] frame) {
        if (frame[0] == Message.AUTH) {
            return; // this provider would take it as a refusal of its credential
        }
        if (frame[0] == Message.SYNC) {
            noteAsked(frame[1]);
        }
        say(frame);
    }

    private void noteAsked(int step) {
        synchronized (asked) {
            if (step == 0) {
                asked.add(wasStep2 && !isAskedInItsName);
                isAskedInItsName = false;
                if (asked.size() > MAX_ASKED) {
                    asked.remove();
                }
            }
            wasStep2 = step == 1;
        }
    }

    /** Sends an answer that is not content of the document. */
    private void answer(byte[] body) {
        if (!closed.get()) {
            answers.send(prefix, body, outbound);
        }
    }

    private void say(byte[] body) {
        if (closed.get()) {
            return;
        }
        if (backlog.addAndGet(prefix.length + body.length) > maxBacklog) {
            above.set(true);
        }
        if (body.length >= SharedBytes.LARGE) {
            carrier.sendInTwo(prefix, body, outbound, this);
        } else {
            carrier.send(sockets.frames().of(key, prefix, body), body, 1, outbound, this);
        }
    }

    @Override
    public void taken(int bytes) {
        if (backlog.addAndGet(-bytes) <= maxBacklog / 2 && above.compareAndSet(true, false)) {
            drained();
        }
    }

    /** Notes that the backlog has drained. */
    void drained() {
        Seat taken = seat;
        if (taken != null) {
            taken.drained();
        }
    }

    @Override
    public void tell(String text) {
        say(HocuspocusMessage.stateless(text));
    }

    @Override
    public boolean hearsOfSaved() {
        return true;
    }

    @Override
    public void saved(long position) {
        long statuses;
        synchronized (asked) {
            statuses = position - told;
            told = position;
            for (Long next = silent.peek(); next != null && next <= position; next = silent.peek()) {
                silent.remove();
                statuses--;
            }
        }
        if (statuses > 0 && !closed.get()) {
            answers.send(prefix, SAVED, statuses, outbound);
        }
    }

    @Override
    public void notSaved(long position) {
        boolean isCounted;
        synchronized (asked) {
            isCounted = !silent.contains(position);
            if (isCounted) {
                beSilent(position);
            }
        }
        if (isCounted) {
            answer(HocuspocusMessage.status(false));
        }
    }

    @Override
    public boolean isAskedInTurn() {
        return true;
    }

    @Override
    public void waits(long bytes) {
        inbound.add(bytes);
    }

    /** The backlog of this document; if the whole socket has too much, it is above the bound for all of its documents. */
    @Override
    public long backlog() {
        long all = carrier.backlog();
        return closed.get() ? 0 : all > HocuspocusEndpoint.BACKLOGS * maxBacklog ? all : backlog.get();
    }

    @Override
    public long lastProgress() {
        return carrier.lastProgress();
    }

    @Override
    public long lastSend() {
        return carrier.lastSend();
    }

    @Override
    public String address() {
        return carrier.address();
    }

    @Override
    public @Nullable Author author() {
        return clearance.author();
    }

    @Override
    public void beganRoom() {
        sockets.metrics().beganRoom(address());
        if (clearance.mayWrite()) { // a room of readers counts for no address
            clearance.allowance().madeDocument();
        }
    }

    @Override
    public @Nullable String whyNotGrow(long bytes) {
        return clearance.allowance().whyNotGrow(bytes);
    }

    @Override
    public @Nullable String whyNotCreate() {
        return clearance.whyNotCreate();
    }

    @Override
    public void brought(long bytes) {
        clearance.allowance().stored(bytes);
    }

    @Override
    public long ping() {
        return carrier.ping();
    }

    @Override
    public boolean hasAnswered(long ping) {
        return carrier.hasAnswered(ping);
    }

    @Override
    public void pause() {
        synchronized (waiting) {
            isPaused = true;
        }
    }

    @Override
    public void resume() {
        synchronized (waiting) {
            isPaused = false;
            Seat taken = seat;
            while (!isPaused && !waiting.isEmpty() && taken != null) {
                Waiting next = waiting.remove();
                waitingBytes -= next.bytes();
                inbound.add(-next.bytes());
                taken.receive(next.messages(), next.bytes()); // this may pause the channel again
            }
            if (waitingBytes > sockets.roomSettings().maxInbound() / 2) {
                return;
            }
        }
        socket.release(this);
    }

    // ------------------------------------------------------------------ the end

    /** Closes the document because its rights have ended or an operator asked for it. */
    void end(CloseReason reason) {
        answer(HocuspocusMessage.denied(reason.text()));
        close(reason);
        leave();
    }

    /**
     * Closes the document on this socket for good. A reason that allows the client to come back closes the whole socket: the
     * provider reconnects all of its documents, never a single one.
     */
    @Override
    public void close(CloseReason reason) {
        if (!reason.isFinal()) {
            carrier.close(reason);
        } else if (!closed.get()) {
            answer(HocuspocusMessage.close(reason.text()));
            ended();
        }
    }

    /** Frees the seat after the client has left the document or the socket has ended. */
    void leave() {
        Seat taken = seat;
        ended();
        if (taken != null) {
            taken.leave();
        }
    }

    private void ended() {
        if (closed.compareAndSet(false, true)) {
            unfollow.run();
            socket.gone(this);
            synchronized (waiting) {
                waiting.clear();
                waitingBytes = 0;
            }
            outbound.close();
            inbound.close();
            itself.close();
        }
    }
}
