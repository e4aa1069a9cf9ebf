package io.keck.crdt.store;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.lib0.Json;
import io.keck.crdt.lib0.Utf8;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks every byte of a V1 update once, in one pass that keeps nothing of a struct. On the way it finds how far each
 * client reaches and whether the bytes are in order: no client twice, deletes ascending, nothing of no length. Bytes
 * that are not in order are rewritten in order, so that readers of an {@link Update} may rely on it. For one update,
 * not thread-safe. Source: Yjs {@code encoding.js} {@code readClientsStructRefs}, {@code structs/*.js}.
 */
final class UpdateParser {
    /** The state of a client that has no structs in the update. */
    static final long NO_STRUCTS = -1;

    /** Longs per place: client, clock, index in the bytes. */
    static final int PLACE = 3;

    private static final long[] NOTHING = {};

    byte[] bytes;
    int structCount;
    int deletesAt;
    int deleteCount;
    /** The number of structs and deleted ranges of no length. */
    int emptyCount;

    int clients;
    /** The first client, and the clock that it reaches from 0 without a gap, or {@link #NO_STRUCTS}. */
    long client0;

    long state0;
    /** If there are several clients: the client and the clock that it reaches, for each of them. */
    long[] states = NOTHING;

    private final DecodeLimits limits;
    private final Decoder in;
    private final PlainStructs plain;
    /** The store that receives all structs that are read, or null. */
    private @Nullable StructStore into;
    /** The structs of the current client in that store. */
    private @Nullable ClientStructs loading;

    private boolean skims;

    private long client;
    private long clock;
    private int types;
    /** Whether the item read last names itself or a later item of its client. */
    private boolean namesFuture;

    private boolean structsInOrder = true;
    private boolean deletesInOrder = true;
    private long deleter = -1;
    private long deletedTo;
    private boolean deletersDescend = true;

    UpdateParser(byte[] bytes, DecodeLimits limits) {
        if (bytes.length > limits.maxBytes()) {
            throw new DecodeException("update of more than " + limits.maxBytes() + " bytes");
        }
        this.bytes = bytes;
        this.limits = limits;
        this.in = new Decoder(bytes);
        this.plain = new PlainStructs(bytes);
    }

    /** Checks an update and loads its structs into an empty store on the way. */
    static UpdateParser parse(byte[] bytes, DecodeLimits limits, StructStore into) {
        UpdateParser parser = new UpdateParser(bytes, limits);
        parser.into = into;
        parser.parse();
        return parser;
    }

    /** The state vector of the structs that were read. */
    StateVector stateVector() {
        return stateVector(clients, client0, state0, states);
    }

    /**
     * Builds a state vector: of one client from {@code client0} and {@code state0}, of several from the pairs in
     * {@code states}.
     */
    static StateVector stateVector(int clients, long client0, long state0, long[] states) {
        Map<Long, Long> clocks = new HashMap<>();
        for (int i = 0; i < clients; i++) {
            long state = clients == 1 ? state0 : states[2 * i + 1];
            if (state > 0) {
                clocks.put(clients == 1 ? client0 : states[2 * i], state);
            }
        }
        return StateVector.of(clocks);
    }

    /** Whether the store has received all structs, and the deletes are in order. */
    boolean isLoaded() {
        return into != null && structsInOrder && deletesInOrder;
    }

    /**
     * Finds how far each client reaches and does no more than that takes: ids of usual structs are skipped and deletes
     * are not read.
     *
     * @return false if the clients are not in order, so that the update has to be parsed
     */
    boolean skim() {
        skims = true;
        structs();
        return structsInOrder;
    }

    UpdateParser parse() {
        structs();
        deletesAt = in.position();
        emptyCount += DeleteSet.decode(in, this::delete);
        if (in.hasRemaining()) {
            throw new DecodeException("bytes after the update");
        }
        if (emptyCount > 0) {
            structsInOrder = false;
            become(new UpdateParser(EmptyStructs.leaveOut(bytes, deletesAt), DecodeLimits.OWN).parse());
        } else {
            deletesInOrder &= deletersDescend || isEveryDeleterOnce();
            if (!structsInOrder || !deletesInOrder) {
                putInOrder();
            }
        }
        if (types > limits.maxTypeDepth()) {
            TypeDepth.check(new StructRows(bytes, structCount), limits.maxTypeDepth());
        }
        return this;
    }

    private void structs() {
        clients = in.readCount(3);
        if (clients > limits.maxClients()) {
            throw new DecodeException("more than " + limits.maxClients() + " clients");
        }
        if (clients > 1) {
            states = new long[2 * clients];
        }
        boolean descending = true;
        for (int i = 0; i < clients; i++) {
            int count = in.readCount(2);
            long before = client;
            client = in.readVarUint();
            descending &= i == 0 || client < before;
            structsInOrder &= count > 0;
            long state = block(count);
            if (clients > 1) {
                states[2 * i] = client;
                states[2 * i + 1] = state;
            }
            if (i == 0) {
                client0 = client;
                state0 = state;
            }
        }
        structsInOrder &= descending || isEveryClientOnce();
    }

    private boolean isEveryClientOnce() {
        Set<Long> seen = new HashSet<>();
        for (int i = 0; i < states.length; i += 2) {
            if (!seen.add(states[i])) {
                return false;
            }
        }
        return true;
    }

    // ---- structs

    /** Checks the structs of a client; returns the clock that they reach from 0 without a gap. */
    private long block(int count) {
        clock = in.readVarUint();
        long state = clock == 0 ? 0 : NO_STRUCTS;
        boolean whole = clock == 0;
        int before = structCount;
        plain.of(client);
        if (into != null) {
            loading = into.load(client, count, bytes);
            into = loading == null ? null : into;
        }
        for (int k = 0; k < count; k++) {
            k += plain(Math.min(count - k, limits.maxStructs() - structCount));
            if (k == count) {
                break;
            }
            int start = in.position();
            int info = in.readUint8();
            int ref = info & Refs.MASK;
            if (ref == Refs.SKIP) {
                long length = in.readVarUint();
                if (length == 0) {
                    empty();
                }
                state = whole ? clock : state;
                whole &= length == 0;
                clock = checkedEnd(clock, length);
                continue;
            }
            if (structCount == limits.maxStructs()) {
                throw new DecodeException("more than " + limits.maxStructs() + " structs");
            }
            long length = ref == Refs.GC ? in.readVarUint() : item(info, ref);
            if (length == 0) {
                empty();
                continue;
            }
            if (namesFuture) {
                throw new DecodeException("item names itself or a later item of its client");
            }
            structCount++;
            long end = checkedEnd(clock, length);
            if (into != null && loading != null) {
                into.load(loading, bytes, start, clock);
            }
            clock = end;
        }
        if (loading != null) {
            loading.trim();
        }
        if (structCount == before) {
            return NO_STRUCTS;
        }
        return whole ? clock : Math.max(state, 0);
    }

    /** Counts a struct that holds no clock; it is left out once the whole update was read. */
    private void empty() {
        emptyCount++;
        namesFuture = false;
        structsInOrder = false;
    }

    /** Checks structs of the usual form up to the first of another form; returns their number. */
    private int plain(int most) {
        plain.position = in.position();
        plain.clock = clock;
        int done = skims
                ? plain.skim(most)
                : into == null || loading == null ? plain.check(most) : into.load(loading, plain, most);
        if (done > 0) {
            in.position(plain.position);
            clock = checkedEnd(plain.clock, 0);
            structCount += done;
        }
        return done;
    }

    private static long checkedEnd(long clock, long length) {
        if (clock + length > Decoder.MAX_SAFE_INTEGER) {
            throw new DecodeException("clock beyond 2^53 - 1");
        }
        return clock + length;
    }

    private long item(int info, int ref) {
        if ((info & Refs.ORIGIN) != 0) {
            checkPast(in.readVarUint(), in.readVarUint());
        }
        if ((info & Refs.RIGHT_ORIGIN) != 0) {
            checkPast(in.readVarUint(), in.readVarUint());
        }
        if ((info & (Refs.ORIGIN | Refs.RIGHT_ORIGIN)) == 0) {
            if (in.readVarUint() == 1) {
                in.skipVarString();
            } else {
                checkPast(in.readVarUint(), in.readVarUint());
            }
            if ((info & Refs.PARENT_SUB) != 0) {
                in.skipVarString();
            }
        }
        return ref == Refs.STRING ? string() : ref == Refs.DELETED ? in.readVarUint() : content(ref);
    }

    /**
     * Notes an id of the client's own present or future: a client knows only its own past, and such an item makes Yjs
     * fail when it integrates it.
     */
    private void checkPast(long of, long at) {
        namesFuture |= of == client && at >= clock;
        if (at >= Decoder.MAX_SAFE_INTEGER) {
            throw new DecodeException("clock beyond 2^53 - 1");
        }
    }

    private int string() {
        int n = in.readLength();
        int from = in.position();
        in.skip(n);
        return Utf8.length16(bytes, from, from + n);
    }

    private int content(int ref) {
        switch (ref) {
            case Refs.ANY, Refs.JSON -> {
                int count = in.readCount(1);
                Content.skip(in, ref, count, limits.maxValueDepth());
                return count;
            }
            case Refs.BINARY -> in.skip(in.readLength());
            case Refs.EMBED -> json();
            case Refs.FORMAT -> {
                in.skipVarString();
                json();
            }
            case Refs.TYPE -> {
                types++;
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
        return 1;
    }

    private void json() {
        int n = in.readLength();
        int from = in.position();
        in.skipVarStringOf(n);
        Json.check(bytes, from, from + n, limits.maxValueDepth());
    }

    // ---- deletes

    private void delete(long of, long from, long to) {
        if (of == deleter) {
            deletesInOrder &= from >= deletedTo;
        } else {
            deletersDescend &= deleteCount == 0 || of < deleter;
            deleter = of;
        }
        deletedTo = to;
        deleteCount++;
    }

    private boolean isEveryDeleterOnce() {
        Set<Long> seen = new HashSet<>();
        long[] rows = deleteRows(bytes, deletesAt, deleteCount);
        for (int r = 0; r < rows.length; r += Update.DELETE_ROW) {
            boolean begins = r == 0 || rows[r - Update.DELETE_ROW] != rows[r];
            if (begins && !seen.add(rows[r])) {
                return false;
            }
        }
        return true;
    }

    // ---- order

    /** The places of all structs: client, clock, index in the bytes. */
    private long[] places() {
        long[] places = new long[structCount * PLACE];
        StructReader in = new StructReader();
        in.structs(bytes);
        for (int r = 0; r < places.length && in.next(); r += PLACE) {
            places[r] = in.client;
            places[r + 1] = in.clock;
            places[r + 2] = in.start;
        }
        return places;
    }

    /** The deletes as rows of {@value Update#DELETE_ROW} longs. */
    static long[] deleteRows(byte[] bytes, int deletesAt, int deleteCount) {
        long[] rows = new long[deleteCount * Update.DELETE_ROW];
        StructReader in = new StructReader();
        in.deletes(bytes, deletesAt);
        for (int r = 0; r < rows.length && in.nextDelete(); r += Update.DELETE_ROW) {
            rows[r] = in.client;
            rows[r + 1] = in.clock;
            rows[r + 2] = in.end;
        }
        return rows;
    }

    /** Rewrites the update with structs by client and clock, and deletes ascending and disjoint. */
    private void putInOrder() {
        long[] sortedDeletes = sorted(deleteRows(bytes, deletesAt, deleteCount), deleteCount, Update.DELETE_ROW);
        byte[] ordered;
        if (structsInOrder) {
            Encoder out = new Encoder(bytes.length + 16);
            out.writeBytes(bytes, 0, deletesAt);
            DeleteSet deletes = new DeleteSet();
            for (int r = 0; r < sortedDeletes.length; r += Update.DELETE_ROW) {
                deletes.add(sortedDeletes[r], sortedDeletes[r + 1], sortedDeletes[r + 2]);
            }
            deletes.encode(out);
            ordered = out.toByteArray();
        } else {
            ordered = OrderedUpdate.encode(bytes, sorted(places(), structCount, PLACE), sortedDeletes);
        }
        become(new UpdateParser(ordered, DecodeLimits.OWN).parse());
    }

    private void become(UpdateParser again) {
        bytes = again.bytes;
        structCount = again.structCount;
        deletesAt = again.deletesAt;
        deleteCount = again.deleteCount;
        clients = again.clients;
        client0 = again.client0;
        state0 = again.state0;
        states = again.states;
    }

    /** Sorts rows by client, then by clock; the sort is stable. */
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
}
