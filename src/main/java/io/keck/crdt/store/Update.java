package io.keck.crdt.store;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Encoder;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A decoded and checked Yjs update (wire format V1): structs by client and clock, and a delete set. Immutable,
 * thread-safe as long as nobody changes the array it was decoded from: it keeps that array and points into it.
 *
 * <p>Decoding is strict. Refused is what Yjs would throw at, what would poison a document (an item that names itself or its own
 * future as origin or parent), and what {@link DecodeLimits} says. Source: Yjs {@code encoding.js} {@code
 * readClientsStructRefs}, {@code structs/*.js}.
 *
 * <p>Structs and deleted ranges <b>of no length</b> are left out, and counted ({@link #emptyCount}). Engines other than
 * Yjs write them for ordinary texts, and a Yjs client that has received one sends it with every full state. They hold no
 * clock, so nothing is lost without them; an id that names one is the id of the struct that follows it.
 *
 * <p>Inside there are the bytes and what a pass over them learned; {@link StructReader} walks over them. Structs of one
 * client stand together, clocks ascending, and so do deletes, disjoint: bytes in another order were put in order.
 * Who integrates needs structs at random: {@link #rows}.
 */
public final class Update {
    /** The update that says nothing. */
    public static final Update EMPTY = decode(new byte[] {0, 0});

    /** A delete: client, first clock, the clock after the last. */
    static final int DELETE_ROW = 3;

    private static final long[] NOTHING = {};

    final byte[] bytes;
    final int structCount;
    /** Where in the bytes the deletes begin. */
    final int deletesAt;

    final int deleteCount;
    private final int emptyCount;
    /** Whether the bytes say this and nothing else. */
    private final boolean whole;

    private final int clients;
    private final long client0;
    private final long state0;
    private final long[] states;
    private volatile @Nullable StructRows rows;

    /** What a parser that has come to its end has read. */
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

    /** Decodes under {@link DecodeLimits#DEFAULT}. */
    public static Update decode(byte[] v1) {
        return decode(v1, DecodeLimits.DEFAULT);
    }

    /**
     * Decodes and checks every byte.
     *
     * @param v1 the update in wire format V1; kept, so do not change it afterwards
     * @throws DecodeException if it is malformed or beyond the limits
     */
    public static Update decode(byte[] v1, DecodeLimits limits) {
        return new Update(new UpdateParser(v1, limits).parse());
    }

    /**
     * The state vector of a document that holds this update and nothing else, for little more than half of what decoding
     * costs: most structs are gone over and not checked, deletes not read. For bytes that are known to be an update, as from a
     * store. Source: Yjs {@code updates.js} {@code encodeStateVectorFromUpdate}.
     *
     * @throws DecodeException if what is read of it is malformed
     */
    public static StateVector stateVector(byte[] v1) {
        UpdateParser parser = new UpdateParser(v1, DecodeLimits.OWN);
        return parser.skim()
                ? parser.stateVector()
                : decode(v1, DecodeLimits.OWN).stateVector();
    }

    /**
     * One update that says what all of these say together; gaps between them stay gaps. Content that the same updates
     * delete is dropped.
     */
    public static Update merge(Collection<Update> updates) {
        return merge(updates, false);
    }

    /**
     * One update that says what all of these say together; gaps between them stay gaps.
     *
     * @param keepDeleted whether content that the same updates delete is kept, as a document without garbage collection
     *     needs it; else it is dropped
     */
    public static Update merge(Collection<Update> updates, boolean keepDeleted) {
        if (updates.size() == 1) {
            return updates.iterator().next();
        }
        StructStore store = new StructStore(keepDeleted);
        updates.forEach(store::apply);
        return decode(store.encode(), DecodeLimits.OWN);
    }

    /** An update that only deletes. Internal: shared with {@code io.keck.crdt}. */
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

    /** Whether it has neither structs nor deletes. */
    public boolean isEmpty() {
        return structCount == 0 && deleteCount == 0;
    }

    /** Bytes of {@link #encode}. */
    public int length() {
        return whole ? bytes.length : deletesAt + 1;
    }

    /** How many structs it has. */
    public int structCount() {
        return structCount;
    }

    /** How many deleted ranges it has. */
    public int deleteCount() {
        return deleteCount;
    }

    /** How many clients wrote structs in it, at most. */
    public int clientCount() {
        return clients;
    }

    /** The number of structs and deleted ranges of no length in the decoded bytes; they are not part of this update. */
    public int emptyCount() {
        return emptyCount;
    }

    /**
     * The wire format V1. Not a copy where the decoded bytes can be passed on as they are, so do not change it.
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

    /** The clients that wrote structs in it. */
    public Set<Long> clients() {
        Set<Long> all = new HashSet<>();
        for (int i = 0; i < clients; i++) {
            if (state(i) != UpdateParser.NO_STRUCTS) {
                all.add(client(i));
            }
        }
        return all;
    }

    private long client(int i) {
        return clients == 1 ? client0 : states[2 * i];
    }

    private long state(int i) {
        return clients == 1 ? state0 : states[2 * i + 1];
    }

    /** The state vector of a document that holds this update and nothing else: only what starts at clock 0 counts. */
    public StateVector stateVector() {
        return UpdateParser.stateVector(clients, client0, state0, states);
    }

    /** What in this update somebody with that state vector lacks; the delete set stays whole, as in Yjs. */
    public Update diff(StateVector known) {
        return decode(UpdateDiff.of(this, known), DecodeLimits.OWN);
    }

    /** The structs at random, made when they are first asked for. Internal: shared with {@code io.keck.crdt}. */
    public StructRows rows() {
        StructRows known = rows;
        if (known == null) {
            known = new StructRows(bytes, structCount);
            rows = known;
        }
        return known;
    }

    /** Passes on the deleted ranges, by client and clock, disjoint. Internal: shared with {@code io.keck.crdt}. */
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
