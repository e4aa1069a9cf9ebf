package io.keck.room;

import io.keck.crdt.store.StructStore;
import io.keck.heap.Guest;
import io.keck.heap.HeapLedger;
import io.keck.heap.HeapLedger.Kind;
import io.keck.heap.SharedBytes;
import io.keck.heap.Tally;
import org.jspecify.annotations.Nullable;

/**
 * Reports the heap that a room itself takes to the node's ledger: its replica, uncommitted updates, awareness states
 * and cached frames. The room is measured after every {@link #EVERY} received bytes and by its tick, so the figures are
 * outdated by less than that. Used only in the room's turns.
 */
final class RoomHeap {
    /** The bytes that may be received before the room is measured again. */
    static final long EVERY = 64 << 10;
    /** The bytes of a room without content and connections: its objects, mailbox and lists. */
    private static final long EMPTY = 12 << 10;
    /** The number of copies of an uncommitted update: the batch, and its payload in the statement. */
    private static final long UPDATE_COPIES = 2;
    /** The bytes that a row of another node counts for. */
    private static final long FOREIGN = 4 << 10;

    private final HeapLedger ledger;
    private final Tally replica;
    private final Tally updates;
    private final Tally awareness;
    private byte @Nullable [] kept;
    private long came;
    private boolean hasEnded;

    /** @param room closes the room when memory is short */
    RoomHeap(HeapLedger ledger, String name, Guest room) {
        this.ledger = ledger;
        this.replica = ledger.open(Kind.REPLICA, name, null, room);
        this.updates = ledger.open(Kind.UPDATE, name, null, room);
        this.awareness = ledger.open(Kind.AWARENESS, name, null, room);
        replica.add(EMPTY);
    }

    /** Counts bytes received from a connection or from the log. */
    void came(long bytes) {
        came += bytes;
    }

    /** Counts a step of the replica, with a batch of this node or a row of another node. */
    void took(@Nullable Batch own) {
        came += own != null ? own.payload().length : FOREIGN;
    }

    /** Measures at the end of a turn if enough bytes were received. */
    void endOfTurn(StructStore store, Batches batches, RoomAwareness states) {
        if (came >= EVERY) {
            measure(store, batches, states);
        }
    }

    /** Measures now. */
    void measure(StructStore store, Batches batches, RoomAwareness states) {
        came = 0;
        if (!hasEnded) {
            replica.set(EMPTY + store.memory());
            updates.set(UPDATE_COPIES * batches.memory());
            awareness.set(states.memory());
        }
    }

    /** The bytes of the replica at the last measurement. */
    long ofReplica() {
        return replica.bytes();
    }

    /** Records the frame that the room caches; null for none. */
    void keeps(byte @Nullable [] frame) {
        byte[] now = frame != null && frame.length >= SharedBytes.LARGE && !hasEnded ? frame : null;
        if (now == kept) {
            return;
        }
        if (kept != null) {
            ledger.shared().release(kept);
        }
        if (now != null) {
            ledger.shared().hold(now, replica);
        }
        kept = now;
    }

    /** Whether there is memory for an answer of about the size of the whole document. */
    boolean hasRoomForAnswer() {
        return ledger.hasRoomFor(replica.bytes());
    }

    /** Called when the room ends. */
    void end() {
        keeps(null);
        hasEnded = true;
        replica.close();
        updates.close();
        awareness.close();
    }
}
