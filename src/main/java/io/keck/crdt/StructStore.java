package io.keck.crdt;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A Yjs document as a sync server needs it: all structs by client and clock, and what is deleted; no types, no links
 * between items, nothing integrated. Not thread-safe.
 *
 * <p>It answers what a server is asked: what is new in an update ({@link #reduce}), what a peer lacks ({@link #diff}),
 * how far we are ({@link #stateVector}), everything ({@link #encode}). What it encodes, in whatever order the updates
 * came, brings a real Yjs document to the state it would have reached from the updates themselves.
 *
 * <p><b>Layout.</b> Per client one {@link ClientStructs}: sorted runs in columns (ints and longs, no object a struct),
 * text in one buffer, other content in wire form, deleted clocks as sorted ranges beside them. Consecutive structs that
 * Yjs would squash are one run. A deletion only adds to the ranges; the encoder splits runs at their borders and writes
 * deleted items as ContentDeleted, and now and then the store is rebuilt from what it encodes, so that deleted content
 * leaves the heap.
 *
 * <p><b>Gaps.</b> A struct whose predecessor has not come yet is kept behind a gap, which is encoded as a Skip. There is
 * no queue of pending updates that would have to be tried again, and so none that could dead-lock. A struct whose origin
 * or parent is missing is kept like any other: who integrates it waits for the rest.
 *
 * <p>Source of the rules: Yjs {@code StructStore.js}, {@code Item.js} ({@code mergeWith}, {@code splitItem}),
 * {@code encoding.js}.
 */
public final class StructStore {
    private static final int COLLECT_AT_LEAST = 16_384;
    private static final int FEW_PARTS = 8;
    private static final long HASH_KEY = new SecureRandom().nextLong();

    private final boolean keepDeleted;
    private final Content.Cursor cursor = new Content.Cursor();
    private long[] ids = new long[4];
    private @Nullable ClientStructs[] slots = new ClientStructs[4];
    private int count;
    /** Clocks deleted since the last collection whose content may still be held. */
    private long garbage;

    private long live;

    /** An empty store that drops the content of what is deleted, as Yjs does by default. */
    public StructStore() {
        this(false);
    }

    /**
     * An empty store.
     *
     * @param keepDeleted whether deleted items keep their content, as in Yjs with {@code gc: false}
     */
    public StructStore(boolean keepDeleted) {
        this.keepDeleted = keepDeleted;
    }

    /** Whether nothing was ever applied. */
    public boolean isEmpty() {
        return count == 0;
    }

    /**
     * What of this update is not in the store yet: structs by clock, deletes by range. The store does not change.
     *
     * @return the same object where everything is new, {@link Update#EMPTY} where nothing is, else an update of just the
     *     new parts
     */
    public Update reduce(Update u) {
        boolean nothingNew = true;
        boolean allNew = true;
        for (int row = 0; row < u.structCount && (allNew || nothingNew); row++) {
            ClientStructs c = find(u.structs[row * Update.ROW + Update.CLIENT]);
            long from = u.structs[row * Update.ROW + Update.CLOCK];
            long to = from + u.structs[row * Update.ROW + Update.LEN];
            long missing = c == null ? from : c.firstMissing(from, to);
            nothingNew &= missing == to;
            allNew &= missing == from && (c == null || c.firstPresent(from, to) == to);
        }
        for (int i = 0; i < u.deleteCount && (allNew || nothingNew); i++) {
            ClientStructs c = find(u.deletes[i * 3]);
            long from = u.deletes[i * 3 + 1];
            long to = u.deletes[i * 3 + 2];
            boolean covered = c != null && c.deletes.covers(from, to);
            nothingNew &= covered;
            allNew &= c == null || !c.deletes.intersects(from, to);
        }
        if (nothingNew) {
            return Update.EMPTY;
        }
        return allNew ? u : missingParts(u);
    }

    private Update missingParts(Update u) {
        StructStore parts = new StructStore(true);
        for (int row = 0; row < u.structCount; row++) {
            ClientStructs c = find(u.structs[row * Update.ROW + Update.CLIENT]);
            ClientStructs target = parts.client(u.structs[row * Update.ROW + Update.CLIENT]);
            long from = u.structs[row * Update.ROW + Update.CLOCK];
            long to = from + u.structs[row * Update.ROW + Update.LEN];
            from = Math.max(from, target.end()); // the update itself may say something twice
            while (from < to) {
                long a = c == null ? from : c.firstMissing(from, to);
                long b = c == null ? to : c.firstPresent(a, to);
                if (a < b) {
                    parts.insert(target, u, row, a, b);
                }
                from = b;
            }
        }
        for (int r = 0; r < u.deleteCount * Update.DELETE_ROW; r += Update.DELETE_ROW) {
            ClientStructs c = find(u.deletes[r]);
            long from = u.deletes[r + 1];
            long to = u.deletes[r + 2];
            if (c == null) {
                parts.client(u.deletes[r]).deletes.add(from, to);
            } else if (!c.deletes.covers(from, to)) {
                c.deletes.missing(from, to, parts.client(u.deletes[r]).deletes);
            }
        }
        return Update.decode(parts.encode(), DecodeLimits.OWN);
    }

    /** Takes in what of this update is new; the rest is passed over. */
    public void apply(Update u) {
        take(u);
        if (garbage > COLLECT_AT_LEAST && garbage > live / 2 && !keepDeleted) {
            collect();
        }
    }

    private void take(Update u) {
        cursor.reset();
        for (int row = 0; row < u.structCount; ) {
            ClientStructs c = client(u.structs[row * Update.ROW + Update.CLIENT]);
            ClientStructs.Parts inside = null;
            for (; row < u.structCount && u.structs[row * Update.ROW + Update.CLIENT] == c.client; row++) {
                long from = u.structs[row * Update.ROW + Update.CLOCK];
                long to = from + u.structs[row * Update.ROW + Update.LEN];
                if (inside == null && from >= c.end()) {
                    insert(c, u, row, from, to);
                } else {
                    inside = c.missing(row, from, to, inside);
                }
            }
            if (inside != null) {
                insert(c, u, inside);
            }
        }
        for (int r = 0; r < u.deleteCount * Update.DELETE_ROW; ) {
            ClientStructs c = client(u.deletes[r]);
            Ranges ranges = new Ranges();
            for (; r < u.deleteCount * Update.DELETE_ROW && u.deletes[r] == c.client; r += Update.DELETE_ROW) {
                ranges.add(u.deletes[r + 1], u.deletes[r + 2]);
            }
            garbage += c.delete(ranges);
        }
    }

    /** Inserts clocks of a row that are missing. */
    private void insert(ClientStructs c, Update u, int row, long from, long to) {
        c.insert(u, row, from, to, cursor);
        if (u.isDeleted(row)) {
            c.deletes.add(from, to);
        } else {
            live += to - from;
        }
    }

    /** Inserts missing parts into gaps: each on its own moves what is behind it, so many are inserted in one go. */
    private void insert(ClientStructs c, Update u, ClientStructs.Parts parts) {
        if (parts.size() <= FEW_PARTS) {
            for (int i = 0; i < parts.size(); i++) {
                insert(c, u, parts.row(i), parts.from(i), parts.to(i));
            }
            return;
        }
        c.insertAll(u, parts, cursor);
        Ranges deleted = new Ranges();
        for (int i = 0; i < parts.size(); i++) {
            if (u.isDeleted(parts.row(i))) {
                deleted.add(parts.from(i), parts.to(i));
            } else {
                live += parts.to(i) - parts.from(i);
            }
        }
        c.deletes.addAll(deleted);
    }

    /** Rebuilds the store from its encoded form, which holds no deleted content. */
    private void collect() {
        StructStore fresh = new StructStore();
        fresh.take(Update.decode(encode(), DecodeLimits.OWN));
        ids = fresh.ids;
        slots = fresh.slots;
        count = fresh.count;
        live = fresh.live;
        garbage = 0;
    }

    /** How far every client's structs are here without a gap. */
    public StateVector stateVector() {
        Map<Long, Long> clocks = new HashMap<>();
        for (ClientStructs c : sorted()) {
            clocks.put(c.client, c.state());
        }
        return StateVector.of(clocks);
    }

    /** The whole document as a V1 update. */
    public byte[] encode() {
        return diff(StateVector.EMPTY);
    }

    /**
     * What somebody with that state vector lacks, as a V1 update: the structs from there on and the whole delete set, as
     * Yjs answers a sync step 1.
     */
    public byte[] diff(StateVector known) {
        StructWriter w = new StructWriter();
        ClientStructs[] clients = sorted();
        for (ClientStructs c : clients) {
            long from = known.clock(c.client);
            if (from < c.end()) {
                w.client(c.client);
                c.write(w, from, keepDeleted);
                w.endClient();
            }
        }
        return w.finish(clients);
    }

    /** What is deleted, as a copy. */
    public DeleteSet deletes() {
        DeleteSet out = new DeleteSet();
        for (ClientStructs c : sorted()) {
            for (int i = 0; i < c.deletes.size(); i++) {
                out.add(c.client, c.deletes.from(i), c.deletes.to(i));
            }
        }
        return out;
    }

    /** Bytes on the heap, estimated from the sizes of the columns. */
    public long memory() {
        long sum = 64 + 16L * ids.length;
        for (ClientStructs c : slots) {
            sum += c == null ? 0 : c.memory();
        }
        return sum;
    }

    /** All clients, ids descending: the order in which Yjs writes them. */
    private ClientStructs[] sorted() {
        ClientStructs[] all = new ClientStructs[count];
        int i = 0;
        for (ClientStructs c : slots) {
            if (c != null) {
                all[i++] = c;
            }
        }
        Arrays.sort(all, (a, b) -> Long.compare(b.client, a.client));
        return all;
    }

    private @Nullable ClientStructs find(long client) {
        return slots[slot(ids, slots, client)];
    }

    private ClientStructs client(long client) {
        int at = slot(ids, slots, client);
        ClientStructs found = slots[at];
        if (found != null) {
            return found;
        }
        if (count * 2 >= ids.length) {
            rehash();
            at = slot(ids, slots, client);
        }
        ClientStructs fresh = new ClientStructs(client);
        ids[at] = client;
        slots[at] = fresh;
        count++;
        return fresh;
    }

    private void rehash() {
        long[] biggerIds = new long[ids.length * 2];
        @Nullable ClientStructs[] bigger = new ClientStructs[biggerIds.length];
        for (ClientStructs c : slots) {
            if (c != null) {
                int at = slot(biggerIds, bigger, c.client);
                biggerIds[at] = c.client;
                bigger[at] = c;
            }
        }
        ids = biggerIds;
        slots = bigger;
    }

    /**
     * Where that client is, or would be: open addressing over a power of two. Peers choose client ids, so the hash is
     * keyed with a secret of this process; else a few thousand chosen ids would turn every look-up into a long walk.
     */
    private static int slot(long[] ids, @Nullable ClientStructs[] slots, long client) {
        long h = (client ^ HASH_KEY) * 0xff51afd7ed558ccdL;
        h = (h ^ (h >>> 32) ^ HASH_KEY) * 0xc4ceb9fe1a85ec53L;
        int mask = ids.length - 1;
        int at = (int) (h >>> 33) & mask;
        while (slots[at] != null && ids[at] != client) {
            at = (at + 1) & mask;
        }
        return at;
    }
}
