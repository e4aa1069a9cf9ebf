package io.keck.crdt.store;

import io.keck.crdt.lib0.DecodeException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A Yjs document as a sync server needs it: all structs by client and clock, and the deleted clocks; no types, no links
 * between items, nothing integrated. Not thread-safe.
 *
 * <p>It answers a server's questions: what is new in an update ({@link #reduce}), what a peer lacks ({@link #diff}),
 * how much history the store has ({@link #stateVector}), what the whole document is ({@link #encode}). Its encoded form
 * brings a Yjs document to the state that the updates themselves would have led to, in whatever order they arrived.
 *
 * <p><b>Layout.</b> Each client has one {@link ClientStructs}: sorted runs in columns (ints and longs, no object per
 * struct), text in one buffer, other content in wire form, and beside them the deleted clocks as sorted ranges.
 * Consecutive structs that Yjs would squash are one run. A deletion only adds to the ranges; the encoder splits runs at
 * the borders of ranges and writes deleted items as ContentDeleted. Once enough deleted content has accumulated, the
 * store is rebuilt from its encoded form, so that this content leaves the heap.
 *
 * <p><b>Gaps.</b> A struct whose predecessor has not arrived is kept after a gap, which is encoded as a Skip. There is
 * no queue of pending updates to try again, and so none that could deadlock. A struct whose origin or parent is missing
 * is kept like any other; the replica that integrates it waits for the rest.
 *
 * <p>Source of the rules: Yjs {@code StructStore.js}, {@code Item.js} ({@code mergeWith}, {@code splitItem}),
 * {@code encoding.js}.
 */
public final class StructStore {
    private static final int COLLECT_AT_LEAST = 16_384;
    private static final int FEW_PARTS = 8;
    /** Size in bytes from which an update is large: buffers may then grow in large steps while it is applied. */
    private static final int LARGE = 4096;
    /** Bytes of the smallest struct on the wire; bounds the number of structs that an update claims to have. */
    private static final int SMALLEST = 2;

    private final boolean keepDeleted;
    private final Content.Cursor cursor = new Content.Cursor();
    private final StructReader reader = new StructReader();
    private Parentage parentage = new Parentage(this);
    private ClientIds ids = new ClientIds();
    /** Indexed by the number of the client; null for a client that is known only from an origin. */
    private @Nullable ClientStructs[] slots = new ClientStructs[2];

    private int count;
    /** All clients, ids descending; null once a client was added after the last sort. */
    private ClientStructs @Nullable [] sorted;
    /** The number of clocks deleted since the last collection; their content may still be on the heap. */
    private long garbage;

    private long live;

    /** Creates an empty store that drops the content of deleted items, as Yjs does by default. */
    public StructStore() {
        this(false);
    }

    /**
     * Creates an empty store.
     *
     * @param keepDeleted whether deleted items keep their content, as in Yjs with {@code gc: false}
     */
    public StructStore(boolean keepDeleted) {
        this.keepDeleted = keepDeleted;
    }

    /** Whether the store has neither structs nor deletes of any client. */
    public boolean isEmpty() {
        return count == 0;
    }

    /**
     * Returns the part of an update that is not in the store yet: structs by clock, deletes by range. Does not change
     * the store.
     *
     * @return {@code u} itself if all of it is new, {@link Update#EMPTY} if none is, else an update of the new parts
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
            long from = Math.max(reader.clock, target.end()); // an update may contain a clock twice
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

    /** Adds the part of an update that is new and ignores the rest. */
    public void apply(Update u) {
        take(u);
        collectIfMuch();
    }

    /**
     * Decodes an update and applies it, as {@link Update#decode(byte[], DecodeLimits)} and {@link #apply(Update)} do.
     * An empty store reads a large update in a single pass and checks it on the way.
     *
     * @param v1 the update in wire format V1; not kept
     * @throws DecodeException if the update is malformed or exceeds the limits; the store is unchanged then
     */
    public void apply(byte[] v1, DecodeLimits limits) {
        if (count > 0 || v1.length < LARGE) {
            apply(Update.decode(v1, limits));
        } else {
            load(v1, limits);
        }
    }

    /** As {@link #apply(byte[], DecodeLimits)} on an empty store, for an update of any size. */
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

    /**
     * Makes room for {@code structs} structs of a client; returns null if the store already holds structs of that
     * client.
     */
    @Nullable
    ClientStructs load(long client, int structs, byte[] update) {
        ClientStructs c = client(client);
        if (c.end() > 0) {
            return null;
        }
        c.load(Math.min(structs, update.length / SMALLEST), count == 1 ? textOf(update.length, structs) : 0);
        return c;
    }

    /**
     * Checks structs of the usual form and adds them if they directly follow the client's last clock; returns their
     * number.
     */
    int load(ClientStructs c, PlainStructs in, int most) {
        int before = c.textLength();
        int done = c.load(in, most);
        live += c.textLength() - before;
        return done;
    }

    /** Adds a struct that was checked before and does not start before the client's end. */
    void load(ClientStructs c, byte[] update, int at, long clock) {
        reader.again(update, c.client, at, clock);
        insert(c, reader, clock, reader.end);
    }

    private void collectIfMuch() {
        if (garbage > COLLECT_AT_LEAST && garbage > live / 2 && !keepDeleted) {
            collect();
        }
    }

    /** Whether the store has deletes of clocks that it does not hold; Yjs would apply them when the structs arrive. */
    public boolean hasUnheldDeletes() {
        for (ClientStructs c : sorted()) {
            if (c.hasUnheldDeletes()) {
                return true;
            }
        }
        return false;
    }

    private void take(Update u) {
        if (u.forgetsUnheldDeletes()) {
            for (ClientStructs c : sorted()) {
                c.forgetUnheldDeletes();
            }
            return;
        }
        cursor.reset();
        reader.structs(u);
        for (boolean more = reader.next(); more; ) {
            ClientStructs c = client(reader.client);
            boolean loads = u.bytes.length >= LARGE && c.isSmallBeside(reader.left() + 1, u.bytes.length);
            if (loads) {
                c.load(reader.left() + 1, u.isOfOneClient() ? textOf(u.deletesAt, reader.left()) : 0);
            }
            Parts inside = null;
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

    /** Estimates how many bytes of an update of one client are text: all but 8 bytes per struct for its ids. */
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
                    at++; // the next range to delete most often lies in the next known one
                }
                more = reader.nextDelete();
            } while (more && reader.client == c.client);
            garbage += c.delete(fresh);
        }
        reader.close();
    }

    /** Inserts the clocks {@code [from, to)} of a struct, all of which are missing. */
    void insert(ClientStructs c, StructReader s, long from, long to) {
        c.insert(s, from, to, cursor);
        if (s.isDeleted()) {
            c.deletes.add(from, to);
        } else {
            live += to - from;
        }
    }

    /**
     * Inserts missing parts into gaps. A single insertion moves everything after it, so many parts are inserted in one
     * pass.
     */
    private void insert(ClientStructs c, Update u, Parts parts) {
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

    /** The state vector of the store: for each client, the clock up to which all structs are held. */
    public StateVector stateVector() {
        Map<Long, Long> clocks = new HashMap<>();
        for (ClientStructs c : sorted()) {
            clocks.put(c.client, c.state());
        }
        return StateVector.of(clocks);
    }

    /** The clock up to which all structs of one client are held. */
    public long clock(long client) {
        ClientStructs c = find(client);
        return c == null ? 0 : c.state();
    }

    /** The whole document as a V1 update. */
    public byte[] encode() {
        return diff(StateVector.EMPTY);
    }

    /**
     * Returns what a peer with the given state vector lacks, as a V1 update: the structs from those clocks on and the
     * whole delete set, as Yjs answers sync step 1.
     */
    public byte[] diff(StateVector known) {
        StructWriter w = new StructWriter();
        return w.finish(write(w, known));
    }

    /**
     * The whole document as a V1 update, without the content of some deleted items.
     *
     * @param collected deleted clocks; those that are not deleted here must not be among them
     */
    public byte[] encodeWithout(DeleteSet collected) {
        ClientStructs[] clients = sorted();
        parentage.forgetUnknown(clients);
        return ClientViews.encodeWithout(clients, collected);
    }

    /** Writes the structs that a peer with the given state vector lacks; returns all clients. */
    ClientStructs[] write(StructWriter w, StateVector known) {
        ClientStructs[] clients = sorted();
        parentage.forgetUnknown(clients);
        for (ClientStructs c : clients) {
            long from = known.clock(c.client);
            if (from < c.end()) {
                w.client(c.client);
                c.write(w, from, c.end(), keepDeleted);
                w.endClient();
            }
        }
        return clients;
    }

    /** The number of runs of structs and of deleted ranges, which determines the cost of integrating the document. */
    public long structCount() {
        long sum = 0;
        for (ClientStructs c : sorted()) {
            sum += c.runCount() + c.deletes.size();
        }
        return sum;
    }

    /** The number of clients with structs or deletes in this store. */
    public int clientCount() {
        return count;
    }

    /** Whether a client has structs or deletes in this store. */
    public boolean hasClient(long client) {
        return find(client) != null;
    }

    /** Adds to {@code unknown} the clients of an update that have nothing in this store. */
    public void addUnknownClients(Update u, Set<Long> unknown) {
        for (int i = 0; i < u.clientCount(); i++) {
            if (find(u.client(i)) == null) {
                unknown.add(u.client(i));
            }
        }
    }

    /** Whether a replica with that state vector lacks more than half of all clocks. */
    public boolean isMostlyUnknownTo(StateVector known) {
        return ClientViews.areMostlyUnknownTo(sorted(), known);
    }

    /** The deleted clocks, as a copy. */
    public DeleteSet deletes() {
        return ClientViews.deletes(sorted());
    }

    /**
     * Bytes that the store takes on the heap of a 64-bit JVM with compressed references, including its own caches.
     * Calculated, not measured; off by a few percent at most.
     */
    public long memory() {
        long sum = 216 + parentage.memory() + ids.memory() + Heap.array(4L * slots.length);
        for (ClientStructs c : slots) {
            sum += c == null ? 0 : c.memory();
        }
        return sum + (sorted == null ? 0 : Heap.array(4L * sorted.length));
    }

    /** Bytes that a typed document with this content takes on the heap, estimated; linear in {@link #structCount}. */
    public long typedMemory() {
        return TypedHeap.of(sorted(), parentage);
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

    /** The structs and deletes of a client, or null if the store has none. */
    @Nullable
    ClientStructs find(long client) {
        int number = ids.find(client);
        return number < 0 || number >= slots.length ? null : slots[number];
    }

    ClientStructs client(long client) {
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
