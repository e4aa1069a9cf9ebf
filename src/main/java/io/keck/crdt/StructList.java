package io.keck.crdt;

import io.keck.crdt.store.Ranges;
import io.keck.crdt.store.TextBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The history of one client in a document: its structs by clock, without a gap, and the buffers of their content. Not
 * thread-safe.
 *
 * <p><b>Order.</b> Structs are stored in chunks of at most {@value #CHUNK}, each with its first clock, so that a split
 * in the middle of a long history moves part of a chunk, not of the history. A position is a {@code long}, chunk in the
 * upper and index in the lower half; inserting and removing structs invalidate earlier positions.
 *
 * <p><b>Content.</b> The text and the values of all items of the client are in two buffers, in the order of their
 * clocks, and an item knows where its section begins. Splitting an item or merging two copies no content, and an item
 * of text is a single object. Content objects of other kinds are in the value buffer. Sections of collected items are
 * dead; a buffer is rewritten when half of it is.
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
        /** The index that was found last. */
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
    /** The number of clients that the document knew before this one. */
    final int ordinal;
    /** The changes made by the newest transaction that changed this history. */
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

    /** The position of the struct that holds {@code clock}, which must be below {@link #end}. */
    long find(long clock) {
        int c = recent;
        if (chunks[c].first > clock || (c + 1 < chunkCount && chunks[c + 1].first <= clock)) {
            c = findChunk(clock);
            recent = c;
        }
        Chunk chunk = chunks[c];
        int lo = 0;
        int hi = chunk.n - 1;
        // a change looks up the same clock several times, and clocks next to it
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

    /** The struct that holds {@code clock}, which must be below {@link #end}. */
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

    /** The number of structs from this position on. */
    int countFrom(long position) {
        int count = -(int) position;
        for (int c = (int) (position >>> 32); c < chunkCount; c++) {
            count += chunks[c].n;
        }
        return count;
    }

    /** Adds the clocks of all deleted structs. */
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
     * @return its position
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
     * Removes a struct that was merged into the previous one.
     *
     * @return the position of the previous struct after that
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
        chunks[chunkCount] = chunks[0]; // so that the array does not keep the removed chunk alive
        recent = 0;
    }

    // ---- homes

    /** The home of an item with these fields; the numbers are the upper halves. */
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

    /** Puts a home into a table of some homes; a home whose slot another one has taken is recreated on request. */
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

    /** Appends a value; returns its position. */
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

    /** The content object at a position. */
    ItemContent content(int at) {
        if (values[at] instanceof ItemContent content) {
            return content;
        }
        throw new IllegalStateException("no content where an item has it: the document is damaged");
    }

    /** Records that the text of an item is no longer needed. */
    void dropText(int length) {
        deadText += length;
    }

    /** Drops the values of an item, which are no longer needed. */
    void dropValues(int at, int length) {
        Arrays.fill(values, at, at + length, null);
        deadValues += length;
    }

    /** Rewrites a buffer if most of it is dead. */
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
