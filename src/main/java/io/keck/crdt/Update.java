package io.keck.crdt;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.lib0.Json;
import io.keck.crdt.lib0.Utf8;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A decoded and checked Yjs update (wire format V1): structs by client and clock, and a delete set. Immutable,
 * thread-safe as long as nobody changes the array it was decoded from: it keeps that array and points into it.
 *
 * <p>Decoding is strict. Refused is what Yjs would throw at, what would poison a document (structs of no length, an item
 * that names itself or its own future as origin or parent), and what {@link DecodeLimits} says. Source: Yjs
 * {@code encoding.js} {@code readClientsStructRefs}, {@code structs/*.js}.
 *
 * <p>Inside, a struct is a row of {@value #ROW} longs in one array, and a delete a row of {@value #DELETE_ROW} in another; content is a
 * section of the encoded bytes, never an object. Structs of one client stand together, clocks ascending, and so do
 * deletes, disjoint, in whatever order they were encoded.
 */
public final class Update {
    /** The update that says nothing. */
    public static final Update EMPTY = decode(new byte[] {0, 0});

    static final int ROW = 9;
    static final int CLIENT = 0;
    static final int CLOCK = 1;
    static final int LEN = 2;
    static final int INFO = 3;
    /** Client of the left origin, or -1. */
    static final int ORIGIN_CLIENT = 4;
    /** Clock of the left origin; without one, for an item without right origin, the section of its parent info. */
    static final int ORIGIN_CLOCK = 5;

    static final int RIGHT_CLIENT = 6;
    static final int RIGHT_CLOCK = 7;
    /** The section of the content: UTF-8 without its length, values without their count, others whole. */
    static final int CONTENT = 8;

    /** A delete: client, first clock, the clock after the last. */
    static final int DELETE_ROW = 3;

    private static final long[] NOTHING = {};

    final byte[] bytes;
    final long[] structs;
    final int structCount;
    final long[] deletes;
    final int deleteCount;
    /** Whether the bytes can be passed on as they are: no client twice, nothing that says nothing. */
    private final boolean canonical;

    private Update(Parser p) {
        this.bytes = p.bytes;
        this.structs = p.structs;
        this.structCount = p.structCount;
        this.deletes = p.deletes;
        this.deleteCount = p.deleteCount;
        this.canonical = p.canonical;
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
        return new Update(new Parser(v1, limits).parse());
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

    /** An update that only deletes. */
    static Update ofDeletes(DeleteSet deletes) {
        Encoder out = new Encoder();
        out.writeVarUint(0);
        deletes.encode(out);
        return decode(out.toByteArray(), DecodeLimits.OWN);
    }

    /** The structs of this update alone. */
    Update withoutDeletes() {
        return deleteCount == 0 ? this : new Update(this);
    }

    private Update(Update structsOf) {
        this.bytes = structsOf.bytes;
        this.structs = structsOf.structs;
        this.structCount = structsOf.structCount;
        this.deletes = NOTHING;
        this.deleteCount = 0;
        this.canonical = false; // the bytes say more
    }

    /** Whether it has neither structs nor deletes. */
    public boolean isEmpty() {
        return structCount == 0 && deleteCount == 0;
    }

    /**
     * The wire format V1. Not a copy where the decoded bytes can be passed on as they are, so do not change it.
     */
    public byte[] encode() {
        if (canonical) {
            return bytes;
        }
        StructStore store = new StructStore(true);
        store.apply(this);
        return store.encode();
    }

    /** The clients that wrote structs in it. */
    public Set<Long> clients() {
        Set<Long> clients = new HashSet<>();
        for (int i = 0; i < structCount; i++) {
            clients.add(structs[i * ROW + CLIENT]);
        }
        return clients;
    }

    /** The state vector of a document that holds this update and nothing else: only what starts at clock 0 counts. */
    public StateVector stateVector() {
        Map<Long, Long> clocks = new HashMap<>();
        for (int i = 0; i < structCount; i++) {
            int r = i * ROW;
            long client = structs[r + CLIENT];
            if (structs[r + CLOCK] <= clocks.getOrDefault(client, 0L)) {
                clocks.merge(client, structs[r + CLOCK] + structs[r + LEN], Math::max);
            }
        }
        return StateVector.of(clocks);
    }

    /** What in this update somebody with that state vector lacks; the delete set stays whole, as in Yjs. */
    public Update diff(StateVector known) {
        StructStore store = new StructStore(true);
        store.apply(this);
        return decode(store.diff(known), DecodeLimits.OWN);
    }

    /** Whether a struct is deleted by its kind. */
    boolean isDeleted(int row) {
        int ref = (int) structs[row * ROW + INFO] & Refs.MASK;
        return ref == Refs.GC || ref == Refs.DELETED;
    }

    static int from(long section) {
        return (int) (section >>> 32);
    }

    static int to(long section) {
        return (int) section;
    }

    private static long section(int from, int to) {
        return (long) from << 32 | to;
    }

    @Override
    public String toString() {
        return "Update[" + structCount + " structs, " + deleteCount + " deletes, " + bytes.length + " bytes]";
    }

    /** Reads one update into rows. */
    private static final class Parser {
        final byte[] bytes;
        final DecodeLimits limits;
        final Decoder in;
        long[] structs = new long[ROW];
        int structCount;
        long[] deletes = NOTHING;
        int deleteCount;
        boolean canonical = true;
        private boolean deletesInOrder = true;
        /** The clients whose deletes came before those of the current one; null while there was one client. */
        private @Nullable Set<Long> deleters;

        Parser(byte[] bytes, DecodeLimits limits) {
            if (bytes.length > limits.maxBytes()) {
                throw new DecodeException("update of more than " + limits.maxBytes() + " bytes");
            }
            this.bytes = bytes;
            this.limits = limits;
            this.in = new Decoder(bytes);
        }

        Parser parse() {
            int clients = in.readCount(3);
            if (clients > limits.maxClients()) {
                throw new DecodeException("more than " + limits.maxClients() + " clients");
            }
            List<Long> seen = clients > 1 ? new ArrayList<>() : List.of();
            for (int i = 0; i < clients; i++) {
                int count = in.readCount(2);
                long client = in.readVarUint();
                long clock = in.readVarUint();
                if (clients > 1) {
                    seen.add(client);
                }
                canonical &= count > 0;
                for (int k = 0; k < count; k++) {
                    clock = struct(client, clock);
                }
            }
            if (clients > 1 && new HashSet<>(seen).size() < clients) {
                canonical = false;
                structs = sorted(structs, structCount, ROW);
            }
            TypeDepth.check(bytes, structs, structCount, limits.maxTypeDepth());
            DeleteSet.decode(in, this::delete);
            if (in.hasRemaining()) {
                throw new DecodeException("bytes after the update");
            }
            if (!deletesInOrder) {
                deletes = sorted(deletes, deleteCount, DELETE_ROW);
                joinDeletes();
            }
            return this;
        }

        /** Rows by client, then clock, else as they came. */
        private static long[] sorted(long[] rows, int count, int width) {
            Integer[] order = new Integer[count];
            Arrays.setAll(order, i -> i * width);
            Arrays.sort(order, (a, b) -> {
                int byClient = Long.compare(rows[a], rows[b]);
                return byClient != 0 ? byClient : Long.compare(rows[a + 1], rows[b + 1]);
            });
            long[] out = new long[count * width];
            for (int i = 0; i < count; i++) {
                System.arraycopy(rows, order[i], out, i * width, width);
            }
            return out;
        }

        /** Makes one of sorted deletes that overlap. */
        private void joinDeletes() {
            int last = 0;
            for (int r = DELETE_ROW; r < deleteCount * DELETE_ROW; r += DELETE_ROW) {
                if (deletes[r] == deletes[last] && deletes[r + 1] <= deletes[last + 2]) {
                    deletes[last + 2] = Math.max(deletes[last + 2], deletes[r + 2]);
                } else {
                    last += DELETE_ROW;
                    System.arraycopy(deletes, r, deletes, last, DELETE_ROW);
                }
            }
            deleteCount = last / DELETE_ROW + 1;
        }

        private void delete(long client, long from, long to) {
            int previous = (deleteCount - 1) * DELETE_ROW;
            if (deleteCount > 0) {
                if (deletes[previous] == client) {
                    deletesInOrder &= from >= deletes[previous + 2];
                } else {
                    deleters = deleters == null ? new HashSet<>() : deleters;
                    deletesInOrder &= deleters.add(deletes[previous]) && !deleters.contains(client);
                }
            }
            if (deleteCount * DELETE_ROW == deletes.length) {
                deletes = Arrays.copyOf(deletes, Math.max(DELETE_ROW, deletes.length * 2));
            }
            int r = deleteCount++ * DELETE_ROW;
            deletes[r] = client;
            deletes[r + 1] = from;
            deletes[r + 2] = to;
        }

        private long struct(long client, long clock) {
            int info = in.readUint8();
            int ref = info & Refs.MASK;
            if (ref == Refs.SKIP) {
                long len = in.readVarUint();
                canonical &= len > 0;
                return checkedEnd(clock, len);
            }
            if (structCount == limits.maxStructs()) {
                throw new DecodeException("more than " + limits.maxStructs() + " structs");
            }
            int r = structCount * ROW;
            if (r == structs.length) {
                structs = Arrays.copyOf(structs, Math.max(structs.length * 2, 8 * ROW));
            }
            structs[r + CLIENT] = client;
            structs[r + CLOCK] = clock;
            structs[r + INFO] = info;
            structs[r + ORIGIN_CLIENT] = -1;
            structs[r + RIGHT_CLIENT] = -1;
            long len = ref == Refs.GC ? in.readVarUint() : item(r, info, ref);
            if (len == 0) {
                throw new DecodeException("struct of no length");
            }
            structs[r + LEN] = len;
            structCount++;
            return checkedEnd(clock, len);
        }

        private static long checkedEnd(long clock, long len) {
            if (clock + len > Decoder.MAX_SAFE_INTEGER) {
                throw new DecodeException("clock beyond 2^53 - 1");
            }
            return clock + len;
        }

        private long item(int r, int info, int ref) {
            if ((info & Refs.ORIGIN) != 0) {
                id(r, ORIGIN_CLIENT);
            }
            if ((info & Refs.RIGHT_ORIGIN) != 0) {
                id(r, RIGHT_CLIENT);
            }
            if ((info & (Refs.ORIGIN | Refs.RIGHT_ORIGIN)) == 0) {
                int from = in.position();
                if (in.readVarUint() == 1) {
                    in.skipVarString();
                } else {
                    long parent = in.readVarUint();
                    checkPast(r, parent, in.readVarUint());
                }
                if ((info & Refs.PARENT_SUB) != 0) {
                    in.skipVarString();
                }
                structs[r + ORIGIN_CLOCK] = section(from, in.position());
            }
            return content(r, ref);
        }

        private void id(int r, int column) {
            long client = in.readVarUint();
            long clock = in.readVarUint();
            checkPast(r, client, clock);
            structs[r + column] = client;
            structs[r + column + 1] = clock;
        }

        /** A client knows only its own past: naming its own present or future makes Yjs fail where it integrates. */
        private void checkPast(int r, long client, long clock) {
            if (client == structs[r + CLIENT] && clock >= structs[r + CLOCK]) {
                throw new DecodeException("item names itself or a later item of its client");
            }
            if (clock >= Decoder.MAX_SAFE_INTEGER) {
                throw new DecodeException("clock beyond 2^53 - 1");
            }
        }

        private long content(int r, int ref) {
            int from = in.position();
            long len = 1;
            switch (ref) {
                case Refs.DELETED -> {
                    return in.readVarUint();
                }
                case Refs.STRING -> {
                    int n = in.readLength();
                    from = in.position();
                    in.skip(n);
                    len = Utf8.length16(bytes, from, from + n);
                }
                case Refs.ANY, Refs.JSON -> {
                    int count = in.readCount(1);
                    from = in.position();
                    Content.skip(in, ref, count, limits.maxValueDepth());
                    len = count;
                }
                case Refs.BINARY -> in.skip(in.readLength());
                case Refs.EMBED -> json();
                case Refs.FORMAT -> {
                    in.skipVarString();
                    json();
                }
                case Refs.TYPE -> {
                    long type = in.readVarUint();
                    if (type > 6) {
                        throw new DecodeException("unknown type " + type);
                    }
                    if (type == 3 || type == 5) {
                        in.skipVarString();
                    }
                }
                case Refs.DOC -> {
                    in.skipVarString();
                    int tag = in.hasRemaining() ? bytes[in.position()] : 0;
                    if (tag == 127 || tag == 126) {
                        throw new DecodeException("subdocument without options");
                    }
                    Any.skip(in, limits.maxValueDepth());
                }
                default -> throw new DecodeException("unknown content " + ref);
            }
            structs[r + CONTENT] = section(from, in.position());
            return len;
        }

        private void json() {
            int n = in.readLength();
            int from = in.position();
            in.skipVarStringOf(n);
            Json.check(bytes, from, from + n, limits.maxValueDepth());
        }
    }
}
