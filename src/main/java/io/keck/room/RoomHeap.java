package io.keck.room;

import io.keck.crdt.store.StructStore;
import io.keck.heap.Guest;
import io.keck.heap.HeapLedger;
import io.keck.heap.HeapLedger.Kind;
import io.keck.heap.SharedBytes;
import io.keck.heap.Tally;
import org.jspecify.annotations.Nullable;

/**
 * What a room itself takes of the heap, told to the ledger of the node: its replica, its updates that are not committed, its
 * awareness states, and frames that it keeps. Measures again after every {@link #EVERY} bytes that came, and when the room
 * looks after itself; in between the figures are old by less than that. Touched only in the room's turns.
 */
final class RoomHeap {
    /** Bytes that may come before the room is measured again. */
    static final long EVERY = 64 << 10;
    /** A room without content and connections: its objects, mailbox and lists. */
    private static final long EMPTY = 12 << 10;
    /** Copies of an update on its way to the log: the batch, and its payload in the statement. */
    private static final long UPDATE_COPIES = 2;
    /** What a row of another node counts for. */
    private static final long FOREIGN = 4 << 10;

    private final HeapLedger ledger;
    private final Tally replica;
    private final Tally updates;
    private final Tally awareness;
    private byte @Nullable [] kept;
    private long came;
    private boolean hasEnded;

    /** @param room can be sent away, with everyone in it */
    RoomHeap(HeapLedger ledger, String name, Guest room) {
        this.ledger = ledger;
        this.replica = ledger.open(Kind.REPLICA, name, null, room);
        this.updates = ledger.open(Kind.UPDATE, name, null, room);
        this.awareness = ledger.open(Kind.AWARENESS, name, null, room);
        replica.add(EMPTY);
    }

    /** Bytes have come, from a connection or from the log. */
    void came(long bytes) {
        came += bytes;
    }

    /** The replica has taken a step, with a batch of this node or a row of another. */
    void took(@Nullable Batch own) {
        came += own != null ? own.payload().length : FOREIGN;
    }

    /** The end of a turn: measures, where enough has come. */
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

    /** Bytes of the replica, as they were measured last. */
    long ofReplica() {
        return replica.bytes();
    }

    /** The room keeps that frame for the next who asks; null for none. */
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

    /** Whether there is memory for an answer about as large as the whole document. */
    boolean hasRoomForAnswer() {
        return ledger.hasRoomFor(replica.bytes());
    }

    /** The room ends. */
    void end() {
        keeps(null);
        hasEnded = true;
        replica.close();
        updates.close();
        awareness.close();
    }
}
