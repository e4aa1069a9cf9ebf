package io.keck.heap;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one kind that one holder has on the heap. Thread-safe.
 *
 * <p>Changes are passed on to the ledger only when they add up to {@link #GRAIN}, so a small frame costs one atomic addition
 * in memory that no other connection touches. The ledger is wrong by less than that for each tally.
 */
public final class Tally {
    /** Bytes that are not worth telling the ledger. */
    static final long GRAIN = 8 << 10;

    private final HeapLedger ledger;
    final HeapLedger.Kind kind;
    final @Nullable Party room;
    final @Nullable Party address;
    final @Nullable Guest guest;
    private final AtomicLong bytes = new AtomicLong();
    private volatile long told;
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

    /** Bytes that it has now. */
    public long bytes() {
        return bytes.get();
    }

    /** Notes bytes that are there, or gone where the number is negative; asks nobody. */
    public void add(long more) {
        long now = bytes.addAndGet(more);
        long diff = now - told;
        if (diff >= GRAIN || diff <= -GRAIN) {
            tell();
        }
    }

    /** Notes how many bytes there are. */
    public void set(long now) {
        add(now - bytes.get());
    }

    /**
     * Asks for bytes that are to be allocated, and notes them where the answer is yes.
     *
     * @return whether they may be allocated; see {@link HeapLedger} for when not
     */
    public boolean reserve(long more) {
        if (more >= GRAIN && !ledger.admits(room, address, more)) {
            ledger.refused(kind);
            return false;
        }
        add(more);
        return true;
    }

    /** Nothing is there any more. Calls after the first do nothing, and nothing is noted from then on. */
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            pass(-told);
            told = 0;
        }
        ledger.closed(this);
    }

    private synchronized void tell() {
        if (!closed) {
            long diff = bytes.get() - told;
            pass(diff);
            told += diff;
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
