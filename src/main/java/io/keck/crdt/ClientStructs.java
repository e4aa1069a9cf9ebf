package io.keck.crdt;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * All structs of one client, as columns: run {@code i} holds the clocks {@code [clock(i), clock(i + 1))}, and the last
 * one ends at {@link #end}. A gap is a run of kind Skip. A run of text is a section of one text buffer, so typing at its
 * end moves nothing and makes no object; other content stays in wire form in one byte buffer. Whether a clock is
 * deleted stands in {@link #deletes} alone: a deletion never splits a run, {@link #write} does when it encodes. Not
 * thread-safe.
 */
final class ClientStructs {
    private static final byte[] NO_BYTES = {};

    final long client;
    /** The deleted clocks, structs known or not. */
    final Ranges deletes = new Ranges();

    private int n;
    private long end;
    /** The first gap, or n: everything before it is there. */
    private int firstSkip;

    private byte[] info = NO_BYTES;
    private long[] clock = {};
    private long[] originClient = {};
    /** Without any origin: the section of the parent info in {@link #raw}. */
    private long[] originClock = {};

    private long[] rightClient = {};
    private long[] rightClock = {};
    /** Start in {@link #text}, or section of {@link #raw}. */
    private long[] content = {};

    private @Nullable TextBuffer text;
    private byte[] raw = NO_BYTES;
    private int rawLength;

    ClientStructs(long client) {
        this.client = client;
    }

    /** The clock after the last struct, gaps not minded. */
    long end() {
        return end;
    }

    /** The clock up to which nothing is missing. */
    long state() {
        return firstSkip < n ? clock[firstSkip] : end;
    }

    private long clockAfter(int i) {
        return i + 1 < n ? clock[i + 1] : end;
    }

    private int ref(int i) {
        return info[i] & Refs.MASK;
    }

    /** The run that holds {@code at}, which must be below {@link #end}. */
    private int find(long at) {
        int lo = 0;
        int hi = n - 1;
        while (lo < hi) {
            int mid = (lo + hi + 1) >>> 1;
            if (clock[mid] <= at) {
                lo = mid;
            } else {
                hi = mid - 1;
            }
        }
        return lo;
    }

    /** The first clock of {@code [from, to)} that is missing here; {@code to} if none is. */
    long firstMissing(long from, long to) {
        if (from >= to || from >= end) {
            return Math.min(from, to);
        }
        if (firstSkip < n) {
            for (int i = find(from); i < n && clock[i] < to; i++) {
                if (ref(i) == Refs.SKIP) {
                    return Math.max(from, clock[i]);
                }
            }
        }
        return Math.min(end, to);
    }

    /** The first clock of {@code [from, to)} that is here, {@code from} being missing; {@code to} if none is. */
    long firstPresent(long from, long to) {
        if (from < end) {
            for (int i = find(from); i < n && clock[i] < to; i++) {
                if (ref(i) != Refs.SKIP) {
                    return Math.max(from, clock[i]);
                }
            }
        }
        return to;
    }

    /** Takes the clocks {@code [from, to)} of a row of an update; none of them is here yet. */
    void insert(Update u, int row, long from, long to, Content.Cursor cursor) {
        if (from >= end) {
            boolean complete = firstSkip == n && from == end;
            append(u, row, from, to, cursor);
            if (complete) {
                firstSkip = n;
            }
            return;
        }
        int gap = find(from);
        long gapEnd = clockAfter(gap);
        int at = gap;
        if (clock[gap] < from) {
            at++;
        } else {
            remove(gap);
        }
        put(at, u, row, from, to, cursor);
        if (to < gapEnd) {
            putSkip(at + 1, to);
        }
        firstSkip = Math.min(firstSkip, gap);
        while (firstSkip < n && ref(firstSkip) != Refs.SKIP) {
            firstSkip++;
        }
    }

    /** Sections of rows of an update, ascending, disjoint. */
    static final class Parts {
        private long[] columns = new long[12];
        private int size;

        int size() {
            return size;
        }

        int row(int i) {
            return (int) columns[3 * i];
        }

        long from(int i) {
            return columns[3 * i + 1];
        }

        long to(int i) {
            return columns[3 * i + 2];
        }

        private void add(int row, long from, long to) {
            if (3 * size == columns.length) {
                columns = Arrays.copyOf(columns, 2 * columns.length);
            }
            columns[3 * size] = row;
            columns[3 * size + 1] = from;
            columns[3 * size + 2] = to;
            size++;
        }
    }

    /** Adds to {@code known} what of {@code [from, to)} of a row is neither here nor in it. */
    @Nullable
    Parts missing(int row, long from, long to, @Nullable Parts known) {
        Parts parts = known;
        long start = parts == null ? from : Math.max(from, parts.to(parts.size - 1));
        long at = firstMissing(start, to);
        while (at < to) {
            long stop = firstPresent(at, to);
            parts = parts == null ? new Parts() : parts;
            parts.add(row, at, stop);
            at = firstMissing(stop, to);
        }
        return parts;
    }

    /** Takes many parts in one pass over all runs. */
    void insertAll(Update u, Parts parts, Content.Cursor cursor) {
        ClientStructs old = new ClientStructs(client);
        old.takeColumns(this);
        n = 0;
        end = 0;
        resize(old.n + 2 * parts.size + 1);
        int p = 0;
        for (int i = 0; i < old.n; i++) {
            if (old.ref(i) == Refs.SKIP) {
                continue;
            }
            for (; p < parts.size && parts.from(p) < old.clock[i]; p++) {
                append(u, parts.row(p), parts.from(p), parts.to(p), cursor);
            }
            append(old, i);
        }
        for (; p < parts.size; p++) {
            append(u, parts.row(p), parts.from(p), parts.to(p), cursor);
        }
        firstSkip = 0;
        while (firstSkip < n && ref(firstSkip) != Refs.SKIP) {
            firstSkip++;
        }
    }

    private void append(Update u, int row, long from, long to, Content.Cursor cursor) {
        if (from > end) {
            putSkip(n, end);
        }
        if (n == 0 || !grow(n - 1, u, row, from, to, cursor)) {
            put(n, u, row, from, to, cursor);
        }
        end = to;
    }

    private void append(ClientStructs old, int i) {
        if (old.clock[i] > end) {
            putSkip(n, end);
        }
        openRow(n, old.clock[i]);
        info[n - 1] = old.info[i];
        originClient[n - 1] = old.originClient[i];
        originClock[n - 1] = old.originClock[i];
        rightClient[n - 1] = old.rightClient[i];
        rightClock[n - 1] = old.rightClock[i];
        content[n - 1] = old.content[i];
        end = old.clockAfter(i);
    }

    /** The rows of another, whose content stays where it is. */
    private void takeColumns(ClientStructs from) {
        n = from.n;
        end = from.end;
        info = from.info;
        clock = from.clock;
        originClient = from.originClient;
        originClock = from.originClock;
        rightClient = from.rightClient;
        rightClock = from.rightClock;
        content = from.content;
    }

    /**
     * Marks ranges as deleted.
     *
     * @return how many clocks are here and were not deleted before; gaps hold nothing and do not count
     */
    long delete(Ranges ranges) {
        long held = 0;
        for (int i = 0; i < ranges.size(); i++) {
            long at = ranges.from(i);
            long to = ranges.to(i);
            for (int d = deletes.firstEndingAfter(at); d < deletes.size() && deletes.from(d) < to; d++) {
                held += held(at, deletes.from(d));
                at = deletes.to(d);
            }
            held += held(at, to);
        }
        deletes.addAll(ranges);
        return held;
    }

    /** How many clocks of {@code [from, to)} are here. */
    private long held(long from, long to) {
        long held = 0;
        if (from < to && from < end) {
            for (int i = find(from); i < n && clock[i] < to; i++) {
                if (ref(i) != Refs.SKIP) {
                    held += Math.min(to, clockAfter(i)) - Math.max(from, clock[i]);
                }
            }
        }
        return held;
    }

    /** Lets the last run, i, grow by what follows it, where Yjs would squash the two. */
    private boolean grow(int i, Update u, int row, long from, long to, Content.Cursor cursor) {
        long[] s = u.structs;
        int r = row * Update.ROW;
        int flags = (int) s[r + Update.INFO];
        int ref = flags & Refs.MASK;
        if (ref(i) != ref || clockAfter(i) != from) {
            return false;
        }
        if (ref == Refs.GC) {
            return true;
        }
        boolean sameStruct = from > s[r + Update.CLOCK];
        boolean follows =
                sameStruct || (s[r + Update.ORIGIN_CLIENT] == client && s[r + Update.ORIGIN_CLOCK] == from - 1);
        if (!follows
                || !Refs.squashes(ref)
                || rightClient[i] != s[r + Update.RIGHT_CLIENT]
                || rightClock[i] != s[r + Update.RIGHT_CLOCK]
                || ((info[i] | flags) & Refs.PARENT_SUB) != 0) {
            return false;
        }
        if (ref == Refs.STRING) {
            if (content[i] + (from - clock[i]) != text().length()) {
                return false;
            }
            copyContent(u, row, from, to, cursor);
        } else if (ref != Refs.DELETED) {
            if (Update.to(content[i]) != rawLength) {
                return false;
            }
            content[i] = section(Update.from(content[i]), Update.to(copyContent(u, row, from, to, cursor)));
        }
        return true;
    }

    private void put(int at, Update u, int row, long from, long to, Content.Cursor cursor) {
        long[] s = u.structs;
        int r = row * Update.ROW;
        int flags = (int) s[r + Update.INFO];
        openRow(at, from);
        if ((flags & Refs.MASK) == Refs.GC) {
            info[at] = Refs.GC;
            return;
        }
        if (from > s[r + Update.CLOCK]) { // the rest of a struct: its origin is the clock before
            flags |= Refs.ORIGIN;
            originClient[at] = client;
            originClock[at] = from - 1;
        } else if ((flags & (Refs.ORIGIN | Refs.RIGHT_ORIGIN)) == 0) {
            long parent = s[r + Update.ORIGIN_CLOCK];
            originClock[at] = appendRaw(u.bytes, Update.from(parent), Update.to(parent));
        } else {
            originClient[at] = s[r + Update.ORIGIN_CLIENT];
            originClock[at] = s[r + Update.ORIGIN_CLOCK];
        }
        rightClient[at] = s[r + Update.RIGHT_CLIENT];
        rightClock[at] = s[r + Update.RIGHT_CLOCK];
        info[at] = (byte) flags;
        content[at] = copyContent(u, row, from, to, cursor);
    }

    /** Takes over content; says where it went, as {@link #content} keeps it. */
    private long copyContent(Update u, int row, long from, long to, Content.Cursor cursor) {
        long[] s = u.structs;
        int r = row * Update.ROW;
        int ref = (int) s[r + Update.INFO] & Refs.MASK;
        int start = Update.from(s[r + Update.CONTENT]);
        int stop = Update.to(s[r + Update.CONTENT]);
        long len = s[r + Update.LEN];
        long first = from - s[r + Update.CLOCK];
        long last = to - s[r + Update.CLOCK];
        if (ref == Refs.DELETED) {
            return 0;
        }
        if (ref == Refs.STRING) {
            TextBuffer buffer = text();
            int at = buffer.length();
            cursor.at(row, start, first);
            buffer.append(u.bytes, start, stop, (int) len, (int) first, (int) last, cursor);
            return at;
        }
        if (first == 0 && last == len) {
            return appendRaw(u.bytes, start, stop);
        }
        cursor.at(row, start, first);
        long part = Content.elements(u.bytes, stop, ref, first, last, cursor);
        return appendRaw(u.bytes, Update.from(part), Update.to(part));
    }

    private TextBuffer text() {
        if (text == null) {
            text = new TextBuffer();
        }
        return text;
    }

    private long appendRaw(byte[] b, int from, int to) {
        int start = rawLength;
        int need = Math.addExact(start, to - from);
        if (need > raw.length) {
            raw = Arrays.copyOf(raw, Math.max(need, start + (start >> 1)));
        }
        System.arraycopy(b, from, raw, start, to - from);
        rawLength = need;
        return section(start, need);
    }

    private static long section(int from, int to) {
        return (long) from << 32 | to;
    }

    private void putSkip(int at, long from) {
        openRow(at, from);
        info[at] = Refs.SKIP;
    }

    private void openRow(int at, long from) {
        if (n == info.length) {
            resize(n + (n >> 1) + 1);
        }
        if (at < n) {
            move(at, at + 1);
        }
        n++;
        clock[at] = from;
        originClient[at] = -1;
        originClock[at] = 0;
        rightClient[at] = -1;
        rightClock[at] = 0;
        content[at] = 0;
    }

    private void remove(int at) {
        move(at + 1, at);
        n--;
    }

    private void move(int from, int to) {
        int count = n - from;
        System.arraycopy(info, from, info, to, count);
        System.arraycopy(clock, from, clock, to, count);
        System.arraycopy(originClient, from, originClient, to, count);
        System.arraycopy(originClock, from, originClock, to, count);
        System.arraycopy(rightClient, from, rightClient, to, count);
        System.arraycopy(rightClock, from, rightClock, to, count);
        System.arraycopy(content, from, content, to, count);
    }

    private void resize(int size) {
        info = Arrays.copyOf(info, size);
        clock = Arrays.copyOf(clock, size);
        originClient = Arrays.copyOf(originClient, size);
        originClock = Arrays.copyOf(originClock, size);
        rightClient = Arrays.copyOf(rightClient, size);
        rightClock = Arrays.copyOf(rightClock, size);
        content = Arrays.copyOf(content, size);
    }

    /**
     * Writes every struct from that clock on.
     *
     * @param keepDeleted whether deleted items keep their content; else they are written as ContentDeleted
     */
    void write(StructWriter w, long from, boolean keepDeleted) {
        if (from >= end) {
            return;
        }
        int d = deletes.firstEndingAfter(from);
        for (int i = find(from); i < n; i++) {
            long at = Math.max(from, clock[i]);
            long stop = clockAfter(i);
            int ref = ref(i);
            if (ref == Refs.GC) {
                w.gc(at, stop);
                continue;
            }
            while (ref != Refs.SKIP && at < stop) {
                while (d < deletes.size() && deletes.to(d) <= at) {
                    d++;
                }
                boolean none = keepDeleted || d == deletes.size();
                boolean deleted = !none && deletes.from(d) <= at;
                long to = none ? stop : Math.min(stop, deleted ? deletes.to(d) : deletes.from(d));
                item(w, i, at, to, deleted);
                at = to;
            }
        }
    }

    private void item(StructWriter w, int i, long from, long to, boolean deleted) {
        int ref = deleted ? Refs.DELETED : ref(i);
        int flags = (info[i] & 0xff & ~Refs.MASK) | ref;
        if (from > clock[i]) {
            w.item(flags | Refs.ORIGIN, from, to, client, from - 1, rightClient[i], rightClock[i]);
        } else {
            w.item(flags, from, to, originClient[i], originClock[i], rightClient[i], rightClock[i]);
            if (originClient[i] == -1 && rightClient[i] == -1) {
                w.parent(raw, Update.from(originClock[i]), Update.to(originClock[i]));
            }
        }
        if (ref == Refs.DELETED) {
            return;
        }
        int first = (int) (from - clock[i]);
        int last = (int) (to - clock[i]);
        if (ref == Refs.STRING) {
            text().write((int) content[i] + first, (int) content[i] + last, w.content);
        } else {
            long part = content[i];
            if (Refs.squashes(ref)) {
                w.cursor.at(i, Update.from(part), first);
                part = Content.elements(raw, Update.to(part), ref, first, last, w.cursor);
            }
            w.content.writeBytes(raw, Update.from(part), Update.to(part));
        }
    }

    /** Bytes on the heap, estimated. */
    long memory() {
        long rows = 49L * info.length + 7 * 16;
        return 120 + rows + raw.length + deletes.memory() + (text == null ? 0 : text.memory());
    }
}
