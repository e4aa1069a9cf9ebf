package io.keck.crdt.store;

import org.jspecify.annotations.Nullable;

/**
 * All structs of one client, as columns: run {@code i} holds the clocks {@code [clock(i), clock(i + 1))}, and the last
 * run ends at {@link #end}. A gap is a run of kind Skip. A run of text is a section of one text buffer, so typing at
 * its end moves nothing and creates no object; other content stays in wire form in one byte buffer. Only
 * {@link #deletes} records which clocks are deleted: a deletion never splits a run, {@link #write} splits runs when it
 * encodes. Not thread-safe.
 */
final class ClientStructs {
    final long client;
    /** The deleted clocks, whether or not their structs are held. */
    final Ranges deletes = new Ranges();

    private final ClientIds ids;
    private final int self;
    private final @Nullable Parentage parentage;

    private Runs runs;
    private long end;
    /** Index of the first gap, or the number of runs if there is none: no clock before it is missing. */
    private int firstSkip;

    private final RunContent content = new RunContent();

    /**
     * Creates an empty list of structs.
     *
     * @param self the client's number in {@code ids}
     * @param parentage that of the store, or null to join deleted items only
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

    /** The clock after the last struct, regardless of gaps. */
    long end() {
        return end;
    }

    /** The first clock that is missing: the client's entry in a state vector. */
    long state() {
        return firstSkip < runs.size() ? runs.clock(firstSkip) : end;
    }

    private long clockAfter(int i) {
        return i + 1 < runs.size() ? runs.clock(i + 1) : end;
    }

    /** The index of the run that holds {@code clock}; -1 if that clock is missing. */
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

    /** The kind of content of run {@code i}, see {@link Refs}. */
    int ref(int i) {
        return runs.ref(i);
    }

    /** The number of clocks of run {@code i}. */
    long length(int i) {
        return clockAfter(i) - runs.clock(i);
    }

    /** Whether run {@code i} names an item of another client as one of its neighbours. */
    boolean hasForeignOrigin(int i) {
        return !runs.isPlain()
                && ((runs.has(i, Refs.ORIGIN) && runs.originClient(i) != client)
                        || (runs.has(i, Refs.RIGHT_ORIGIN) && runs.rightClient(i) != client));
    }

    /** The estimated heap of the values of run {@code i}, which is of kind Any. */
    long heapOfValues(int i) {
        return AnyHeap.of(content.bytes(), runs.content(i), (int) length(i));
    }

    /** Bytes of the content on the heap. */
    long contentMemory() {
        return content.memory();
    }

    /** The client of the id that determines where a run is: its left origin, or else its right origin. */
    long originClient(int run) {
        return runs.has(run, Refs.ORIGIN) ? runs.originClient(run) : runs.rightClient(run);
    }

    long originClock(int run) {
        return runs.has(run, Refs.ORIGIN) ? runs.origin(run) : runs.right(run);
    }

    /**
     * Whether run {@code i} may be joined with the item that follows it and names it as its origin. Text may be joined
     * unless the run is known to be under a key, because Yjs puts no text under keys. It may be joined even where the
     * parent is unknown: many merged updates lack the origin of their first item.
     */
    private boolean joins(int i, int ref) {
        if (ref == Refs.DELETED || parentage == null) {
            return ref == Refs.DELETED;
        }
        int known = parentage.of(this, i);
        return ref == Refs.STRING ? known != Parentage.KEY : known == Parentage.LIST;
    }

    /** The first clock of {@code [from, to)} that is missing; {@code to} if none is. */
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

    /** The first clock of {@code [from, to)} that is held; {@code to} if none is. */
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

    /** Inserts the clocks {@code [from, to)} of a struct, none of which is held yet. */
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

    /**
     * Checks the next structs of an update and adds them if they start at {@link #end} and no clock is missing before;
     * returns their number.
     */
    int load(PlainStructs in, int most) {
        if (firstSkip < runs.size() || in.clock != end) {
            return 0;
        }
        int done = in.load(Math.min(most, runs.room()), runs, content.text(), deletes);
        firstSkip = runs.size();
        end = in.clock;
        return done;
    }

    private void findSkip() {
        while (firstSkip < runs.size() && runs.ref(firstSkip) != Refs.SKIP) {
            firstSkip++;
        }
    }

    /** Adds to {@code known}, which is created if need be, the clocks of a struct that are neither held nor in it. */
    @Nullable
    Parts missing(StructReader s, @Nullable Parts known) {
        Parts parts = known;
        long start = parts == null ? s.clock : Math.max(s.clock, parts.to(parts.size() - 1));
        long at = firstMissing(start, s.end);
        while (at < s.end) {
            long stop = firstPresent(at, s.end);
            parts = parts == null ? new Parts() : parts;
            parts.add(s, at, stop);
            at = firstMissing(stop, s.end);
        }
        return parts;
    }

    /** Inserts many parts in one pass over all runs. */
    void insertAll(StructReader reader, byte[] update, Parts parts, Content.Cursor cursor) {
        Runs old = runs;
        long oldEnd = end;
        runs = new Runs(ids, self);
        runs.reserve(old.size() + 2 * parts.size() + 1);
        end = 0;
        int p = 0;
        for (int i = 0; i < old.size(); i++) {
            if (old.ref(i) == Refs.SKIP) {
                continue;
            }
            for (; p < parts.size() && parts.from(p) < old.clock(i); p++) {
                parts.read(p, reader, update, client);
                append(reader, parts.from(p), parts.to(p), cursor);
            }
            if (old.clock(i) > end) {
                putSkip(runs.size(), end);
            }
            runs.add(old, i);
            end = i + 1 < old.size() ? old.clock(i + 1) : oldEnd;
        }
        for (; p < parts.size(); p++) {
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
     * @return how many of these clocks are held and were not deleted before; clocks in gaps do not count
     */
    long delete(Ranges ranges) {
        long held = 0;
        for (int i = 0; i < ranges.size(); i++) {
            held += heldAlive(ranges.from(i), ranges.to(i));
        }
        deletes.addAll(ranges);
        return held;
    }

    /** As {@link #delete(Ranges)}, for one range. */
    long delete(long from, long to) {
        long held = heldAlive(from, to);
        deletes.add(from, to);
        return held;
    }

    boolean hasUnheldDeletes() {
        for (int i = 0; i < deletes.size(); i++) {
            if (firstMissing(deletes.from(i), deletes.to(i)) < deletes.to(i)) {
                return true;
            }
        }
        return false;
    }

    /** Removes the deletes of clocks that are not held. */
    void forgetUnheldDeletes() {
        if (!hasUnheldDeletes()) {
            return;
        }
        Ranges held = new Ranges();
        for (int i = 0; i < deletes.size(); i++) {
            long to = deletes.to(i);
            for (long at = firstPresent(deletes.from(i), to); at < to; ) {
                long missing = firstMissing(at, to);
                held.add(at, missing);
                at = firstPresent(missing, to);
            }
        }
        deletes.clear();
        deletes.addAll(held);
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

    /** The number of clocks of {@code [from, to)} that are held. */
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

    /**
     * Appends the clocks {@code [from, to)} of a struct to run {@code i}, the last one, if Yjs would squash the two;
     * returns whether it did.
     */
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
        return content.grow(runs.content(i), from - runs.clock(i), s, from, to, cursor);
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
            origin = content.append(s.bytes, s.parentFrom, s.parentTo);
        }
        if ((flags & Refs.PARENT_SUB) != 0 && parentage != null) {
            parentage.keyAdded();
        }
        long right = s.rightClient < 0 ? 0 : s.rightClock;
        runs.add(at, flags, from, origin, right, content.copy(s, from, to, cursor));
        runs.clients(at, originClient, s.rightClient);
    }

    /** The number of UTF-16 code units of text held. */
    int textLength() {
        return content.textLength();
    }

    private void putSkip(int at, long from) {
        runs.add(at, Refs.SKIP, from, 0, 0, 0);
    }

    /**
     * Whether {@link #load(int, int)} and {@link #trim} pay off for that many more runs and bytes: both copy everything
     * that is held, so the addition should be at least a quarter of it.
     */
    boolean isSmallBeside(int moreRuns, int bytes) {
        return moreRuns >= runs.size() / 4 && bytes >= content.length() / 4;
    }

    /**
     * Makes room for more runs and more code units of text, and lets the text grow in large steps until {@link #trim}.
     */
    void load(int moreRuns, int moreText) {
        runs.reserve(moreRuns);
        content.text().growFast(true);
        content.text().reserve(moreText);
    }

    /** Releases unused capacity if it is large. */
    void trim() {
        runs.trim();
        content.trim();
        deletes.trim();
    }

    /**
     * Writes the structs of the clocks {@code [from, until)}.
     *
     * @param keepDeleted whether deleted items keep their content; otherwise they are written as ContentDeleted
     */
    void write(StructWriter w, long from, long until, boolean keepDeleted) {
        write(w, from, until, keepDeleted ? new Ranges() : deletes);
    }

    /** As the other {@code write}; {@code dropped} are the deleted clocks whose content is left out. */
    void write(StructWriter w, long from, long until, Ranges dropped) {
        if (from >= Math.min(until, end)) {
            return;
        }
        int d = dropped.firstEndingAfter(from);
        for (int i = runs.find(from); i < runs.size() && runs.clock(i) < until; i++) {
            long at = Math.max(from, runs.clock(i));
            long stop = Math.min(until, clockAfter(i));
            int ref = runs.ref(i);
            if (ref == Refs.GC) {
                w.gc(at, stop);
                continue;
            }
            while (ref != Refs.SKIP && at < stop) {
                while (d < dropped.size() && dropped.to(d) <= at) {
                    d++;
                }
                boolean none = d == dropped.size();
                boolean deleted = !none && dropped.from(d) <= at;
                long to = none ? stop : Math.min(stop, deleted ? dropped.to(d) : dropped.from(d));
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
                w.parent(
                        content.bytes(),
                        (int) origin,
                        StructReader.parentEnd(content.bytes(), (int) origin, runs.info(i)));
            }
        }
        if (ref == Refs.DELETED) {
            return;
        }
        content.write(w, ref, i, runs.content(i), (int) (from - clock), (int) (to - clock));
    }

    /** Bytes on the heap. */
    long memory() {
        return 64 + runs.memory() + content.memory() + deletes.memory();
    }
}
