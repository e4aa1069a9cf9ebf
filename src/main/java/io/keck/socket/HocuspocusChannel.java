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
import org.jspecify.annotations.Nullable;

/**
 * One document on a socket of Hocuspocus: a connection of its own to the room, with its own seat, rights, backlog and end.
 * Turns what the room sends into messages of that protocol, and counts what is to be acknowledged. Thread-safe.
 *
 * <p><b>Status.</b> The provider counts the updates that it has sent, and one more for the step 2 with which it answers us,
 * and takes one off for each status. So each update, and each step 2 that answers the step 1 after our own step 2, gets one,
 * when it is committed. A step 2 that we asked for beside that gets none: it would acknowledge an update that is still on its
 * way.
 *
 * <p><b>Reading.</b> The documents of a socket share one stream. While the room of one does not want to be sent more, its
 * messages wait here, up to a bound; beyond it the whole socket is read no further.
 */
final class HocuspocusChannel implements Connection, Outbox.Taken {
    /** Bytes of heap that it takes while nothing waits. */
    private static final int ITSELF = 3 << 10;
    /** Step 1s to remember that the client has not answered. */
    private static final int MAX_ASKED = 64;
    /** Positions without a status that are not reached yet. */
    private static final int MAX_SILENT = 4_096;

    private record Waiting(List<Message> messages, int bytes) {}

    private final HocuspocusEndpoint socket;
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

    // what has come and waits for the room; guarded by "waiting"
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private long waitingBytes;
    private boolean isPaused;

    // what is to be acknowledged; guarded by "asked"
    /** For each step 1 that is not answered, whether its answer gets a status. */
    private final ArrayDeque<Boolean> asked = new ArrayDeque<>();
    /** Positions that get no status of their own, rising. */
    private final ArrayDeque<Long> silent = new ArrayDeque<>();

    private boolean wasStep2;
    /** Whether the next step 1 follows from a question that the client did not ask, and whose answer it does not count. */
    private boolean isAskedInItsName;

    private long given;
    private long told;

    HocuspocusChannel(
            HocuspocusEndpoint socket,
            SocketConnection carrier,
            HocuspocusAnswers answers,
            Sockets sockets,
            String key,
            Clearance clearance) {
        this.socket = socket;
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

    String id() {
        return id;
    }

    long silentMillis() {
        return carrier.silentMillis();
    }

    /**
     * Tells the client that it is in, and takes the seat by its grant.
     *
     * @param isSuccessor whether the client had the document open under another principal. It does not begin its sync again
     *     then, and what happened between the two seats would be missing on either side, so the room is asked in its name.
     */
    void open(Grant grant, boolean isSuccessor) {
        tellRights();
        follow();
        Seat taken = sockets.rooms().join(grant, this);
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

    /** The client has shown another credential of the same principal, which is good, too. */
    void renew(Visit shown, Grant grant) {
        clearance.renew(shown, grant, this::tellRights);
    }

    /** Whether the document was opened by that principal: what it sent before is never another's. */
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

    /** Messages of the client, from the thread that reads. */
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

    /** Counts what the room will tell of, and leaves out what it has no use for. */
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
            return; // to this provider it means that its credential is bad
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

    /** Sends an answer of the protocol itself. */
    private void answer(byte[] body) {
        if (!closed.get()) {
            answers.send(prefix, body, outbound);
        }
    }

    private void say(byte[] body) {
        if (closed.get()) {
            return;
        }
        int bytes = prefix.length + body.length;
        if (backlog.addAndGet(bytes) > maxBacklog) {
            above.set(true);
        }
        if (body.length >= SharedBytes.LARGE) {
            carrier.sendInTwo(prefix, body, outbound, this);
        } else {
            carrier.send(sockets.frames().of(key, prefix, body), body, outbound, this);
        }
    }

    @Override
    public void taken(int bytes) {
        if (backlog.addAndGet(-bytes) <= maxBacklog / 2 && above.compareAndSet(true, false)) {
            drained();
        }
    }

    /** There is room for more. */
    void drained() {
        Seat taken = seat;
        if (taken != null) {
            taken.drained();
        }
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
        for (byte[] status = HocuspocusMessage.status(true); statuses > 0; statuses--) {
            answer(status);
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

    /** Its own, unless so much waits for the whole socket that nobody on it gets more. */
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
        Clearance now = clearance;
        if (now.mayWrite()) { // a reader's room goes with its last client, and counts for nobody
            now.allowance().madeDocument();
        }
    }

    @Override
    public @Nullable String whyNotGrow(long bytes) {
        return clearance.allowance().whyNotGrow(bytes);
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
                taken.receive(next.messages(), next.bytes()); // which may pause again
            }
            if (waitingBytes > sockets.roomSettings().maxInbound() / 2) {
                return;
            }
        }
        socket.release(this);
    }

    // ------------------------------------------------------------------ the end

    /** The rights have ended, or an operator ends the connection to this document. */
    void end(CloseReason reason) {
        answer(HocuspocusMessage.denied(reason.text()));
        close(reason);
        leave();
    }

    /**
     * Ends the document's part of the socket for good. A reason that passes ends the socket: the provider comes back with all
     * its documents then, and never with one alone.
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

    /** The client has left the document, or the socket has ended. */
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
