package io.keck.socket;

import io.keck.access.Allowance;
import io.keck.access.Author;
import io.keck.failure.RoomMissing;
import io.keck.heap.Guest;
import io.keck.heap.HeapLedger;
import io.keck.heap.Tally;
import io.keck.metrics.ConnectionMetrics;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import io.keck.room.Connection;
import io.keck.room.Seat;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.OpCode;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket as a {@link Connection}: its frames ({@link Outbox}), whether its peer is alive, and its end. Thread-safe.
 */
final class SocketConnection implements Connection {
    /** Heap of an idle connection in bytes: objects of Jetty and Keck, without buffers. */
    private static final int ITSELF = 12 << 10;

    private final String id = UUID.randomUUID().toString().substring(24);
    private final String room;
    private final String address;
    private final CoreSession session;
    private final ReadGate gate;
    private final LongSupplier clock;
    private final ConnectionMetrics metrics;
    private final Outbox outbox;
    /** This connection's part of the waiting bytes, as reported to the heap ledger. */
    private final Tally outbound;

    private final Tally inbound;
    private final Tally itself;
    private final SocketShares shares;
    /** Whether reading is paused because the address exceeds its rate of bytes. */
    private volatile boolean isReadHeld;

    private final AtomicBoolean closing = new AtomicBoolean();
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
    /** Looks for the life that follows this one; null for a client that does not speak of epochs. */
    private volatile @Nullable Supplier<CompletionStage<Long>> successor;

    private volatile Speech speech = Speech.PLAIN;
    /** Until when reading is paused because the principal exceeds its rate of bytes; milliseconds of the clock. */
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
        itself.add(ITSELF);
        this.room = room;
        this.address = address;
        this.session = gate.core();
        this.gate = gate;
        this.clock = clock;
        this.metrics = metrics;
        this.outbox =
                new Outbox(address, session, clock, maxBacklog, metrics, shares.sent(), ledger.shared(), this::drained);
        this.lastHeard = clock.getAsLong();
    }

    String room() {
        return room;
    }

    /** Returns the metrics of the connection's protocol. */
    ConnectionMetrics metrics() {
        return metrics;
    }

    /** The random id of the connection: 48 bits. */
    String id() {
        return id;
    }

    @Override
    public String address() {
        return address;
    }

    /** The author by the current grant or, after its end, by the last one. */
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

    /** Sets the clearance, whose limits apply to the connection. */
    void clearance(Clearance given) {
        this.clearance = given;
    }

    private Allowance allowance() {
        Clearance given = clearance;
        return given == null ? Allowance.ALL : given.allowance();
    }

    /** Notes received bytes of a message. If they exceed the rate of the principal, reading pauses. */
    void received(int bytes) {
        received(bytes, allowance());
    }

    /** Notes received bytes of a message for a document with limits of its own. */
    void received(int bytes, Allowance limits) {
        long pause = limits.received(bytes);
        if (pause > 0) {
            slowedUntil = clock.getAsLong() + pause;
            gate.slow(true);
        }
    }

    /** Counts the bytes that wait for the peer. */
    Tally outbound() {
        return outbound;
    }

    /** Counts received bytes that are not processed yet. */
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
        if (!closing.get()) {
            outbox.send(frame, recipients, outbound);
        }
    }

    /**
     * Queues a message of one of several documents, on a connection for many documents.
     *
     * @param frame the whole frame
     * @param message the message of the room
     * @param tally counts the waiting bytes
     * @param times how often the frame is sent
     * @param taken notified when the network has taken all of them or the connection has failed
     */
    void send(byte[] frame, byte[] message, int times, Tally tally, Outbox.Taken taken) {
        if (closing.get()) {
            taken.taken(times * frame.length);
        } else {
            outbox.send(frame, message, times, tally, taken);
        }
    }

    /** As {@link #send(byte[], byte[], int, Tally, Outbox.Taken)}, with a prefix and a large message that recipients share. */
    void sendInTwo(byte[] prefix, byte[] message, Tally tally, Outbox.Taken taken) {
        if (closing.get()) {
            taken.taken(prefix.length + message.length);
        } else {
            outbox.sendInTwo(prefix, message, tally, taken);
        }
    }

    private void drained() {
        Seat taken = seat;
        if (taken != null) {
            taken.drained();
        }
    }

    /** Also counts as slow while more was sent to the address than its rate allows. */
    @Override
    public long backlog() {
        return closing.get() ? 0 : outbox.backlog();
    }

    /** Bytes that the network has not taken yet. */
    long waiting() {
        return closing.get() ? 0 : outbox.waiting();
    }

    @Override
    public long lastProgress() {
        return outbox.lastProgress();
    }

    @Override
    public long lastSend() {
        return outbox.lastSend();
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

    /** Resumes reading and sending once the address has paid off the excess over its rate. */
    private void tickFlow() {
        if (isReadHeld && shares.received().wait(address) == 0) {
            isReadHeld = false;
            gate.release();
        }
        outbox.tick();
    }

    /** Sets what the client asked for. Call it before the connection takes its seat. */
    void wishes(Wishes asked) {
        wishes = asked;
    }

    /** Sets the protocol. Call it before the connection takes its seat. */
    void speaks(Speech spoken) {
        speech = spoken;
    }

    @Override
    public boolean hearsOfConflicts() {
        return wishes.conflicts();
    }

    @Override
    public boolean hearsOfSaved() {
        return wishes.saved() || wishes.echo() || speech.hearsOfSaved();
    }

    @Override
    public long epoch() {
        return wishes.epoch();
    }

    /**
     * To be called before the connection takes its seat, for one that speaks of epochs: when its document ends, it is told
     * which life follows.
     *
     * @param asked looks for the life that the name has
     */
    void follows(Supplier<CompletionStage<Long>> asked) {
        successor = asked;
    }

    /** Closes the connection with what has become of the name. */
    private void closeDeleted(CloseReason reason, Supplier<CompletionStage<Long>> asked) {
        var unused = asked.get().whenComplete((life, failure) -> {
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            if (cause == null) {
                close(life == wishes.epoch() ? reason : CloseReason.otherEpoch(life));
            } else {
                close(
                        cause instanceof RoomMissing
                                ? reason
                                : CloseReason.reconnect("this document was deleted or replaced"));
            }
        });
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
        speech.saved(position);
    }

    @Override
    public void tell(String text) {
        speech.tell(text);
    }

    /** Queues a text message. */
    void sendText(String text) {
        if (!closing.get()) {
            outbox.sendText(text, outbound);
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
        if (given != null && given.mayWrite()) { // a room of readers counts for no address
            given.allowance().madeDocument();
        }
    }

    @Override
    public @Nullable String whyNotGrow(long bytes) {
        return allowance().whyNotGrow(bytes);
    }

    @Override
    public @Nullable String whyNotCreate() {
        Clearance given = clearance;
        return given == null ? null : given.whyNotCreate();
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
        Supplier<CompletionStage<Long>> asked = successor;
        if (asked != null && reason.code() == CloseReason.deleted().code()) {
            successor = null;
            closeDeleted(reason, asked);
            return;
        }
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
        } else if (!gate.isClosed() && (gate.frames().isLate(now) || speech.isLate(now))) {
            close(CloseReason.overload("a message came too slowly"));
        } else if (now - lastHeard > pingAfter) {
            session.sendFrame(new Frame(OpCode.PING), Callback.NOOP, false);
        }
    }
}
