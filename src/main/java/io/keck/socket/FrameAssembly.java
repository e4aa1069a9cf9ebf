package io.keck.socket;

import java.nio.ByteBuffer;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.OpCode;
import org.jspecify.annotations.Nullable;

/**
 * Puts the binary messages of one WebSocket together from Jetty's frames; text and control frames go to the Jakarta side,
 * as if this were not there.
 *
 * <p>Jakarta's own way keeps the network buffer of each fragment until the message is whole: 4 KiB of direct memory for a
 * fragment of one byte. Here the payload is copied at once and the buffer given back. A message that is not whole is bounded
 * in bytes, in fragments, and in time: {@link #GRACE_MS} and {@link #BYTES_PER_SECOND}; {@link #isLate} says when that is
 * over. While the server itself does not read, time does not count.
 *
 * <p>Jetty checks the order of frames before they come here. Frames come from one thread at a time; {@link #isLate} may be
 * asked from any thread.
 */
final class FrameAssembly implements FrameHandler {
    /** A message may take that many milliseconds, whatever its size. */
    static final long GRACE_MS = 30_000;
    /** The least rate of a message that takes longer. */
    static final long BYTES_PER_SECOND = 1 << 10;
    /** Fragments of one message that may be of any size; Jetty makes one of each piece that TCP delivers. */
    static final int FREE_FRAGMENTS = 10_000;
    /** What fragments beyond these must have on the average: TCP's pieces are larger, but for senders who mean it. */
    static final int LEAST_FRAGMENT = 64;

    /** Where messages go. Called by the thread that reads. */
    interface Listener {
        /** The largest message. */
        int maxBytes();

        /** Whether a message may take that much more of the heap. */
        boolean mayGrow(long bytes);

        /** A message takes that much less of the heap. */
        void shrunk(long bytes);

        /** Something came from the peer, with that many bytes of payload. */
        void heard(int bytes);

        /** Whether the connection is being closed, so that data frames are of no use. */
        boolean isClosing();

        /** A whole message. */
        void message(byte[] message);

        /** A message cannot be taken; the connection has to be closed. */
        void refused(Fault fault);
    }

    /** Why a message is not taken. */
    enum Fault {
        /** It is larger than the limit. */
        TOO_LARGE,
        /** It comes in too many fragments. */
        TOO_MANY_FRAGMENTS,
        /** The node has no memory for it. */
        NO_MEMORY
    }

    private final FrameHandler jakarta;
    private final Clearance clearance;
    private @Nullable ReadGate gate;
    private @Nullable Listener listener;
    private MessageParts parts = new MessageParts(0);
    /** Whether the message under way is binary. */
    private boolean isBinary;

    private int fragments;
    /** Whether a message has begun that is not whole. */
    private volatile boolean isOpen;
    /** When it began, or the server began to read again; milliseconds of the gate's clock. */
    private volatile long since;
    /** What has come of it. */
    private volatile long came;

    /**
     * For one session.
     *
     * @param jakarta what Jetty would have called
     * @param clearance how the session got in
     */
    FrameAssembly(FrameHandler jakarta, Clearance clearance) {
        this.jakarta = jakarta;
        this.clearance = clearance;
    }

    /** How the session got in. */
    Clearance clearance() {
        return clearance;
    }

    /** Hands binary messages to that listener from now on, and not to Jakarta; to be called while the session opens. */
    void listen(Listener here) {
        listener = here;
        parts = new MessageParts(here.maxBytes());
    }

    /** The server reads on after a while in which it did not: that while does not count. */
    void readsOn(long now) {
        since = now;
    }

    /** Whether a message takes longer than it may; not to be asked while the gate is closed. */
    boolean isLate(long now) {
        return isOpen && now - since > GRACE_MS + came * 1_000 / BYTES_PER_SECOND;
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
        if (!frame.isDataFrame()) {
            jakarta.onFrame(frame, callback);
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
            jakarta.onFrame(frame, callback);
            return;
        }
        try {
            take(frame, here);
        } catch (RuntimeException | Error e) {
            callback.failed(e);
            return;
        }
        callback.succeeded();
        readers.demand();
    }

    /** Notes what came of a message. One that comes in one frame, as most do, is not worth a note. */
    private void count(Frame frame, ReadGate readers) {
        if (frame.isFin()) {
            if (isOpen) {
                isOpen = false;
            }
            return;
        }
        fragments++;
        if (!isOpen) {
            came = 0;
            since = readers.now();
            isOpen = true;
        }
        long before = came; // only this thread writes it
        came = before + frame.getPayloadLength();
    }

    private boolean isTooFragmented() {
        return fragments > FREE_FRAGMENTS + came / LEAST_FRAGMENT;
    }

    private void take(Frame frame, Listener here) {
        if (here.isClosing()) {
            forget(here);
            return;
        }
        ByteBuffer payload = frame.hasPayload() ? frame.getPayload() : BufferUtil.EMPTY_BUFFER;
        int more = payload.remaining();
        if (parts.isTooLargeWith(more)) {
            forget(here);
            here.refused(Fault.TOO_LARGE);
            return;
        }
        int growth = parts.growth(more);
        if (growth > 0 && !(frame.isFin() && parts.length() == 0) && !here.mayGrow(growth)) {
            forget(here);
            here.refused(Fault.NO_MEMORY);
            return;
        }
        boolean wasOne = frame.isFin() && parts.length() == 0;
        parts.add(payload);
        if (frame.isFin()) {
            int heap = wasOne ? 0 : parts.heap();
            byte[] whole = parts.take();
            here.shrunk(heap);
            here.message(whole);
        }
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
