package io.keck.api;

import io.keck.feed.Histories;
import io.keck.heap.AddressFlow;
import io.keck.heap.HeapLedger;
import io.keck.heap.SharedBytes;
import io.keck.heap.Tally;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One reader of a room's changes. It holds at most the last event that it was given and has not written yet, and asks its feed
 * for the next one afterwards, so a slow reader costs a number and no queue. The event counts in the ledger of the heap, and
 * written bytes count against the rate of the reader's address; above it the reader waits. Thread-safe; the marked fields belong
 * to the turns of its feed.
 */
final class EventStream {
    /** Writes events without ever blocking. Called by one thread at a time. */
    interface Output {
        /** Whether bytes can be written now; if not, {@link EventStream#write} must be called when they can. */
        boolean isReady();

        /** Writes bytes, which must not be changed afterwards; only when ready. */
        void write(byte[] bytes) throws IOException;

        /** Flushes written bytes; only when ready. */
        void flush() throws IOException;

        /** Ends the response, whatever is left. */
        void complete();
    }

    private final RoomFeed feed;
    private final Output output;
    private final String address;
    private final AddressFlow sent;
    private final SharedBytes shared;
    private final Tally tally;
    private final ArrayDeque<EventFrame> queue = new ArrayDeque<>();
    /** What is being written, or null. */
    private EventFrame.@Nullable Reader reading;

    private boolean dirty;
    private boolean ending;
    private boolean ended;
    /** Whether it waits until its address may get more. */
    private boolean isHeld;

    private long writtenAt;

    /** Whether it is given messages of client applications. */
    private volatile boolean hears;

    /** The seq of the last row given to the reader. Belongs to the feed. */
    long given;
    /** Whether the reader needs a reset. Belongs to the feed. */
    boolean isLost;
    /** Derives changes of rows that the feed has dropped; kept while the reader keeps up. Belongs to the feed. */
    private @Nullable Histories past;

    private long pastBytes;

    /**
     * @param address of the reader
     * @param sent bytes a second of addresses
     * @param now milliseconds of the feed's clock
     */
    EventStream(RoomFeed feed, Output output, String address, AddressFlow sent, HeapLedger ledger, long now) {
        this.feed = feed;
        this.output = output;
        this.address = address;
        this.sent = sent;
        this.shared = ledger.shared();
        this.tally = ledger.open(HeapLedger.Kind.STREAM, feed.name(), address, why -> abort());
        this.writtenAt = now;
    }

    /** Whether all given frames were written. */
    synchronized boolean isIdle() {
        return queue.isEmpty() && reading == null && !ending && !ended;
    }

    /** Sets whether the reader may have messages of client applications. */
    void hears(boolean may) {
        hears = may;
    }

    /** Gives it a message of a client application, if it may have it and has taken everything before. */
    void tell(EventFrame message) {
        if (hears && isIdle()) {
            give(List.of(message));
        }
    }

    /** Adds frames and writes. */
    void give(List<EventFrame> frames) {
        synchronized (this) {
            if (ended) {
                return;
            }
            queue.addAll(frames);
            frames.forEach(this::hold);
        }
        write();
    }

    private void hold(EventFrame frame) {
        if (frame.update().length >= SharedBytes.LARGE) {
            shared.hold(frame.update(), tally);
            tally.add(frame.ownMemory());
        } else {
            tally.add(frame.memory());
        }
    }

    private void release(EventFrame frame) {
        if (frame.update().length >= SharedBytes.LARGE) {
            shared.release(frame.update());
            tally.add(-frame.ownMemory());
        } else {
            tally.add(-frame.memory());
        }
    }

    /** Writes as much as the output accepts. Called when the output is ready again, and when there are new frames. */
    void write() {
        boolean drained = false;
        boolean over = false;
        synchronized (this) {
            if (ended) {
                return;
            }
            isHeld = false;
            try {
                while (!drained && !isHeld && output.isReady()) {
                    drained = !writeMore();
                }
                over = drained && ending;
            } catch (IOException | RuntimeException e) {
                over = true; // the reader is gone
            }
        }
        if (over) {
            abort();
        } else if (drained) {
            feed.drained(this);
        }
    }

    /** Writes a piece; false if nothing is left. */
    private boolean writeMore() throws IOException {
        if (reading == null && queue.isEmpty()) {
            if (!dirty) {
                return false;
            }
            dirty = false;
            output.flush();
            return true;
        }
        if (sent.wait(address) > 0) {
            isHeld = true;
            writtenAt = feed.now(); // the wait is not the reader's
            return true;
        }
        EventFrame.Reader now = reading != null ? reading : new EventFrame.Reader(queue.remove());
        reading = now;
        byte[] piece = now.next();
        output.write(piece);
        sent.pass(address, piece.length);
        dirty = true;
        writtenAt = feed.now();
        if (now.isDone()) {
            reading = null;
            release(now.frame());
        }
        return true;
    }

    /** Goes on if it waited for its address. To be called about every second. */
    void onTick() {
        boolean goesOn;
        synchronized (this) {
            goesOn = isHeld;
        }
        if (goesOn) {
            write();
        }
    }

    /** Ends the stream after the given frames are written. */
    void end() {
        synchronized (this) {
            ending = true;
        }
        write();
    }

    /** Ends the stream now. */
    void abort() {
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
            queue.forEach(this::release);
            queue.clear();
            if (reading != null) {
                release(reading.frame());
                reading = null;
            }
            output.complete();
            tally.close();
        }
        feed.left(this);
    }

    /** Milliseconds since the output last accepted bytes. */
    synchronized long silentFor(long now) {
        return now - writtenAt;
    }

    // ---- for its feed

    /** Returns the document that reports rows which the feed no longer has, or null. */
    @Nullable
    Histories past() {
        return past;
    }

    /**
     * Keeps such a document, or none.
     *
     * @return false if the node has no memory for it
     */
    boolean keepPast(@Nullable Histories document) {
        long bytes = document == null ? 0 : document.memory();
        boolean may = bytes <= pastBytes || tally.reserve(bytes - pastBytes);
        if (may) {
            tally.add(bytes <= pastBytes ? bytes - pastBytes : 0);
            past = document;
            pastBytes = bytes;
        } else {
            past = null;
            tally.add(-pastBytes);
            pastBytes = 0;
        }
        return may;
    }

    /** Whether the node has memory for such a document. */
    boolean mayKeep(long bytes) {
        if (!tally.reserve(bytes)) {
            return false;
        }
        tally.add(-bytes);
        return true;
    }
}
