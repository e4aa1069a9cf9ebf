package io.keck.crdt.store;

import io.keck.crdt.lib0.DecodeException;
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
    /** Updates from that size on may be taken in by buffers that grow in large steps. */
    private static final int LARGE = 4096;
    /** Bytes of the smallest struct; an update may say that it has more structs than it has. */
    private static final int SMALLEST = 2;

    private final boolean keepDeleted;
    private final Content.Cursor cursor = new Content.Cursor();
    private final StructReader reader = new StructReader();
    private Parentage parentage = new Parentage(this);
    private ClientIds ids = new ClientIds();
    /** By number of the client; null where it is known only as an origin. */
    private @Nullable ClientStructs[] slots = new ClientStructs[2];

    private int count;
    /** All clients, ids descending; null when one has come since. */
    private ClientStructs @Nullable [] sorted;
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
        ClientStructs c = null;
        long of = -1;
        reader.structs(u);
        while ((allNew || nothingNew) && reader.next()) {
            if (reader.client != of) {
                of = reader.client;
                c = find(of);
            }
            if (c == null || reader.clock >= c.end()) {
                nothingNew = false;
                continue;
            }
            long missing = c.firstMissing(reader.clock, reader.end);
            nothingNew &= missing == reader.end;
            allNew &= missing == reader.clock && c.firstPresent(reader.clock, reader.end) == reader.end;
        }
        reader.deletes(u);
        of = -1;
        while ((allNew || nothingNew) && reader.nextDelete()) {
            if (reader.client != of) {
                of = reader.client;
                c = find(of);
            }
            nothingNew &= c != null && c.deletes.covers(reader.clock, reader.end);
            allNew &= c == null || !c.deletes.intersects(reader.clock, reader.end);
        }
        reader.close();
        if (nothingNew) {
            return Update.EMPTY;
        }
        return allNew ? u : missingParts(u);
    }

    private Update missingParts(Update u) {
        StructStore parts = new StructStore(true);
        reader.structs(u);
        while (reader.next()) {
            ClientStructs c = find(reader.client);
            ClientStructs target = parts.client(reader.client);
            long from = Math.max(reader.clock, target.end()); // the update itself may say something twice
            while (from < reader.end) {
                long a = c == null ? from : c.firstMissing(from, reader.end);
                long b = c == null ? reader.end : c.firstPresent(a, reader.end);
                if (a < b) {
                    parts.insert(target, reader, a, b);
                }
                from = b;
            }
        }
        reader.deletes(u);
        while (reader.nextDelete()) {
            ClientStructs c = find(reader.client);
            if (c == null) {
                parts.client(reader.client).deletes.add(reader.clock, reader.end);
            } else if (!c.deletes.covers(reader.clock, reader.end)) {
                c.deletes.missing(reader.clock, reader.end, parts.client(reader.client).deletes);
            }
        }
        reader.close();
        return Update.decode(parts.encode(), DecodeLimits.OWN);
    }

    /** Takes in what of this update is new; the rest is passed over. */
    public void apply(Update u) {
        take(u);
        collectIfMuch();
    }

    /**
     * Decodes an update and takes in what of it is new, as {@link Update#decode(byte[], DecodeLimits)} and {@link
     * #apply(Update)} do. An empty store takes a large one while it is checked, in one pass.
     *
     * @param v1 the update in wire format V1; not kept
     * @throws DecodeException if it is malformed or beyond the limits; nothing is changed then
     */
    public void apply(byte[] v1, DecodeLimits limits) {
        if (count > 0 || v1.length < LARGE) {
            apply(Update.decode(v1, limits));
        } else {
            load(v1, limits);
        }
    }

    /** As {@link #apply(byte[], DecodeLimits)}, into an empty store, whatever the size. */
    void load(byte[] v1, DecodeLimits limits) {
        StructStore fresh = new StructStore(keepDeleted);
        UpdateParser parser = UpdateParser.parse(v1, limits, fresh);
        if (!parser.isLoaded()) {
            apply(new Update(parser));
            return;
        }
        fresh.reader.deletes(v1, parser.deletesAt);
        fresh.takeDeletes();
        become(fresh);
        garbage = fresh.garbage;
        collectIfMuch();
    }

    /** Makes room for so many structs of a client that is not here yet; null if it is. */
    @Nullable
    ClientStructs load(long client, int structs, byte[] update) {
        ClientStructs c = client(client);
        if (c.end() > 0) {
            return null;
        }
        c.load(Math.min(structs, update.length / SMALLEST), count == 1 ? textOf(update.length, structs) : 0);
        return c;
    }

    /** Checks structs of the usual form, and takes them if they follow what is here; says how many. */
    int load(ClientStructs c, PlainStructs in, int most) {
        int before = c.textLength();
        int done = c.load(in, most);
        live += c.textLength() - before;
        return done;
    }

    /** Takes a struct that was checked and follows what is here. */
    void load(ClientStructs c, byte[] update, int at, long clock) {
        reader.again(update, c.client, at, clock);
        insert(c, reader, clock, reader.end);
    }

    private void collectIfMuch() {
        if (garbage > COLLECT_AT_LEAST && garbage > live / 2 && !keepDeleted) {
            collect();
        }
    }

    private void take(Update u) {
        cursor.reset();
        reader.structs(u);
        for (boolean more = reader.next(); more; ) {
            ClientStructs c = client(reader.client);
            boolean loads = u.bytes.length >= LARGE && c.isSmallBeside(reader.left() + 1, u.bytes.length);
            if (loads) {
                c.load(reader.left() + 1, u.isOfOneClient() ? textOf(u.deletesAt, reader.left()) : 0);
            }
            ClientStructs.Parts inside = null;
            do {
                if (inside == null && reader.clock >= c.end()) {
                    insert(c, reader, reader.clock, reader.end);
                } else {
                    inside = c.missing(reader, inside);
                }
                more = reader.next();
            } while (more && reader.client == c.client);
            if (inside != null) {
                insert(c, u, inside);
            }
            if (loads) {
                c.trim();
            }
        }
        reader.deletes(u);
        takeDeletes();
    }

    /** About how many bytes of an update of one client are text: what is left of so many structs without their ids. */
    private static int textOf(int bytes, int structs) {
        return (int) Math.max(0, bytes - 8L * structs);
    }

    private void takeDeletes() {
        for (boolean more = reader.nextDelete(); more; ) {
            ClientStructs c = client(reader.client);
            if (reader.left() < FEW_PARTS) {
                do {
                    garbage += c.delete(reader.clock, reader.end);
                    more = reader.nextDelete();
                } while (more && reader.client == c.client);
                continue;
            }
            Ranges fresh = new Ranges();
            int at = 0;
            do {
                at = c.deletes.covers(at, reader.clock, reader.end) ? at : c.deletes.firstEndingAfter(reader.clock);
                if (!c.deletes.covers(at, reader.clock, reader.end)) {
                    fresh.add(reader.clock, reader.end);
                } else if (reader.end == c.deletes.to(at)) {
                    at++; // what comes next is most often in the next one
                }
                more = reader.nextDelete();
            } while (more && reader.client == c.client);
            garbage += c.delete(fresh);
        }
        reader.close();
    }

    /** Inserts clocks of a struct that are missing. */
    private void insert(ClientStructs c, StructReader s, long from, long to) {
        c.insert(s, from, to, cursor);
        if (s.isDeleted()) {
            c.deletes.add(from, to);
        } else {
            live += to - from;
        }
    }

    /** Inserts missing parts into gaps: each on its own moves what is behind it, so many are inserted in one go. */
    private void insert(ClientStructs c, Update u, ClientStructs.Parts parts) {
        StructReader again = new StructReader();
        if (parts.size() <= FEW_PARTS) {
            for (int i = 0; i < parts.size(); i++) {
                parts.read(i, again, u.bytes, c.client);
                insert(c, again, parts.from(i), parts.to(i));
            }
            return;
        }
        c.insertAll(again, u.bytes, parts, cursor);
        Ranges deleted = new Ranges();
        for (int i = 0; i < parts.size(); i++) {
            parts.read(i, again, u.bytes, c.client);
            if (again.isDeleted()) {
                deleted.add(parts.from(i), parts.to(i));
            } else {
                live += parts.to(i) - parts.from(i);
            }
        }
        c.deletes.addAll(deleted);
    }

    /**
     * What structs and deletes say, in V1 and in order.
     *
     * @param bytes an update that was checked
     * @param places client, clock and place in the bytes of each struct, ordered by client, then clock
     * @param deletes client, first clock and end of each delete, ordered in the same way
     */
    static byte[] inOrder(byte[] bytes, long[] places, long[] deletes) {
        StructStore store = new StructStore(true);
        for (int i = 0; i < places.length; i += UpdateParser.PLACE) {
            ClientStructs c = store.client(places[i]);
            store.reader.again(bytes, c.client, (int) places[i + 2], places[i + 1]);
            long from = Math.max(c.end(), store.reader.clock);
            if (from < store.reader.end) {
                store.insert(c, store.reader, from, store.reader.end);
            }
        }
        for (int r = 0; r < deletes.length; ) {
            ClientStructs c = store.client(deletes[r]);
            Ranges ranges = new Ranges();
            for (; r < deletes.length && deletes[r] == c.client; r += Update.DELETE_ROW) {
                ranges.add(deletes[r + 1], deletes[r + 2]);
            }
            c.deletes.addAll(ranges);
        }
        return store.encode();
    }

    /** Rebuilds the store from its encoded form, which holds no deleted content. */
    private void collect() {
        StructStore fresh = new StructStore();
        fresh.take(Update.decode(encode(), DecodeLimits.OWN));
        become(fresh);
        garbage = 0;
    }

    private void become(StructStore fresh) {
        ids = fresh.ids;
        parentage = fresh.parentage;
        parentage.movesTo(this);
        slots = fresh.slots;
        sorted = fresh.sorted;
        count = fresh.count;
        live = fresh.live;
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
        ClientStructs[] clients = sorted();
        parentage.forgetUnknown(clients);
        StructWriter w = new StructWriter();
        for (ClientStructs c : clients) {
            long from = known.clock(c.client);
            if (from < c.end()) {
                w.client(c.client);
                c.write(w, from, c.end(), keepDeleted);
                w.endClient();
            }
        }
        return w.finish(clients);
    }

    /** Runs of structs, and deleted ranges: with them grows what somebody has to handle who integrates. */
    public long structs() {
        long sum = 0;
        for (ClientStructs c : sorted()) {
            sum += c.runCount() + c.deletes.size();
        }
        return sum;
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

    /**
     * Bytes that the store takes on the heap of a 64-bit JVM with compressed references, caches of its own included.
     * Counted, not measured; off by a few percent at most.
     */
    public long memory() {
        long sum = 216 + parentage.memory() + ids.memory() + Heap.array(4L * slots.length);
        for (ClientStructs c : slots) {
            sum += c == null ? 0 : c.memory();
        }
        ClientStructs[] order = sorted;
        return sum + (order == null ? 0 : Heap.array(4L * order.length));
    }

    /** All clients, ids descending: the order in which Yjs writes them. */
    private ClientStructs[] sorted() {
        ClientStructs[] known = sorted;
        if (known != null) {
            return known;
        }
        ClientStructs[] all = new ClientStructs[count];
        int i = 0;
        for (ClientStructs c : slots) {
            if (c != null) {
                all[i++] = c;
            }
        }
        Arrays.sort(all, (a, b) -> Long.compare(b.client, a.client));
        sorted = all;
        return all;
    }

    /** What is here of a client; null where there is nothing. */
    @Nullable
    ClientStructs find(long client) {
        int number = ids.find(client);
        return number < 0 || number >= slots.length ? null : slots[number];
    }

    private ClientStructs client(long client) {
        int number = ids.number(client);
        ClientStructs found = number < slots.length ? slots[number] : null;
        if (found != null) {
            return found;
        }
        if (number >= slots.length) {
            slots = Arrays.copyOf(slots, Math.max(number + 1, slots.length * 2));
        }
        ClientStructs fresh = new ClientStructs(ids, number, parentage);
        slots[number] = fresh;
        sorted = null;
        count++;
        return fresh;
    }
}
