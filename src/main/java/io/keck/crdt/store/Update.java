package io.keck.crdt.store;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Encoder;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A decoded and checked Yjs update (wire format V1): structs by client and clock, and a delete set. Immutable, and
 * thread-safe as long as the array it was decoded from is not changed: the update keeps that array and points into it.
 *
 * <p>Decoding is strict. It refuses bytes at which Yjs would throw, items that would poison a document (an item that
 * names itself or its own future as origin or parent), and whatever exceeds the {@link DecodeLimits}. Source: Yjs
 * {@code encoding.js} {@code readClientsStructRefs}, {@code structs/*.js}.
 *
 * <p>Structs and deleted ranges <b>of no length</b> are left out, and counted ({@link #emptyCount}). Engines other than
 * Yjs write them for ordinary texts, and a Yjs client that has received one sends it with every full state. They hold
 * no clock, so nothing is lost without them; an id that names one is the id of the struct that follows it.
 *
 * <p>An update consists of its bytes and a few figures that were found in one pass over them; {@link StructReader}
 * walks over it. Structs of one client are adjacent, clocks ascending, and so do deletes, which are disjoint: bytes
 * in another order were rewritten in this order. Integration needs random access to the structs: {@link #rows}.
 */
public final class Update {
    private static final long[] NOTHING = {};
    /** {@link #FORGET_UNHELD} on the wire: a deleted range of no length, which every other engine leaves out. */
    private static final byte[] FORGET = {0, 1, (byte) 0xff, (byte) 0xcb, (byte) 0xb3, (byte) 0xbb, 0x06, 1, 0x4b, 0};

    /** The update without structs and deletes. */
    public static final Update EMPTY = decode(new byte[] {0, 0});

    /**
     * A mark in a log of updates: a store that applies it drops the deletes of clocks that it does not hold at that time. It
     * changes nothing else, and {@link StructStore#reduce} reduces it to nothing, so a peer cannot send it. Only for logs: a
     * Yjs client would keep its empty range.
     */
    public static final Update FORGET_UNHELD = new Update(FORGET);

    /** Longs per delete: client, first clock, the clock after the last. */
    static final int DELETE_ROW = 3;

    final byte[] bytes;
    final int structCount;
    /** The index in the bytes at which the deletes begin. */
    final int deletesAt;

    final int deleteCount;
    private final int emptyCount;
    /** Whether the bytes hold this update and nothing else; false for {@link #withoutDeletes}. */
    private final boolean whole;

    private final int clients;
    private final long client0;
    private final long state0;
    private final long[] states;
    private volatile @Nullable StructRows rows;

    /** Takes over the result of a parser that has finished. */
    Update(UpdateParser p) {
        this.bytes = p.bytes;
        this.structCount = p.structCount;
        this.deletesAt = p.deletesAt;
        this.deleteCount = p.deleteCount;
        this.emptyCount = p.emptyCount;
        this.whole = true;
        this.clients = p.clients;
        this.client0 = p.client0;
        this.state0 = p.state0;
        this.states = p.states;
    }

    private Update(byte[] mark) {
        this.bytes = mark;
        this.structCount = 0;
        this.deletesAt = 1;
        this.deleteCount = 0;
        this.emptyCount = 1;
        this.whole = true;
        this.clients = 0;
        this.client0 = 0;
        this.state0 = 0;
        this.states = NOTHING;
    }

    /** Whether this is {@link #FORGET_UNHELD}. */
    public boolean forgetsUnheldDeletes() {
        return bytes == FORGET;
    }

    /** Decodes an update under {@link DecodeLimits#DEFAULT}. */
    public static Update decode(byte[] v1) {
        return decode(v1, DecodeLimits.DEFAULT);
    }

    /**
     * Decodes an update and checks every byte of it.
     *
     * @param v1 the update in wire format V1; kept, so it must not be changed afterwards
     * @throws DecodeException if the update is malformed or exceeds the limits
     */
    public static Update decode(byte[] v1, DecodeLimits limits) {
        if (v1.length == FORGET.length && Arrays.equals(v1, FORGET)) {
            return FORGET_UNHELD;
        }
        return new Update(new UpdateParser(v1, limits).parse());
    }

    /**
     * Returns the state vector of a document that holds this update and nothing else, at little more than half the cost
     * of decoding: most structs are skimmed, not checked, and deletes are not read. For bytes that are known to be an
     * update, such as those of a store. Source: Yjs {@code updates.js} {@code encodeStateVectorFromUpdate}.
     *
     * @throws DecodeException if the part that is read is malformed
     */
    public static StateVector stateVector(byte[] v1) {
        UpdateParser parser = new UpdateParser(v1, DecodeLimits.OWN);
        return parser.skim()
                ? parser.stateVector()
                : decode(v1, DecodeLimits.OWN).stateVector();
    }

    /** Merges updates into one; gaps between them stay gaps. Content that these updates delete is dropped. */
    public static Update merge(Collection<Update> updates) {
        return merge(updates, false);
    }

    /**
     * Merges updates into one; gaps between them stay gaps.
     *
     * @param keepDeleted whether content that these updates delete is kept, as a document without garbage collection
     *     needs it; otherwise it is dropped
     */
    public static Update merge(Collection<Update> updates, boolean keepDeleted) {
        if (updates.size() == 1) {
            return updates.iterator().next();
        }
        StructStore store = new StructStore(keepDeleted);
        updates.forEach(store::apply);
        return decode(store.encode(), DecodeLimits.OWN);
    }

    /** Creates an update that only deletes. Internal: shared with {@code io.keck.crdt}. */
    public static Update ofDeletes(DeleteSet deletes) {
        Encoder out = new Encoder();
        out.writeVarUint(0);
        deletes.encode(out);
        return decode(out.toByteArray(), DecodeLimits.OWN);
    }

    /** The structs of this update alone. Internal: shared with {@code io.keck.crdt}. */
    public Update withoutDeletes() {
        return deleteCount == 0 ? this : new Update(this);
    }

    private Update(Update structsOf) {
        this.bytes = structsOf.bytes;
        this.structCount = structsOf.structCount;
        this.deletesAt = structsOf.deletesAt;
        this.deleteCount = 0;
        this.emptyCount = 0;
        this.whole = false;
        this.clients = structsOf.clients;
        this.client0 = structsOf.client0;
        this.state0 = structsOf.state0;
        this.states = structsOf.states;
        this.rows = structsOf.rows;
    }

    /** Whether the update has neither structs nor deletes. */
    public boolean isEmpty() {
        return structCount == 0 && deleteCount == 0;
    }

    /** The length of {@link #encode} in bytes. */
    public int length() {
        return whole ? bytes.length : deletesAt + 1;
    }

    /** The number of structs. */
    public int structCount() {
        return structCount;
    }

    /** The number of deleted ranges. */
    public int deleteCount() {
        return deleteCount;
    }

    /** An upper bound of the number of clients with structs in this update. */
    public int clientCount() {
        return clients;
    }

    /** The number of structs and deleted ranges of no length in the decoded bytes; they are not part of this update. */
    public int emptyCount() {
        return emptyCount;
    }

    /**
     * The update in wire format V1. Not a copy if the decoded bytes can be passed on unchanged, so the array must not
     * be changed.
     */
    public byte[] encode() {
        if (whole) {
            return bytes;
        }
        byte[] out = Arrays.copyOf(bytes, deletesAt + 1);
        out[deletesAt] = 0;
        return out;
    }

    boolean isOfOneClient() {
        return clients == 1;
    }

    /** The clients of the structs in this update. */
    public Set<Long> clients() {
        Set<Long> all = new HashSet<>();
        for (int i = 0; i < clients; i++) {
            if (state(i) != UpdateParser.NO_STRUCTS) {
                all.add(client(i));
            }
        }
        return all;
    }

    /** The client with index {@code i}, below {@link #clientCount}. */
    long client(int i) {
        return clients == 1 ? client0 : states[2 * i];
    }

    private long state(int i) {
        return clients == 1 ? state0 : states[2 * i + 1];
    }

    /**
     * The state vector of a document that holds this update and nothing else: only structs from clock 0 on, without a
     * gap, count.
     */
    public StateVector stateVector() {
        return UpdateParser.stateVector(clients, client0, state0, states);
    }

    /**
     * Returns the part of this update that a peer with the given state vector lacks; the delete set stays whole, as in
     * Yjs.
     */
    public Update diff(StateVector known) {
        return decode(UpdateDiff.of(this, known), DecodeLimits.OWN);
    }

    /** Random access to the structs; the table is built on the first call. Internal: shared with {@code io.keck.crdt}. */
    public StructRows rows() {
        StructRows known = rows;
        if (known == null) {
            known = new StructRows(bytes, structCount);
            rows = known;
        }
        return known;
    }

    /**
     * Passes on the deleted ranges: those of a client one after another, clocks ascending, disjoint. Internal: shared
     * with {@code io.keck.crdt}.
     */
    public void forEachDelete(DeleteSet.RangeConsumer consumer) {
        long[] deletes = deleteRows();
        for (int r = 0; r < deletes.length; r += DELETE_ROW) {
            consumer.accept(deletes[r], deletes[r + 1], deletes[r + 2]);
        }
    }

    /** The deletes as rows of {@value #DELETE_ROW} longs. */
    long[] deleteRows() {
        return deleteCount == 0 ? NOTHING : UpdateParser.deleteRows(bytes, deletesAt, deleteCount);
    }

    @Override
    public String toString() {
        return "Update[" + structCount + " structs, " + deleteCount + " deletes, " + bytes.length + " bytes]";
    }
}
