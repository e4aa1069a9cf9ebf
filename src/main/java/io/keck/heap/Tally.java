package io.keck.heap;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one kind that one holder has on the heap. Thread-safe.
 *
 * <p>Changes reach the ledger only when they add up to {@link #GRAIN}, so counting a small frame is one atomic addition in
 * memory that no other connection touches. The error of the ledger is below {@link #GRAIN} per tally.
 */
public final class Tally {
    /** The change in bytes from which on the ledger is updated. */
    static final long GRAIN = 8 << 10;

    private final HeapLedger ledger;
    final HeapLedger.Kind kind;
    final @Nullable Party room;
    final @Nullable Party address;
    final @Nullable Guest guest;
    private final AtomicLong bytes = new AtomicLong();
    private volatile long reported;
    private boolean closed;

    Tally(
            HeapLedger ledger,
            HeapLedger.Kind kind,
            @Nullable Party room,
            @Nullable Party address,
            @Nullable Guest guest) {
        this.ledger = ledger;
        this.kind = kind;
        this.room = room;
        this.address = address;
        this.guest = guest;
    }

    /** The current number of bytes. */
    public long bytes() {
        return bytes.get();
    }

    /** Counts allocated bytes, or freed ones if negative, without asking for permission. */
    public void add(long more) {
        long now = bytes.addAndGet(more);
        long diff = now - reported;
        if (diff >= GRAIN || diff <= -GRAIN) {
            tell();
        }
    }

    /** Replaces the number of bytes. */
    public void set(long now) {
        add(now - bytes.get());
    }

    /**
     * Asks for bytes to be allocated, and counts them if they are granted.
     *
     * @return whether they may be allocated; see {@link HeapLedger} for the rules
     */
    public boolean reserve(long more) {
        if (more >= GRAIN && !ledger.admits(room, address, more)) {
            ledger.refused(kind);
            return false;
        }
        add(more);
        return true;
    }

    /** Releases all bytes. Later calls of any method have no effect. */
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            pass(-reported);
            reported = 0;
        }
        ledger.closed(this);
    }

    private synchronized void tell() {
        if (!closed) {
            long diff = bytes.get() - reported;
            pass(diff);
            reported += diff;
        }
    }

    private void pass(long diff) {
        if (diff != 0) {
            ledger.add(kind, diff);
            if (room != null) {
                room.bytes.addAndGet(diff);
            }
            if (address != null) {
                address.bytes.addAndGet(diff);
            }
        }
    }
}
