package io.keck.crdt.store;

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

    private final ClientIds ids;
    private final int self;
    private final @Nullable Parentage parentage;

    private Runs runs;
    private long end;
    /** The first gap, or the number of runs: everything before it is there. */
    private int firstSkip;

    private @Nullable TextBuffer text;
    private byte[] raw = NO_BYTES;
    private int rawLength;
    /** Where what was appended last to {@link #raw} begins. */
    private int rawTail = -1;

    /**
     * No structs.
     *
     * @param self the client's number in {@code ids}
     * @param parentage that of the store; null where nothing is joined
     */
    ClientStructs(ClientIds ids, int self, @Nullable Parentage parentage) {
        this.parentage = parentage;
        this.ids = ids;
        this.self = self;
        this.client = ids.id(self);
        this.runs = new Runs(ids, self);
    }

    int runCount() {
        return runs.size();
    }

    /** The clock after the last struct, gaps not minded. */
    long end() {
        return end;
    }

    /** The clock up to which nothing is missing. */
    long state() {
        return firstSkip < runs.size() ? runs.clock(firstSkip) : end;
    }

    private long clockAfter(int i) {
        return i + 1 < runs.size() ? runs.clock(i + 1) : end;
    }

    /** The run that holds that clock; -1 if it is missing. */
    int find(long clock) {
        if (clock >= end) {
            return -1;
        }
        int i = runs.find(clock);
        return runs.ref(i) == Refs.SKIP ? -1 : i;
    }

    int parentage(int run) {
        return runs.parentage(run);
    }

    void parentage(int run, int value) {
        runs.parentage(run, value);
    }

    void forgetUnknown() {
        runs.forgetUnknown();
    }

    /** The client of the id that says where a run stands: the left origin, or else the right one. */
    long originClient(int run) {
        return runs.has(run, Refs.ORIGIN) ? runs.originClient(run) : runs.rightClient(run);
    }

    long originClock(int run) {
        return runs.has(run, Refs.ORIGIN) ? runs.origin(run) : runs.right(run);
    }

    /**
     * Whether the last run may grow by an item that has it as its origin. Text always may, unless it is known to stand
     * under a key, where Yjs puts none: many updates that are merged say nothing of what their first item names.
     */
    private boolean joins(int i, int ref) {
        if (ref == Refs.DELETED || parentage == null) {
            return ref == Refs.DELETED;
        }
        int known = parentage.of(this, i);
        return ref == Refs.STRING ? known != Parentage.KEY : known == Parentage.LIST;
    }

    /** The first clock of {@code [from, to)} that is missing here; {@code to} if none is. */
    long firstMissing(long from, long to) {
        if (from >= to || from >= end) {
            return Math.min(from, to);
        }
        if (firstSkip < runs.size()) {
            for (int i = runs.find(from); i < runs.size() && runs.clock(i) < to; i++) {
                if (runs.ref(i) == Refs.SKIP) {
                    return Math.max(from, runs.clock(i));
                }
            }
        }
        return Math.min(end, to);
    }

    /** The first clock of {@code [from, to)} that is here, {@code from} being missing; {@code to} if none is. */
    long firstPresent(long from, long to) {
        if (from < end) {
            for (int i = runs.find(from); i < runs.size() && runs.clock(i) < to; i++) {
                if (runs.ref(i) != Refs.SKIP) {
                    return Math.max(from, runs.clock(i));
                }
            }
        }
        return to;
    }

    /** Takes the clocks {@code [from, to)} of a struct of an update; none of them is here yet. */
    void insert(StructReader s, long from, long to, Content.Cursor cursor) {
        if (from == end && firstSkip == runs.size()) {
            if (firstSkip == 0 || !grow(firstSkip - 1, s, from, to, cursor)) {
                put(firstSkip++, s, from, to, cursor);
            }
            end = to;
            return;
        }
        if (from >= end) {
            append(s, from, to, cursor);
            return;
        }
        int gap = runs.find(from);
        long gapEnd = clockAfter(gap);
        int at = gap;
        if (runs.clock(gap) < from) {
            at++;
        } else {
            runs.remove(gap);
        }
        put(at, s, from, to, cursor);
        if (to < gapEnd) {
            putSkip(at + 1, to);
        }
        firstSkip = Math.min(firstSkip, gap);
        findSkip();
    }

    /** Checks what comes next of an update, which follows what is here, and takes it; says how many structs. */
    int load(PlainStructs in, int most) {
        if (firstSkip < runs.size() || in.clock != end) {
            return 0;
        }
        int done = in.load(Math.min(most, runs.room()), runs, text(), deletes);
        firstSkip = runs.size();
        end = in.clock;
        return done;
    }

    private void findSkip() {
        while (firstSkip < runs.size() && runs.ref(firstSkip) != Refs.SKIP) {
            firstSkip++;
        }
    }

    /** Sections of structs of an update, ascending, disjoint. */
    static final class Parts {
        private static final int PART = 4;

        private long[] columns = new long[4 * PART];
        private int size;

        int size() {
            return size;
        }

        /** Reads the struct that a part belongs to. */
        void read(int i, StructReader reader, byte[] update, long client) {
            reader.again(update, client, (int) columns[PART * i], columns[PART * i + 1]);
        }

        long from(int i) {
            return columns[PART * i + 2];
        }

        long to(int i) {
            return columns[PART * i + 3];
        }

        void add(StructReader s, long from, long to) {
            int at = PART * size++;
            if (at == columns.length) {
                columns = Arrays.copyOf(columns, 2 * columns.length);
            }
            columns[at] = s.start;
            columns[at + 1] = s.clock;
            columns[at + 2] = from;
            columns[at + 3] = to;
        }
    }

    /** Adds to {@code known} what of a struct is neither here nor in it. */
    @Nullable
    Parts missing(StructReader s, @Nullable Parts known) {
        Parts parts = known;
        long start = parts == null ? s.clock : Math.max(s.clock, parts.to(parts.size - 1));
        long at = firstMissing(start, s.end);
        while (at < s.end) {
            long stop = firstPresent(at, s.end);
            parts = parts == null ? new Parts() : parts;
            parts.add(s, at, stop);
            at = firstMissing(stop, s.end);
        }
        return parts;
    }

    /** Takes many parts in one pass over all runs. */
    void insertAll(StructReader reader, byte[] update, Parts parts, Content.Cursor cursor) {
        Runs old = runs;
        long oldEnd = end;
        runs = new Runs(ids, self);
        runs.reserve(old.size() + 2 * parts.size + 1);
        end = 0;
        int p = 0;
        for (int i = 0; i < old.size(); i++) {
            if (old.ref(i) == Refs.SKIP) {
                continue;
            }
            for (; p < parts.size && parts.from(p) < old.clock(i); p++) {
                parts.read(p, reader, update, client);
                append(reader, parts.from(p), parts.to(p), cursor);
            }
            if (old.clock(i) > end) {
                putSkip(runs.size(), end);
            }
            runs.add(old, i);
            end = i + 1 < old.size() ? old.clock(i + 1) : oldEnd;
        }
        for (; p < parts.size; p++) {
            parts.read(p, reader, update, client);
            append(reader, parts.from(p), parts.to(p), cursor);
        }
        firstSkip = 0;
        findSkip();
    }

    private void append(StructReader s, long from, long to, Content.Cursor cursor) {
        int n = runs.size();
        if (from > end) {
            putSkip(n++, end);
        }
        if (n == 0 || !grow(n - 1, s, from, to, cursor)) {
            put(n, s, from, to, cursor);
        }
        end = to;
    }

    /**
     * Marks ranges as deleted.
     *
     * @return how many clocks are here and were not deleted before; gaps hold nothing and do not count
     */
    long delete(Ranges ranges) {
        long held = 0;
        for (int i = 0; i < ranges.size(); i++) {
            held += heldAlive(ranges.from(i), ranges.to(i));
        }
        deletes.addAll(ranges);
        return held;
    }

    /** As {@link #delete(Ranges)}, of one range. */
    long delete(long from, long to) {
        long held = heldAlive(from, to);
        deletes.add(from, to);
        return held;
    }

    private long heldAlive(long from, long to) {
        long held = 0;
        long at = from;
        for (int d = deletes.firstEndingAfter(at); d < deletes.size() && deletes.from(d) < to; d++) {
            held += held(at, deletes.from(d));
            at = deletes.to(d);
        }
        return held + held(at, to);
    }

    /** How many clocks of {@code [from, to)} are here. */
    private long held(long from, long to) {
        if (from >= to || from >= end) {
            return 0;
        }
        if (firstSkip == runs.size()) {
            return Math.min(to, end) - from;
        }
        long held = 0;
        for (int i = runs.find(from); i < runs.size() && runs.clock(i) < to; i++) {
            if (runs.ref(i) != Refs.SKIP) {
                held += Math.min(to, clockAfter(i)) - Math.max(from, runs.clock(i));
            }
        }
        return held;
    }

    /** Lets the last run, i, grow by what follows it, where Yjs would squash the two. */
    private boolean grow(int i, StructReader s, long from, long to, Content.Cursor cursor) {
        int ref = s.ref;
        if (runs.ref(i) != ref || end != from) {
            return false;
        }
        if (ref == Refs.GC) {
            return true;
        }
        boolean follows = from > s.clock || (s.originClient == client && s.originClock == from - 1);
        if (!follows || !Refs.squashes(ref)) {
            return false;
        }
        boolean hasRight = runs.has(i, Refs.RIGHT_ORIGIN);
        if (hasRight != s.rightClient >= 0
                || (hasRight && (runs.right(i) != s.rightClock || runs.rightClient(i) != s.rightClient))) {
            return false;
        }
        if (!joins(i, ref)) {
            return false;
        }
        if (ref == Refs.STRING) {
            if (runs.content(i) + (from - runs.clock(i)) != text().length()) {
                return false;
            }
            copyContent(s, from, to, cursor);
        } else if (ref != Refs.DELETED) {
            if (runs.content(i) != rawTail) {
                return false;
            }
            copyContent(s, from, to, cursor);
            rawTail = runs.content(i);
        }
        return true;
    }

    private void put(int at, StructReader s, long from, long to, Content.Cursor cursor) {
        if (s.ref == Refs.GC) {
            runs.add(at, Refs.GC, from, 0, 0, 0);
            return;
        }
        int flags = s.info;
        long originClient = s.originClient;
        long origin = 0;
        if (from > s.clock) { // the rest of a struct: its origin is the clock before
            flags |= Refs.ORIGIN;
            originClient = client;
            origin = from - 1;
        } else if (originClient >= 0) {
            origin = s.originClock;
        } else if (s.rightClient < 0) {
            origin = appendRaw(s.bytes, s.parentFrom, s.parentTo);
        }
        if ((flags & Refs.PARENT_SUB) != 0 && parentage != null) {
            parentage.keyAdded();
        }
        long right = s.rightClient < 0 ? 0 : s.rightClock;
        runs.add(at, flags, from, origin, right, copyContent(s, from, to, cursor));
        runs.clients(at, originClient, s.rightClient);
    }

    /** Takes over content; says where it went, as {@link Runs#content} keeps it. */
    private int copyContent(StructReader s, long from, long to, Content.Cursor cursor) {
        int first = (int) (from - s.clock);
        int last = (int) (to - s.clock);
        if (s.ref == Refs.DELETED) {
            return 0;
        }
        if (s.ref == Refs.STRING) {
            TextBuffer buffer = text();
            int at = buffer.length();
            cursor.at(s.start, s.from, first);
            buffer.append(s.bytes, s.from, s.to, (int) (s.end - s.clock), first, last, cursor);
            return at;
        }
        if (from == s.clock && to == s.end) {
            return appendRaw(s.bytes, s.from, s.to);
        }
        cursor.at(s.start, s.from, first);
        long part = Content.elements(s.bytes, s.ref, first, last, cursor);
        return appendRaw(s.bytes, StructRows.from(part), StructRows.to(part));
    }

    /** Units of text held. */
    int textLength() {
        return text == null ? 0 : text.length();
    }

    private TextBuffer text() {
        if (text == null) {
            text = new TextBuffer();
        }
        return text;
    }

    private int appendRaw(byte[] b, int from, int to) {
        int start = rawLength;
        int need = Math.addExact(start, to - from);
        if (need > raw.length) {
            raw = Arrays.copyOf(raw, Math.max(need, start + (start >> 1)));
        }
        System.arraycopy(b, from, raw, start, to - from);
        rawLength = need;
        rawTail = start;
        return start;
    }

    private void putSkip(int at, long from) {
        runs.add(at, Refs.SKIP, from, 0, 0, 0);
    }

    /**
     * Whether {@link #load} and {@link #trim} pay when so many runs of so many bytes come: both copy all that is here,
     * which only what makes it larger by a good part is worth.
     */
    boolean isSmallBeside(int moreRuns, int bytes) {
        return moreRuns >= runs.size() / 4 && bytes >= (rawLength + textLength()) / 4;
    }

    /**
     * Makes room for so many more runs and so much more text, and lets the text grow in large steps until {@link #trim}.
     */
    void load(int moreRuns, int moreText) {
        runs.reserve(moreRuns);
        text().growFast(true);
        text().reserve(moreText);
    }

    /** Gives back room that is not used, if it is much. */
    void trim() {
        runs.trim();
        if (raw.length - rawLength > rawLength / 8 + 64) {
            raw = Arrays.copyOf(raw, rawLength);
        }
        if (text != null) {
            text.growFast(false);
            text = text.length() == 0 ? null : text;
        }
        deletes.trim();
    }

    /**
     * Writes the structs of the clocks {@code [from, until)}.
     *
     * @param keepDeleted whether deleted items keep their content; else they are written as ContentDeleted
     */
    void write(StructWriter w, long from, long until, boolean keepDeleted) {
        if (from >= Math.min(until, end)) {
            return;
        }
        int d = deletes.firstEndingAfter(from);
        for (int i = runs.find(from); i < runs.size() && runs.clock(i) < until; i++) {
            long at = Math.max(from, runs.clock(i));
            long stop = Math.min(until, clockAfter(i));
            int ref = runs.ref(i);
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
        int ref = deleted ? Refs.DELETED : runs.ref(i);
        if (parentage != null && parentage.hasKeys()) {
            parentage.of(this, i);
        }
        int flags = (runs.info(i) & ~Refs.MASK) | ref;
        long clock = runs.clock(i);
        boolean isWhole = from == clock;
        boolean hasOrigin = !isWhole || runs.has(i, Refs.ORIGIN);
        boolean hasRight = runs.has(i, Refs.RIGHT_ORIGIN);
        long originId = !isWhole ? client : hasOrigin ? runs.originClient(i) : -1;
        long origin = isWhole ? runs.origin(i) : from - 1;
        long rightId = hasRight ? runs.rightClient(i) : -1;
        long right = hasRight ? runs.right(i) : 0;
        if (w.isContinuedBy(ref, from, originId, origin, rightId, right) && joins(i, ref)) {
            w.extend(to);
        } else {
            w.item(hasOrigin ? flags | Refs.ORIGIN : flags, from, to, originId, origin, rightId, right);
            if (!hasOrigin && !hasRight) {
                w.parent(raw, (int) origin, StructReader.parentEnd(raw, (int) origin, runs.info(i)));
            }
        }
        if (ref == Refs.DELETED) {
            return;
        }
        int first = (int) (from - clock);
        int last = (int) (to - clock);
        int content = runs.content(i);
        if (ref == Refs.STRING) {
            text().write(content + first, content + last, w.content);
        } else if (Refs.squashes(ref)) {
            w.cursor.at(i, content, first);
            long part = Content.elements(raw, ref, first, last, w.cursor);
            w.content.writeBytes(raw, StructRows.from(part), StructRows.to(part));
        } else {
            w.content.writeBytes(raw, content, StructReader.single(raw, content, ref));
        }
    }

    /** Bytes on the heap. */
    long memory() {
        return 72
                + runs.memory()
                + (raw.length == 0 ? 0 : Heap.array(raw.length))
                + (text == null ? 0 : text.memory())
                + deletes.memory();
    }
}
