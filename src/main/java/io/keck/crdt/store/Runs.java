package io.keck.crdt.store;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The runs of one client in columns, without an object per run: an info byte and four numbers. The numbers are ints
 * while all of them are below 2^31, longs from then on; clients are stored only once a run names a client other than
 * its own, as numbers of {@link ClientIds}. A run thus takes 17 bytes in a document of one writer and 25 in one of
 * several. Not thread-safe.
 */
final class Runs {
    private static final byte[] NO_BYTES = {};
    private static final int[] NO_INTS = {};
    private static final int FEW = 64;

    /** Numbers per run. */
    static final int ROW = 4;

    /** Flag of an info byte in memory, not on the wire: the run is in a list; see {@link Parentage}. */
    static final int LIST = 0x10;

    private static final int REF = 0x0f;
    private static final int PARENTAGE = LIST | Refs.PARENT_SUB;

    static final int CLOCK = 0;
    static final int ORIGIN = 1;
    static final int RIGHT = 2;
    static final int CONTENT = 3;

    private final ClientIds ids;
    /** The number of the client that these runs belong to. */
    private final int self;

    private final long own;

    private int n;
    /** Whether some run has the flag of a key or was found to be under one. */
    private boolean keys;

    private byte[] info = NO_BYTES;
    private int[] rows = NO_INTS;
    /** The rows once a number exceeds an int; {@link #rows} is empty then. */
    private long @Nullable [] wide;
    /** The clients of origin and right origin, two numbers per run; null while all of them are this client. */
    private int @Nullable [] clients;

    Runs(ClientIds ids, int self) {
        this.ids = ids;
        this.self = self;
        this.own = ids.id(self);
    }

    int size() {
        return n;
    }

    /** Whether all numbers are ints and all origins are of this client. */
    boolean isPlain() {
        return wide == null && clients == null;
    }

    /**
     * The info bytes, with unused capacity after them. For callers that append many plain runs; valid until the
     * capacity changes.
     */
    byte[] infos() {
        return info;
    }

    /** The numbers of plain runs, {@value #ROW} each, under the same conditions as {@link #infos}. */
    int[] rows() {
        return rows;
    }

    /** Writes a plain run into {@link #rows}. */
    static void write(int[] rows, int run, int clock, int origin, int right, int content) {
        int at = ROW * run;
        rows[at + CLOCK] = clock;
        rows[at + ORIGIN] = origin;
        rows[at + RIGHT] = right;
        rows[at + CONTENT] = content;
    }

    /** The number of runs that can be added before the capacity changes. */
    int room() {
        return info.length - n;
    }

    /** Sets the number of runs after some were written to {@link #infos} and {@link #rows}. */
    void size(int size) {
        n = size;
    }

    /** The info byte as on the wire; with the flag of a key if the run was found to be under one. */
    int info(int i) {
        int byteHere = info[i];
        return byteHere & ((byteHere & LIST) == 0 ? 0xff : 0xff & ~PARENTAGE);
    }

    /** Whether the run is in a list or under a key, as a constant of {@link Parentage}; 0 while undetermined. */
    int parentage(int i) {
        int known = info[i] & PARENTAGE;
        boolean isRoot = (info[i] & (Refs.ORIGIN | Refs.RIGHT_ORIGIN)) == 0; // true for a GC as well
        return known == 0 && isRoot ? LIST : known;
    }

    void parentage(int i, int value) {
        info[i] = (byte) ((info[i] & ~PARENTAGE) | value);
        keys |= value == Refs.PARENT_SUB;
    }

    void forgetUnknown() {
        for (int i = 0; i < n; i++) {
            if ((info[i] & PARENTAGE) == PARENTAGE) {
                info[i] = (byte) (info[i] & ~PARENTAGE);
            }
        }
    }

    /** Whether some run has the flag of a key or was found to be under one. */
    boolean hasKeys() {
        return keys;
    }

    int ref(int i) {
        return info[i] & REF;
    }

    boolean has(int i, int flag) {
        return (info[i] & flag) != 0;
    }

    long clock(int i) {
        return wide == null ? rows[ROW * i] : wide[ROW * i];
    }

    /** Clock of the left origin; for an item with neither origin, the index of its parent info. */
    long origin(int i) {
        return cell(i, ORIGIN);
    }

    long right(int i) {
        return cell(i, RIGHT);
    }

    /** The index of the content, in the text or the raw bytes of {@link ClientStructs}. */
    int content(int i) {
        return (int) cell(i, CONTENT);
    }

    private long cell(int i, int column) {
        return wide == null ? rows[ROW * i + column] : wide[ROW * i + column];
    }

    /** Client of the left origin, of a run that has one. */
    long originClient(int i) {
        return clients == null ? own : ids.id(clients[2 * i]);
    }

    /** Client of the right origin, of a run that has one. */
    long rightClient(int i) {
        return clients == null ? own : ids.id(clients[2 * i + 1]);
    }

    /** The index of the run that holds {@code clock}, which must be below the end of the last run. */
    int find(long clock) {
        int lo = 0;
        int hi = n - 1;
        while (lo < hi) {
            int mid = (lo + hi + 1) >>> 1;
            if (clock(mid) <= clock) {
                lo = mid;
            } else {
                hi = mid - 1;
            }
        }
        return lo;
    }

    /** Inserts a run before run {@code i}; its origins are of this client unless {@link #clients} sets others. */
    void add(int i, int infoByte, long clock, long origin, long right, int content) {
        if (n == info.length) {
            resize(n + (n >> (n < FEW ? 1 : 3)) + 1);
        }
        if (i < n) {
            move(i, i + 1);
        }
        n++;
        info[i] = (byte) infoByte;
        keys |= (infoByte & PARENTAGE) == Refs.PARENT_SUB;
        if (wide == null && Math.max(clock, Math.max(origin, right)) > Integer.MAX_VALUE) {
            widen();
        }
        int at = ROW * i;
        if (wide == null) {
            write(rows, i, (int) clock, (int) origin, (int) right, content);
        } else {
            wide[at + CLOCK] = clock;
            wide[at + ORIGIN] = origin;
            wide[at + RIGHT] = right;
            wide[at + CONTENT] = content;
        }
        if (clients != null) {
            clients[2 * i] = self;
            clients[2 * i + 1] = self;
        }
    }

    /** Sets the clients of a run's origins; -1 for an origin that it does not have. */
    void clients(int i, long originClient, long rightClient) {
        if (clients == null) {
            if ((originClient < 0 || originClient == own) && (rightClient < 0 || rightClient == own)) {
                return;
            }
            clients = new int[2 * info.length];
            Arrays.fill(clients, self);
        }
        clients[2 * i] = originClient < 0 || originClient == own ? self : ids.number(originClient);
        clients[2 * i + 1] = rightClient < 0 || rightClient == own ? self : ids.number(rightClient);
    }

    /** Appends run {@code i} of another list of the same client. */
    void add(Runs from, int i) {
        add(n, from.info[i], from.clock(i), from.origin(i), from.right(i), from.content(i));
        if (from.clients != null) {
            clients(n - 1, from.originClient(i), from.rightClient(i));
        }
    }

    void remove(int i) {
        move(i + 1, i);
        n--;
    }

    private void widen() {
        long[] all = new long[rows.length];
        for (int i = 0; i < ROW * n; i++) {
            all[i] = rows[i];
        }
        wide = all;
        rows = NO_INTS;
    }

    private void move(int from, int to) {
        int count = n - from;
        System.arraycopy(info, from, info, to, count);
        if (wide == null) {
            System.arraycopy(rows, ROW * from, rows, ROW * to, ROW * count);
        } else {
            System.arraycopy(wide, ROW * from, wide, ROW * to, ROW * count);
        }
        if (clients != null) {
            System.arraycopy(clients, 2 * from, clients, 2 * to, 2 * count);
        }
    }

    /** Makes room for {@code more} runs. */
    void reserve(int more) {
        if (info.length < n + more) {
            resize(n + more);
        }
    }

    /** Releases unused capacity if it is large. */
    void trim() {
        if (info.length - n > n / 8 + 8) {
            resize(n);
        }
    }

    private void resize(int size) {
        info = Arrays.copyOf(info, size);
        if (wide == null) {
            rows = Arrays.copyOf(rows, Math.multiplyExact(ROW, size));
        } else {
            wide = Arrays.copyOf(wide, Math.multiplyExact(ROW, size));
        }
        if (clients != null) {
            clients = Arrays.copyOf(clients, 2 * size);
        }
    }

    /** Bytes on the heap. */
    long memory() {
        return 56
                + (info.length == 0 ? 0 : Heap.array(info.length))
                + (rows.length == 0 ? 0 : Heap.array(4L * rows.length))
                + (wide == null ? 0 : Heap.array(8L * wide.length))
                + (clients == null ? 0 : Heap.array(4L * clients.length));
    }
}
