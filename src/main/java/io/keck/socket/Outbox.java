package io.keck.socket;

import io.keck.heap.AddressFlow;
import io.keck.heap.SharedBytes;
import io.keck.heap.Tally;
import io.keck.metrics.ConnectionMetrics;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.OpCode;
import org.jspecify.annotations.Nullable;

/**
 * The frames that one WebSocket sends. Frames go to Jetty at once, which combines waiting frames into one write. Jetty does
 * not bound the waiting bytes, so this class counts them: rooms stop sending to slow peers, and the heap ledger knows the
 * bytes. Thread-safe.
 */
final class Outbox {
    /** Heap of a queued frame in bytes, beside its payload. */
    private static final int QUEUED = 300;

    private final String address;
    private final CoreSession session;
    private final LongSupplier clock;
    private final long maxBacklog;
    private final ConnectionMetrics metrics;
    private final AddressFlow flow;
    private final SharedBytes shared;
    private final Runnable drained;
    private final AtomicLong backlog = new AtomicLong();
    private final AtomicBoolean above = new AtomicBoolean();
    /** Held while the frames of one message are handed to Jetty. */
    private final Object sending = new Object();
    /** Whether the address has exceeded its rate of bytes: its peers count as slow until the excess is paid off. */
    private volatile boolean isHeld;

    private volatile long lastProgress;
    private volatile long lastSend;

    /**
     * Creates an empty outbox.
     *
     * @param maxBacklog waiting bytes above which the peer is slow
     * @param flow limits the bytes per second to the address
     * @param shared counts large arrays once for all of their recipients
     * @param drained called when the peer is no longer slow
     */
    Outbox(
            String address,
            CoreSession session,
            LongSupplier clock,
            long maxBacklog,
            ConnectionMetrics metrics,
            AddressFlow flow,
            SharedBytes shared,
            Runnable drained) {
        this.address = address;
        this.session = session;
        this.clock = clock;
        this.maxBacklog = maxBacklog;
        this.metrics = metrics;
        this.flow = flow;
        this.shared = shared;
        this.drained = drained;
        long now = clock.getAsLong();
        this.lastProgress = now;
        this.lastSend = now;
    }

    /** Notified when bytes no longer wait: the network has taken them, or the connection has failed. */
    @FunctionalInterface
    interface Taken {
        /**
         * Notes that the network has taken a message.
         *
         * @param bytes the size of the whole message
         */
        void taken(int bytes);
    }

    /**
     * Queues a message of the room on a connection that carries a single document.
     *
     * @param recipients the number of connections that get the same array and share its heap
     * @param tally counts the waiting bytes
     */
    void send(byte[] message, int recipients, Tally tally) {
        transmit(OpCode.BINARY, message, message, QUEUED + message.length / Math.max(1, recipients), tally, null);
    }

    /** Queues a text message, on a connection that does not send messages in two frames. */
    void sendText(String text, Tally tally) {
        byte[] message = text.getBytes(StandardCharsets.UTF_8);
        transmit(OpCode.TEXT, message, message, QUEUED + message.length, tally, null);
    }

    /**
     * Queues a frame that carries a message of the room.
     *
     * @param frame the whole frame
     * @param tally counts the waiting bytes
     * @param times how often it is sent, in as few writes as possible; more than once only if it is small
     * @param taken notified once, when all of them are taken
     */
    void send(byte[] frame, byte[] message, int times, Tally tally, Taken taken) {
        synchronized (sending) { // must not come between the two frames of another message
            if (times == 1) {
                transmit(OpCode.BINARY, frame, message, QUEUED + frame.length, tally, taken);
                return;
            }
            int bytes = times * frame.length;
            int part = times * QUEUED + bytes;
            long now = queued(message, bytes, times);
            hold(frame, part, tally);
            for (int left = times; left > 1; left--) {
                session.sendFrame(new Frame(OpCode.BINARY, ByteBuffer.wrap(frame)), Callback.NOOP, true);
            }
            // frames are taken in order, so the last one answers for all
            session.sendFrame(
                    new Frame(OpCode.BINARY, ByteBuffer.wrap(frame)),
                    new Sent(bytes, frame, part, tally, now, taken),
                    false);
        }
    }

    private void transmit(byte opCode, byte[] frame, byte[] message, int part, Tally tally, @Nullable Taken taken) {
        long now = queued(message, frame.length, 1);
        hold(frame, part, tally);
        session.sendFrame(
                new Frame(opCode, ByteBuffer.wrap(frame)),
                new Sent(frame.length, frame, part, tally, now, taken),
                false);
    }

    /** As {@link #send(byte[], byte[], int, Tally, Taken)}, but in two frames, so that all recipients share the array of the second. */
    void sendInTwo(byte[] prefix, byte[] message, Tally tally, Taken taken) {
        int bytes = prefix.length + message.length;
        long now = queued(message, bytes, 1);
        int part = QUEUED + message.length;
        hold(message, part, tally);
        synchronized (sending) { // no other message may come between the two
            session.sendFrame(new Frame(OpCode.BINARY, false, ByteBuffer.wrap(prefix)), Callback.NOOP, true);
            session.sendFrame(
                    new Frame(OpCode.CONTINUATION, true, ByteBuffer.wrap(message)),
                    new Sent(bytes, message, part, tally, now, taken),
                    false);
        }
    }

    /**
     * Notes that a message has been queued; returns the time.
     *
     * @param bytes of all frames
     */
    private long queued(byte[] message, int bytes, int times) {
        long now = clock.getAsLong();
        lastSend = now;
        if (backlog.getAndAdd(bytes) == 0) {
            lastProgress = now;
        }
        if (flow.pass(address, bytes) > 0) {
            isHeld = true;
            above.set(true);
        }
        if (backlog.get() > maxBacklog) {
            above.set(true);
        }
        ConnectionMetrics.Kind kind = ConnectionMetrics.Kind.of(message);
        for (int i = 0; i < times; i++) {
            metrics.sent(kind, bytes / times);
        }
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

    /** Bytes that the network has not taken yet. */
    long waiting() {
        return backlog.get();
    }

    /** Waiting bytes, raised above the bound while the address has exceeded its rate, so that the peer counts as slow. */
    long backlog() {
        return isHeld ? Math.max(waiting(), maxBacklog + 1) : waiting();
    }

    /** When the network last took bytes, in milliseconds; now, if only the rate of the address delays the peer. */
    long lastProgress() {
        return isHeld && waiting() == 0 ? clock.getAsLong() : lastProgress;
    }

    /** When a message was last queued, in milliseconds. */
    long lastSend() {
        return lastSend;
    }

    /** Checks whether the address has paid off its excess. Call it regularly. */
    void tick() {
        if (isHeld && flow.wait(address) == 0) {
            isHeld = false;
            lastProgress = clock.getAsLong();
            tellIfDrained(backlog.get());
        }
    }

    private void tellIfDrained(long left) {
        if (!isHeld && left <= maxBacklog / 2 && above.compareAndSet(true, false)) {
            drained.run();
        }
    }

    /** A message on its way to the network; one object records everything to undo once it has gone. */
    private final class Sent implements Callback {
        private final int bytes;
        private final byte[] held;
        private final int part;
        private final Tally tally;
        private final long since;
        private final @Nullable Taken taken;

        /**
         * Creates the record of a message that was queued now.
         *
         * @param held the array that the ledger counts if it is large; otherwise the ledger counts {@code part}
         */
        Sent(int bytes, byte[] held, int part, Tally tally, long since, @Nullable Taken taken) {
            this.bytes = bytes;
            this.held = held;
            this.part = part;
            this.tally = tally;
            this.since = since;
            this.taken = taken;
        }

        @Override
        public void succeeded() {
            metrics.written(gone() - since);
        }

        @Override
        public void failed(Throwable failure) {
            gone();
        }

        /** Releases what the message held; returns the time. */
        private long gone() {
            release(held, part, tally);
            long now = clock.getAsLong();
            lastProgress = now;
            tellIfDrained(backlog.addAndGet(-bytes));
            if (taken != null) {
                taken.taken(bytes);
            }
            return now;
        }
    }
}
