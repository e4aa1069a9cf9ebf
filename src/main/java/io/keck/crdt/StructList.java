package io.keck.crdt;

import io.keck.crdt.store.Ranges;
import io.keck.crdt.store.TextBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The history of one client in a document: its structs by clock, without a gap, and what their content is made of. Not
 * thread-safe.
 *
 * <p><b>Order.</b> Structs stand in chunks of at most {@value #CHUNK}, each with its first clock, so that a split in the
 * middle of a long history moves a chunk and not the history. A position is a {@code long}, chunk in the upper and index
 * in the lower half; inserting and removing makes older positions void.
 *
 * <p><b>Content.</b> Text and values of all items of the client stand in two buffers in the order of their clocks, and an
 * item knows where its section begins. To split an item or to merge two costs nothing then, and an item of text is a
 * single object. Content that is an object of its own stands among the values. Sections of collected items are dead; the buffers are rewritten when half of one is.
 */
final class StructList {
    /** No position: before the first struct. */
    static final long NONE = -1;

    private static final int CHUNK = 256;
    private static final int FEW = 32;
    private static final int FEW_HOMES = 8;
    private static final int MANY_HOMES = 256;
    private static final int COMPACT_AT_LEAST = 4096;
    private static final @Nullable Object[] NO_VALUES = {};

    private static final class Chunk {
        /** The clock of the first struct. */
        long first;

        @Nullable
        Struct[] structs;

        int n;
        /** Where something was found last. */
        int recent;

        Chunk(int capacity) {
            structs = new Struct[capacity];
        }

        long clock(int i) {
            Struct struct = structs[i];
            return struct == null ? Long.MAX_VALUE : struct.clock();
        }

        void insert(int at, Struct struct) {
            if (n == structs.length) {
                structs = Arrays.copyOf(structs, Math.min(CHUNK, n * 2));
            }
            System.arraycopy(structs, at, structs, at + 1, n - at);
            structs[at] = struct;
            n++;
            first = clock(0);
        }

        void remove(int at) {
            n--;
            System.arraycopy(structs, at + 1, structs, at, n - at);
            structs[n] = null;
            first = n == 0 ? first : clock(0);
        }

        void take(Chunk from, int begin) {
            int count = from.n - begin;
            if (n + count > structs.length) {
                structs = Arrays.copyOf(structs, CHUNK);
            }
            System.arraycopy(from.structs, begin, structs, n, count);
            Arrays.fill(from.structs, begin, from.n, null);
            n += count;
            from.n = begin;
            first = clock(0);
        }
    }

    final long client;
    /** How many clients the document knew before this one. */
    final int ordinal;
    /** What the newest transaction that changed this history did to it. */
    @Nullable
    ClientChange change;

    private Chunk[] chunks = {new Chunk(2)};
    private int chunkCount = 1;
    private int recent;
    private int size;
    private long end;

    private @Nullable Home recentHome;
    private @Nullable Home @Nullable [] homes;
    private int homesMade;

    private @Nullable TextBuffer text;
    private int deadText;
    private @Nullable Object[] values = NO_VALUES;
    private int valueCount;
    private int deadValues;

    StructList(long client, int ordinal) {
        this.client = client;
        this.ordinal = ordinal;
    }

    /** The clock after the last struct. */
    long end() {
        return end;
    }

    /** The number of structs. */
    int size() {
        return size;
    }

    // ---- structs by position

    /** Where the struct is that holds this clock, which must be below {@link #end}. */
    long find(long clock) {
        int c = recent;
        if (chunks[c].first > clock || (c + 1 < chunkCount && chunks[c + 1].first <= clock)) {
            c = findChunk(clock);
            recent = c;
        }
        Chunk chunk = chunks[c];
        int lo = 0;
        int hi = chunk.n - 1;
        // a change asks for the same place several times, and for places beside it
        int near = Math.min(chunk.recent, hi);
        if (chunk.clock(near) > clock) {
            hi = near - 1;
        } else if (near == hi || clock < chunk.clock(near + 1)) {
            return position(c, near);
        } else {
            lo = near + 1;
        }
        while (lo < hi) {
            int mid = (lo + hi + 1) >>> 1;
            if (chunk.clock(mid) <= clock) {
                lo = mid;
            } else {
                hi = mid - 1;
            }
        }
        chunk.recent = lo;
        return position(c, lo);
    }

    private int findChunk(long clock) {
        int lo = 0;
        int hi = chunkCount - 1;
        while (lo < hi) {
            int mid = (lo + hi + 1) >>> 1;
            if (chunks[mid].first <= clock) {
                lo = mid;
            } else {
                hi = mid - 1;
            }
        }
        return lo;
    }

    private static long position(int chunk, int index) {
        return (long) chunk << 32 | index;
    }

    Struct get(long position) {
        Struct struct = chunks[(int) (position >>> 32)].structs[(int) position];
        if (struct == null) {
            throw new IllegalStateException("no struct at a position: the document is damaged");
        }
        return struct;
    }

    /** The struct that holds this clock, which must be below {@link #end}. */
    Struct at(long clock) {
        return get(find(clock));
    }

    /** The position after this one, or {@link #NONE} at the end. */
    long next(long position) {
        int c = (int) (position >>> 32);
        int i = (int) position + 1;
        if (i < chunks[c].n) {
            return position(c, i);
        }
        return c + 1 < chunkCount ? position(c + 1, 0) : NONE;
    }

    /** The position before this one, or {@link #NONE} at the start. */
    long previous(long position) {
        int c = (int) (position >>> 32);
        int i = (int) position;
        if (i > 0) {
            return position - 1;
        }
        return c > 0 ? position(c - 1, chunks[c - 1].n - 1) : NONE;
    }

    /** The position of the first struct, or {@link #NONE}. */
    long first() {
        return size == 0 ? NONE : 0;
    }

    /** The position of the last struct, or {@link #NONE}. */
    long last() {
        return size == 0 ? NONE : position(chunkCount - 1, chunks[chunkCount - 1].n - 1);
    }

    /** How many structs there are from this position on. */
    int countFrom(long position) {
        int count = -(int) position;
        for (int c = (int) (position >>> 32); c < chunkCount; c++) {
            count += chunks[c].n;
        }
        return count;
    }

    /** Adds what is deleted. */
    void addDeletesTo(Ranges ranges) {
        for (int c = 0; c < chunkCount; c++) {
            for (int i = 0; i < chunks[c].n; i++) {
                Struct struct = chunks[c].structs[i];
                if (struct != null && struct.isDeleted()) {
                    ranges.add(struct.clock(), struct.end());
                }
            }
        }
    }

    void append(Struct struct) {
        if (struct.clock() != end) {
            throw new IllegalStateException("struct " + struct + " does not follow clock " + end);
        }
        Chunk chunk = chunks[chunkCount - 1];
        if (chunk.n == CHUNK) {
            chunk = new Chunk(FEW);
            insertChunk(chunkCount, chunk);
        }
        chunk.insert(chunk.n, struct);
        size++;
        end = struct.end();
    }

    /**
     * Inserts the right half of a struct that was split.
     *
     * @return where it is
     */
    long insertAfter(long position, Struct struct) {
        int c = (int) (position >>> 32);
        int at = (int) position + 1;
        Chunk chunk = chunks[c];
        if (chunk.n == CHUNK) {
            Chunk right = new Chunk(CHUNK);
            right.take(chunk, CHUNK / 2);
            insertChunk(c + 1, right);
            if (at > chunk.n) {
                at -= chunk.n;
                chunk = right;
                c++;
            }
        }
        chunk.insert(at, struct);
        size++;
        return position(c, at);
    }

    /**
     * Removes a struct that was merged into the one before it.
     *
     * @return where the one before it is now
     */
    long remove(long position) {
        int c = (int) (position >>> 32);
        int i = (int) position;
        Chunk chunk = chunks[c];
        chunk.remove(i);
        size--;
        if (c == 0) {
            return position - 1;
        }
        Chunk left = chunks[c - 1];
        if (chunk.n == 0 || (chunk.n < FEW && left.n + chunk.n <= CHUNK / 2)) {
            int before = left.n + i - 1;
            left.take(chunk, 0);
            removeChunk(c);
            return position(c - 1, before);
        }
        return i > 0 ? position - 1 : position(c - 1, left.n - 1);
    }

    void replace(long position, Struct struct) {
        chunks[(int) (position >>> 32)].structs[(int) position] = struct;
    }

    private void insertChunk(int at, Chunk chunk) {
        if (chunkCount == chunks.length) {
            chunks = Arrays.copyOf(chunks, chunkCount * 2);
        }
        System.arraycopy(chunks, at, chunks, at + 1, chunkCount - at);
        chunks[at] = chunk;
        chunkCount++;
    }

    private void removeChunk(int at) {
        chunkCount--;
        System.arraycopy(chunks, at + 1, chunks, at, chunkCount - at);
        chunks[chunkCount] = chunks[0]; // holds on to nothing that is gone
        recent = 0;
    }

    // ---- homes

    /** What items of this history share that say this of themselves; the numbers are the upper halves. */
    Home home(
            Branch parent,
            @Nullable String parentSub,
            @Nullable StructList originList,
            @Nullable StructList rightList,
            int clockHigh,
            int lengthHigh,
            int originHigh,
            int rightHigh) {
        Home home = recentHome;
        if (home != null
                && home.equalTo(
                        parent, parentSub, originList, rightList, clockHigh, lengthHigh, originHigh, rightHigh)) {
            return home;
        }
        int hash = Home.hash(parent, parentSub, originList, rightList);
        home = homes == null ? null : homes[hash & (homes.length - 1)];
        if (home == null
                || !home.equalTo(
                        parent, parentSub, originList, rightList, clockHigh, lengthHigh, originHigh, rightHigh)) {
            home = new Home(
                    this, parent, parentSub, originList, rightList, clockHigh, lengthHigh, originHigh, rightHigh);
            if (recentHome != null) {
                remember(home, hash);
            }
        }
        recentHome = home;
        return home;
    }

    /** A table of some homes; one that is asked for while another has its place is made anew. */
    private void remember(Home home, int hash) {
        @Nullable Home[] table = homes;
        if (table == null) {
            table = new Home[FEW_HOMES];
        } else if (++homesMade > 2 * table.length && table.length < MANY_HOMES) {
            homesMade = 0;
            @Nullable Home[] larger = new Home[table.length * 2];
            for (Home known : table) {
                if (known != null) {
                    larger[known.hash() & (larger.length - 1)] = known;
                }
            }
            table = larger;
        }
        table[hash & (table.length - 1)] = home;
        homes = table;
    }

    // ---- content

    TextBuffer text() {
        if (text == null) {
            text = new TextBuffer();
        }
        return text;
    }

    /** Adds a value and says where it is. */
    int addValue(@Nullable Object value) {
        if (valueCount == values.length) {
            values = Arrays.copyOf(values, Math.max(4, valueCount + (valueCount >> 1)));
        }
        values[valueCount] = value;
        return valueCount++;
    }

    @Nullable
    Object value(int at) {
        return values[at];
    }

    /** Content that is an object of its own. */
    ItemContent content(int at) {
        if (values[at] instanceof ItemContent content) {
            return content;
        }
        throw new IllegalStateException("no content where an item has it: the document is damaged");
    }

    /** The text of an item is no longer needed. */
    void dropText(int length) {
        deadText += length;
    }

    /** The values of an item are no longer needed. */
    void dropValues(int at, int length) {
        Arrays.fill(values, at, at + length, null);
        deadValues += length;
    }

    /** Rewrites the buffers where most of one is dead. */
    void compact() {
        if (text != null && deadText > COMPACT_AT_LEAST && deadText > text.length() / 2) {
            TextBuffer old = text;
            text = new TextBuffer();
            deadText = 0;
            for (long p = first(); p != NONE; p = next(p)) {
                if (get(p) instanceof Item item && item.isString()) {
                    int at = text.length();
                    text.append(old, item.at, item.at + (int) item.length());
                    item.at = at;
                }
            }
        }
        if (deadValues > COMPACT_AT_LEAST && deadValues > valueCount / 2) {
            @Nullable Object[] old = values;
            values = new Object[valueCount - deadValues];
            valueCount = 0;
            deadValues = 0;
            for (long p = first(); p != NONE; p = next(p)) {
                if (get(p) instanceof Item item && item.isInValues()) {
                    int from = item.at;
                    item.at = valueCount;
                    for (int i = from; i < from + item.length(); i++) {
                        addValue(old[i]);
                    }
                }
            }
        }
    }
}
