package io.keck.socket;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.OpCode;
import org.jspecify.annotations.Nullable;

/**
 * Assembles the binary messages of one WebSocket from Jetty's frames. Text and control frames pass through to the Jakarta
 * side unchanged.
 *
 * <p>Jakarta's own assembly keeps the network buffer of each fragment until the message is complete: 4 KiB of direct memory
 * for a fragment of one byte. This class copies each payload at once and releases the buffer. An incomplete message is
 * bounded in bytes, in fragments, and in time ({@link #GRACE_MS}, {@link #BYTES_PER_SECOND}, checked with {@link #isLate}).
 * Time during which the server itself does not read does not count.
 *
 * <p>Frames may arrive on the thread that reads from all sockets. It takes small messages up to a bound for each socket; texts,
 * large messages and everything beyond the bound continue on a thread of the executor.
 *
 * <p>Jetty has checked the order of frames before. Frames arrive from one thread at a time; {@link #isLate} may be called
 * from any thread.
 */
final class FrameAssembly implements FrameHandler {
    /** Milliseconds that every message may take, whatever its size. */
    static final long GRACE_MS = 30_000;
    /** The lowest accepted rate, in bytes per second, of a message that takes longer than {@link #GRACE_MS}. */
    static final long BYTES_PER_SECOND = 1 << 10;
    /**
     * The number of fragments per message that may have any size; Jetty makes a fragment of each piece that TCP delivers.
     */
    static final int FREE_FRAGMENTS = 10_000;
    /**
     * The least average size, in bytes, of fragments beyond {@link #FREE_FRAGMENTS}. TCP's pieces are larger unless the
     * sender splits on purpose.
     */
    static final int LEAST_FRAGMENT = 64;

    /** The cost of a small frame as an equivalent of bytes. */
    private static final int FRAME_COST = 256;
    /**
     * The cost of frames after which another thread continues, so that one socket cannot occupy the thread of all. Every frame
     * counts: a peer that sends fragments, pings or frames behind its close as fast as it can must give way too.
     */
    private static final long IN_A_ROW = 64 << 10;

    /**
     * Milliseconds for which a socket is not read that has reached {@link #IN_A_ROW} with a control frame, or with a frame that is
     * discarded because the connection is closing. Nobody needs many of them quickly, and without a pause they keep a core busy.
     */
    private static final long PAUSE_MS = 20;

    /** Receives the assembled messages, one at a time, on a thread that reads. */
    interface Listener {
        /** The largest accepted message, in bytes. */
        int maxBytes();

        /** Reserves that many more bytes of heap for a message; false if they are not available. */
        boolean mayGrow(long bytes);

        /** Releases that many bytes of heap. */
        void shrunk(long bytes);

        /** Notes that something arrived from the peer, with that many bytes of payload. */
        void heard(int bytes);

        /** Whether the connection is closing, so that data frames are discarded. */
        boolean isClosing();

        /**
         * Whether a message is dealt with quickly and without waiting for anything, so that the thread which reads from
         * all sockets may do it.
         */
        boolean isBrief(byte[] message);

        /** Receives a complete message. */
        void message(byte[] message);

        /** Reports a message that cannot be accepted; the connection has to be closed. */
        void refused(Fault fault);
    }

    /** The reason for which a message is refused. */
    enum Fault {
        /** The message exceeds the size limit. */
        TOO_LARGE,
        /** The message has too many fragments. */
        TOO_MANY_FRAGMENTS,
        /** The node has no memory for the message. */
        NO_MEMORY
    }

    private final FrameHandler jakarta;
    private final Clearance clearance;
    private @Nullable ReadGate gate;
    private @Nullable Listener listener;
    /** Runs what takes long or waits. */
    private final Executor executor;
    /** Runs a task a little later. */
    private final Executor later;
    /** The cost after which the executor continues. */
    private final long maxInARow;
    /** The cost of frames since the last that the executor got. */
    private long inARow;

    /** The bytes that were reserved for the message that {@link #take} returned last; 0 if it came in a single frame. */
    private long held;

    private MessageParts parts = new MessageParts(0);
    /** Whether the current message is binary. */
    private boolean isBinary;

    private int fragments;
    /** Whether an incomplete message is open. */
    private volatile boolean isOpen;
    /** When the open message began or the server resumed reading, in milliseconds of the gate's clock. */
    private volatile long startedAt;
    /** Bytes of the open message that have arrived. */
    private volatile long received;

    /**
     * Creates the assembly of one session.
     *
     * @param jakarta the handler that Jetty would have called
     * @param clearance the clearance of the session
     * @param executor runs what takes long or waits
     */
    FrameAssembly(FrameHandler jakarta, Clearance clearance, Executor executor) {
        this(
                jakarta,
                clearance,
                executor,
                CompletableFuture.delayedExecutor(PAUSE_MS, TimeUnit.MILLISECONDS, executor),
                IN_A_ROW);
    }

    /**
     * For tests: with another cost after which another thread continues.
     *
     * @param later runs a task a little later
     */
    FrameAssembly(FrameHandler jakarta, Clearance clearance, Executor executor, Executor later, long maxInARow) {
        this.executor = executor;
        this.later = later;
        this.maxInARow = maxInARow;
        this.jakarta = jakarta;
        this.clearance = clearance;
    }

    /** The clearance of the session. */
    Clearance clearance() {
        return clearance;
    }

    /** Runs what takes long or waits. */
    Executor executor() {
        return executor;
    }

    /** Sends binary messages to that listener from now on instead of to Jakarta. Call it while the session opens. */
    void listen(Listener here) {
        listener = here;
        parts = new MessageParts(here.maxBytes());
    }

    /** Notes that the server resumes reading: the pause does not count against the open message. */
    void readsOn(long now) {
        startedAt = now;
    }

    /** Whether the open message takes longer than allowed. Do not call it while the gate is closed. */
    boolean isLate(long now) {
        return isOpen && now - startedAt > GRACE_MS + received * 1_000 / BYTES_PER_SECOND;
    }

    @Override
    public void onOpen(CoreSession coreSession, Callback callback) {
        ReadGate made = new ReadGate(coreSession, this);
        gate = made;
        jakarta.onOpen(made.session(), callback);
    }

    @Override
    public void onFrame(Frame frame, Callback callback) {
        Listener here = listener;
        ReadGate readers = gate;
        if (here == null || readers == null) {
            jakarta.onFrame(frame, callback);
            return;
        }
        here.heard(frame.getPayloadLength());
        boolean givesWay = mustGiveWay(frame);
        if (!frame.isDataFrame()) {
            toJakarta(frame, callback, readers, givesWay ? later : null);
            return;
        }
        if (frame.getOpCode() != OpCode.CONTINUATION) {
            isBinary = frame.getOpCode() == OpCode.BINARY;
            fragments = 0;
        }
        if (!here.isClosing()) {
            count(frame, readers);
            if (isTooFragmented()) {
                forget(here);
                here.refused(Fault.TOO_MANY_FRAGMENTS);
            }
        }
        if (!isBinary) {
            toJakarta(
                    frame, callback, readers,
                    executor); // a text may complete a message of many parts, which takes long to decode
            return;
        }
        byte[] whole = take(frame, here);
        if (whole == null) {
            callback.succeeded();
            demand(readers, !givesWay ? null : here.isClosing() ? later : executor);
        } else if (!givesWay && here.isBrief(whole)) {
            here.shrunk(held);
            pass(whole, here, readers, callback);
        } else {
            inARow = 0;
            handOver(whole, here, readers, callback);
        }
    }

    /** Counts a frame; whether another thread has to continue after it. */
    private boolean mustGiveWay(Frame frame) {
        inARow += frame.getPayloadLength() + FRAME_COST;
        if (inARow <= maxInARow) {
            return false;
        }
        inARow = 0;
        return true;
    }

    /** Passes a frame to Jakarta, which asks for the next one, on a thread of {@code elsewhere} or, if null, on this one. */
    private void toJakarta(Frame frame, Callback callback, ReadGate readers, @Nullable Executor elsewhere) {
        if (elsewhere == null) {
            jakarta.onFrame(frame, callback);
            return;
        }
        try {
            elsewhere.execute(() -> readers.handle(() -> {
                try {
                    jakarta.onFrame(frame, callback);
                } catch (RuntimeException | Error e) {
                    callback.failed(e);
                }
            }));
        } catch (RejectedExecutionException e) { // the server is going down
            callback.failed(e);
        }
    }

    /** Asks for the next frame, on a thread of {@code elsewhere} or, if null, on this one. */
    private static void demand(ReadGate readers, @Nullable Executor elsewhere) {
        if (elsewhere == null) {
            readers.demand();
            return;
        }
        try {
            elsewhere.execute(readers::demand); // Jetty reads on with another thread, since nobody has asked this one
        } catch (RejectedExecutionException e) { // the server is going down and closes all connections
            readers.demand();
        }
    }

    /** Has another thread pass a message on. While it waits for that thread, it counts as memory of its connection. */
    private void handOver(byte[] message, Listener here, ReadGate readers, Callback callback) {
        long waiting = held;
        if (waiting == 0 && message.length > 0) {
            waiting = message.length;
            if (!here.mayGrow(waiting)) {
                here.refused(Fault.NO_MEMORY);
                callback.succeeded();
                readers.demand();
                return;
            }
        }
        long counted = waiting;
        try {
            executor.execute(() -> {
                here.shrunk(counted);
                pass(message, here, readers, callback);
            });
        } catch (RejectedExecutionException e) { // the server is going down
            here.shrunk(counted);
            callback.failed(e);
        }
    }

    /** Passes a message on; only then the next frame is asked for, so messages keep their order. */
    private static void pass(byte[] message, Listener here, ReadGate readers, Callback callback) {
        try {
            here.message(message);
        } catch (RuntimeException | Error e) {
            callback.failed(e);
            return;
        }
        callback.succeeded();
        readers.demand();
    }

    /** Updates the progress of the open message. Messages of a single frame, which most are, skip this. */
    private void count(Frame frame, ReadGate readers) {
        if (frame.isFin()) {
            if (isOpen) {
                isOpen = false;
            }
            return;
        }
        fragments++;
        if (!isOpen) {
            received = 0;
            startedAt = readers.now();
            isOpen = true;
        }
        long before = received; // only this thread writes it
        received = before + frame.getPayloadLength();
    }

    private boolean isTooFragmented() {
        return fragments > FREE_FRAGMENTS + received / LEAST_FRAGMENT;
    }

    /**
     * Adds a frame to the open message; returns the message if that was its last frame, otherwise null. {@link #held} still counts
     * as memory of the connection then.
     */
    private byte @Nullable [] take(Frame frame, Listener here) {
        if (here.isClosing()) {
            forget(here);
            return null;
        }
        ByteBuffer payload = frame.hasPayload() ? frame.getPayload() : BufferUtil.EMPTY_BUFFER;
        int more = payload.remaining();
        if (parts.isTooLargeWith(more)) {
            forget(here);
            here.refused(Fault.TOO_LARGE);
            return null;
        }
        int growth = parts.growth(more);
        if (growth > 0 && !(frame.isFin() && parts.length() == 0) && !here.mayGrow(growth)) {
            forget(here);
            here.refused(Fault.NO_MEMORY);
            return null;
        }
        boolean wasOne = frame.isFin() && parts.length() == 0;
        parts.add(payload);
        if (!frame.isFin()) {
            return null;
        }
        held = wasOne ? 0 : parts.heap();
        return parts.take();
    }

    private void forget(Listener here) {
        isOpen = false;
        here.shrunk(parts.heap());
        parts.forget();
    }

    @Override
    public void onError(Throwable cause, Callback callback) {
        jakarta.onError(cause, callback);
    }

    @Override
    public void onClosed(CloseStatus closeStatus, Callback callback) {
        Listener here = listener;
        if (here != null) {
            forget(here);
        }
        jakarta.onClosed(closeStatus, callback);
    }
}
