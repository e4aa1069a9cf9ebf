package io.keck.socket;

import io.keck.access.Allowance;
import io.keck.access.Author;
import io.keck.heap.Guest;
import io.keck.heap.HeapLedger;
import io.keck.heap.SharedBytes;
import io.keck.heap.Tally;
import io.keck.metrics.ConnectionMetrics;
import io.keck.protocol.CloseReason;
import io.keck.protocol.HocuspocusMessage;
import io.keck.protocol.Message;
import io.keck.room.Connection;
import io.keck.room.Seat;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.OpCode;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket as a {@link Connection}. Frames go to Jetty at once, which combines waiting frames into one write. This
 * class counts the waiting bytes, since neither Jakarta nor Jetty bounds them. Thread-safe.
 */
final class SocketConnection implements Connection {
    /** Heap of an idle connection in bytes: objects of Jetty and Keck, without buffers. */
    private static final int ITSELF = 12 << 10;
    /** Heap of a queued frame in bytes, beside its payload. */
    private static final int QUEUED = 300;

    private final String id = UUID.randomUUID().toString().substring(24);
    private final String room;
    private final String address;
    private final CoreSession session;
    private final ReadGate gate;
    private final LongSupplier clock;
    private final long maxBacklog;
    private final ConnectionMetrics metrics;
    private final AtomicLong backlog = new AtomicLong();
    /** This connection's part of the waiting bytes, as reported to the heap ledger. */
    private final Tally outbound;

    private final Tally inbound;
    private final Tally itself;
    private final SharedBytes shared;
    private final SocketShares shares;
    /** Whether more has come from its address than may come in a second. */
    private volatile boolean isReadHeld;
    /** Whether more went to its address than may go in a second: it counts as slow until that is paid for. */
    private volatile boolean isSendHeld;
    /** Held while the frames of one message are handed to Jetty. */
    private final Object sending = new Object();

    private final AtomicBoolean closing = new AtomicBoolean();
    private final AtomicBoolean above = new AtomicBoolean();
    private volatile long lastProgress;
    private volatile long lastSend;
    private volatile long lastHeard;
    /** Counts arrivals from the peer; a pong is recognized by the count having changed. */
    private final LongAdder timesHeard = new LongAdder();

    private final AtomicBoolean closeSent = new AtomicBoolean();
    private volatile long closingSince = Long.MAX_VALUE;
    /** When a delayed close goes out, in milliseconds. */
    private volatile long closeAt;

    private volatile boolean wasDelayed;
    private volatile Wishes wishes = Wishes.NONE;
    private volatile @Nullable CloseReason closedWith;
    private volatile @Nullable Seat seat;
    private volatile @Nullable Clearance clearance;
    /** Until when nothing is read, since its principal has sent more than it may; by the clock. */
    private volatile long slowedUntil;

    SocketConnection(
            String room,
            String address,
            ReadGate gate,
            LongSupplier clock,
            long maxBacklog,
            ConnectionMetrics metrics,
            HeapLedger ledger,
            SocketShares shares) {
        this.shares = shares;
        Guest guest = why -> close(CloseReason.overload(why));
        this.outbound = ledger.open(HeapLedger.Kind.OUTBOUND, room, address, guest);
        this.inbound = ledger.open(HeapLedger.Kind.INBOUND, room, address, guest);
        this.itself = ledger.open(HeapLedger.Kind.SOCKET, room, address, guest);
        this.shared = ledger.shared();
        itself.add(ITSELF);
        this.room = room;
        this.address = address;
        this.session = gate.core();
        this.gate = gate;
        this.clock = clock;
        this.maxBacklog = maxBacklog;
        this.metrics = metrics;
        long now = clock.getAsLong();
        this.lastProgress = now;
        this.lastSend = now;
        this.lastHeard = now;
    }

    String room() {
        return room;
    }

    /** The random id of the connection: 48 bits. */
    String id() {
        return id;
    }

    @Override
    public String address() {
        return address;
    }

    /** Of the grant that it has now, or had last. */
    @Override
    public @Nullable Author author() {
        return gate.frames().clearance().author();
    }

    long silentMillis() {
        return clock.getAsLong() - lastHeard;
    }

    /** Sets the seat to notify when the backlog has drained. */
    void seat(Seat taken) {
        this.seat = taken;
    }

    /** By which limits it lives. */
    void clearance(Clearance given) {
        this.clearance = given;
    }

    private Allowance allowance() {
        Clearance given = clearance;
        return given == null ? Allowance.ALL : given.allowance();
    }

    /** Bytes of a message came: where they are more than its principal may send, it is read on later. */
    void received(int bytes) {
        received(bytes, allowance());
    }

    /** Bytes of a message came for a document with limits of its own. */
    void received(int bytes, Allowance limits) {
        long pause = limits.received(bytes);
        if (pause > 0) {
            slowedUntil = clock.getAsLong() + pause;
            gate.slow(true);
        }
    }

    /** Bytes that wait for the peer. */
    Tally outbound() {
        return outbound;
    }

    /** Received bytes that are not processed yet. */
    Tally inbound() {
        return inbound;
    }

    @Override
    public void waits(long bytes) {
        inbound.add(bytes);
    }

    /** Releases the heap of a connection that has ended. */
    void ended() {
        outbound.close();
        inbound.close();
        itself.close();
    }

    @Override
    public void send(byte[] frame) {
        send(frame, 1);
    }

    @Override
    public void send(byte[] frame, int recipients) {
        if (closing.get()) {
            return;
        }
        long now = queued(frame, frame.length);
        int part = QUEUED + frame.length / Math.max(1, recipients);
        hold(frame, part, outbound);
        session.sendFrame(
                new Frame(OpCode.BINARY, ByteBuffer.wrap(frame)),
                Callback.from(
                        () -> metrics.written(written(frame.length, frame, part, outbound) - now),
                        failure -> written(frame.length, frame, part, outbound)),
                false);
    }

    /**
     * Queues one binary message of two parts, on a connection on which nobody calls {@link #send}. A large body goes out as a
     * frame of its own, so that all who get it share the array.
     *
     * @param tally counts the bytes that wait
     * @param whenTaken run when the network has taken the message, or the connection has failed
     */
    void send(byte[] prefix, byte[] body, Tally tally, Runnable whenTaken) {
        if (closing.get()) {
            whenTaken.run();
            return;
        }
        int bytes = prefix.length + body.length;
        long now = queued(body, bytes);
        boolean isShared = body.length >= SharedBytes.LARGE;
        byte[] last = isShared ? body : HocuspocusMessage.frame(prefix, body);
        int part = QUEUED + last.length;
        hold(last, part, tally);
        Callback callback = Callback.from(
                () -> {
                    long then = written(bytes, last, part, tally);
                    metrics.written(then - now);
                    whenTaken.run();
                },
                failure -> {
                    written(bytes, last, part, tally);
                    whenTaken.run();
                });
        synchronized (sending) { // no other message between the two frames of one
            if (isShared) {
                session.sendFrame(new Frame(OpCode.BINARY, false, ByteBuffer.wrap(prefix)), Callback.NOOP, true);
                session.sendFrame(new Frame(OpCode.CONTINUATION, true, ByteBuffer.wrap(last)), callback, false);
            } else {
                session.sendFrame(new Frame(OpCode.BINARY, ByteBuffer.wrap(last)), callback, false);
            }
        }
    }

    /** Notes that a message begins to wait; when that was. */
    private long queued(byte[] message, int bytes) {
        long now = clock.getAsLong();
        lastSend = now;
        if (backlog.getAndAdd(bytes) == 0) {
            lastProgress = now;
        }
        if (shares.sent().pass(address, bytes) > 0) {
            isSendHeld = true;
            above.set(true);
        }
        if (backlog.get() > maxBacklog) {
            above.set(true);
        }
        metrics.sent(ConnectionMetrics.Kind.of(message), bytes);
        return now;
    }

    private void hold(byte[] frame, int part, Tally tally) {
        if (frame.length >= SharedBytes.LARGE) {
            shared.hold(frame, tally);
        } else {
            tally.add(part);
        }
    }

    private void release(byte[] frame, int part, Tally tally) {
        if (frame.length >= SharedBytes.LARGE) {
            shared.release(frame);
        } else {
            tally.add(-part);
        }
    }

    /** Notes that the network has taken a message; returns the time. */
    private long written(int bytes, byte[] frame, int part, Tally tally) {
        release(frame, part, tally);
        long now = clock.getAsLong();
        lastProgress = now;
        tellIfDrained(backlog.addAndGet(-bytes));
        return now;
    }

    /** Also counts as slow while more went to its address than may. */
    @Override
    public long backlog() {
        return isSendHeld && !closing.get() ? Math.max(waiting(), maxBacklog + 1) : waiting();
    }

    /** Bytes that the network has not taken. */
    long waiting() {
        return closing.get() ? 0 : backlog.get();
    }

    @Override
    public long lastProgress() {
        return isSendHeld && waiting() == 0 ? clock.getAsLong() : lastProgress; // it is us who wait
    }

    @Override
    public long lastSend() {
        return lastSend;
    }

    /** Notes that something arrived from the peer; pauses reading if too much comes from its address. */
    void heard(int bytes) {
        timesHeard.increment();
        lastHeard = clock.getAsLong();
        if (shares.received().pass(address, bytes) > 0 && !closing.get()) {
            gate.hold();
            isReadHeld = true;
        }
    }

    /** Goes on with what waits for the rate of the address, where that is paid for. */
    private void tickFlow() {
        if (isReadHeld && shares.received().wait(address) == 0) {
            isReadHeld = false;
            gate.release();
        }
        if (isSendHeld && shares.sent().wait(address) == 0) {
            isSendHeld = false;
            lastProgress = clock.getAsLong();
            tellIfDrained(backlog.get());
        }
    }

    private void tellIfDrained(long left) {
        Seat taken = seat;
        if (!isSendHeld && left <= maxBacklog / 2 && above.compareAndSet(true, false) && taken != null) {
            taken.drained();
        }
    }

    /** To be called before the connection takes its seat. */
    void wishes(Wishes asked) {
        wishes = asked;
    }

    @Override
    public boolean hearsOfConflicts() {
        return wishes.conflicts();
    }

    @Override
    public boolean hearsOfSaved() {
        return wishes.saved() || wishes.echo();
    }

    @Override
    public boolean isEchoed() {
        return wishes.echo();
    }

    @Override
    public void saved(long position) {
        if (wishes.saved()) {
            send(Message.saved(position));
        }
    }

    @Override
    public long ping() {
        long before = timesHeard.sum();
        if (!closing.get()) {
            session.sendFrame(new Frame(OpCode.PING), Callback.NOOP, false);
        }
        return before;
    }

    @Override
    public boolean hasAnswered(long ping) {
        return timesHeard.sum() != ping || (gate.isClosed() && !closing.get());
    }

    @Override
    public void beganRoom() {
        metrics.beganRoom(address);
        Clearance given = clearance;
        if (given != null && given.mayWrite()) { // a reader's room goes with its last client, and counts for nobody
            given.allowance().madeDocument();
        }
    }

    @Override
    public @Nullable String whyNotGrow(long bytes) {
        return allowance().whyNotGrow(bytes);
    }

    @Override
    public void brought(long bytes) {
        allowance().stored(bytes);
    }

    @Override
    public void pause() {
        gate.close();
    }

    @Override
    public void resume() {
        gate.open();
    }

    @Override
    public void close(CloseReason reason) {
        if (closing.compareAndSet(false, true)) {
            closedWith = reason;
            sendClose(reason);
        } else if (closeAt > 0 && closedWith != null) {
            sendClose(closedWith); // another cause ends the connection before its delayed close
        }
    }

    /**
     * Closes the connection after a delay. Until then nothing is read from the peer or sent to it.
     *
     * @param millis the delay
     * @return whether the connection was open
     */
    boolean closeDelayed(CloseReason reason, long millis) {
        if (!closing.compareAndSet(false, true)) {
            return false;
        }
        wasDelayed = true;
        gate.close();
        closeAt = clock.getAsLong() + millis;
        closedWith = reason;
        return true;
    }

    /** Whether the close of this connection was delayed. */
    boolean wasDelayed() {
        return wasDelayed;
    }

    private void sendClose(CloseReason reason) {
        if (closeSent.compareAndSet(false, true)) {
            closingSince = clock.getAsLong();
            gate.slow(false);
            gate.open(); // to read the peer's answer to the close frame
            gate.release();
            session.sendFrame(new ClosingFrame(reason.code(), reason.wireText()), Callback.NOOP, false);
        }
    }

    /** The reason with which the server closed the connection, or null. */
    @Nullable
    CloseReason closedWith() {
        return closedWith;
    }

    /**
     * Pings a silent peer, disconnects one that stays silent or does not answer a close frame in time, and closes a
     * connection whose message takes too long. All arguments are milliseconds.
     */
    void tick(long pingAfter, long deadAfter, long closeWithin) {
        tickFlow();
        long now = clock.getAsLong();
        CloseReason reason = closedWith;
        if (slowedUntil > 0 && now >= slowedUntil) {
            slowedUntil = 0;
            gate.slow(false);
        }
        if (closing.get()) {
            if (closeSent.get()) {
                if (now - closingSince > closeWithin) {
                    session.abort();
                }
            } else if (closeAt > 0 && now >= closeAt && reason != null) {
                sendClose(reason);
            }
        } else if (now - lastHeard > deadAfter && !gate.isClosed()) {
            session.abort();
        } else if (!gate.isClosed() && gate.frames().isLate(now)) {
            close(CloseReason.overload("a message came too slowly"));
        } else if (now - lastHeard > pingAfter) {
            session.sendFrame(new Frame(OpCode.PING), Callback.NOOP, false);
        }
    }
}
