package io.keck.crdt.store;

import io.keck.crdt.lib0.Decoder;

/**
 * Random access to the structs of an {@link Update}: a table with one row per struct, by client and then by clock. Only
 * this class knows how a row is laid out. Immutable and thread-safe; rows are counted from 0.
 *
 * <p>Internal: shared with {@code io.keck.crdt}, and free to change with every release.
 *
 * <pre>
 *   column         content
 *   CLIENT         client id
 *   CLOCK          first clock
 *   LENGTH         number of clocks
 *   INFO           info byte of the wire format, see {@link Refs}
 *   ORIGIN_CLIENT  client of the left origin, or -1
 *   ORIGIN_CLOCK   clock of the left origin; for an item with neither origin the section of its parent info
 *   RIGHT_CLIENT   client of the right origin, or -1
 *   RIGHT_CLOCK    clock of the right origin
 *   CONTENT        section of the content: UTF-8 without its length, values without their count, anything else whole
 * </pre>
 *
 * A section is a stretch of the update's bytes, its start in the upper and its end in the lower half of a {@code long}.
 */
public final class StructRows {
    private static final int CLIENT = 0;
    private static final int CLOCK = 1;
    private static final int LENGTH = 2;
    private static final int INFO = 3;
    private static final int ORIGIN_CLIENT = 4;
    private static final int ORIGIN_CLOCK = 5;
    private static final int RIGHT_CLIENT = 6;
    private static final int RIGHT_CLOCK = 7;
    private static final int CONTENT = 8;
    private static final int COLUMNS = 9;

    private final byte[] bytes;
    private final long[] table;

    /** Reads the structs from bytes that were checked before. */
    StructRows(byte[] bytes, int count) {
        this.bytes = bytes;
        this.table = new long[count * COLUMNS];
        StructReader s = new StructReader();
        s.structs(bytes);
        for (int r = 0; r < table.length && s.next(); r += COLUMNS) {
            table[r + CLIENT] = s.client;
            table[r + CLOCK] = s.clock;
            table[r + LENGTH] = s.end - s.clock;
            table[r + INFO] = s.info;
            table[r + ORIGIN_CLIENT] = s.originClient;
            table[r + RIGHT_CLIENT] = s.rightClient;
            if (s.originClient >= 0) {
                table[r + ORIGIN_CLOCK] = s.originClock;
            } else if (s.rightClient < 0 && s.ref != Refs.GC) {
                table[r + ORIGIN_CLOCK] = section(s.parentFrom, s.parentTo);
            }
            if (s.rightClient >= 0) {
                table[r + RIGHT_CLOCK] = s.rightClock;
            }
            if (!s.isDeleted()) {
                table[r + CONTENT] = section(s.from, s.to);
            }
        }
    }

    /** The number of rows. */
    public int count() {
        return table.length / COLUMNS;
    }

    /** The bytes of the update, into which the content of a row points. */
    public byte[] bytes() {
        return bytes;
    }

    /** The client of the struct. */
    public long client(int row) {
        return table[row * COLUMNS + CLIENT];
    }

    /** The first clock of the struct. */
    public long clock(int row) {
        return table[row * COLUMNS + CLOCK];
    }

    /** The number of clocks of the struct. */
    public long length(int row) {
        return table[row * COLUMNS + LENGTH];
    }

    /** The clock after the last one of the struct. */
    public long end(int row) {
        int r = row * COLUMNS;
        return table[r + CLOCK] + table[r + LENGTH];
    }

    /** The info byte of the wire format: content kind and flags, see {@link Refs}. */
    public int info(int row) {
        return (int) table[row * COLUMNS + INFO];
    }

    /** The kind of content, one of the constants of {@link Refs}. */
    public int ref(int row) {
        return info(row) & Refs.MASK;
    }

    /** The client of the left origin, or -1. */
    public long originClient(int row) {
        return table[row * COLUMNS + ORIGIN_CLIENT];
    }

    /** The clock of the left origin; meaningless without one. */
    public long originClock(int row) {
        return table[row * COLUMNS + ORIGIN_CLOCK];
    }

    /** The client of the right origin, or -1. */
    public long rightClient(int row) {
        return table[row * COLUMNS + RIGHT_CLIENT];
    }

    /** The clock of the right origin; meaningless without one. */
    public long rightClock(int row) {
        return table[row * COLUMNS + RIGHT_CLOCK];
    }

    /** Reads the parent info of an item that has neither origin. */
    public Decoder parentInfo(int row) {
        return decoder(table[row * COLUMNS + ORIGIN_CLOCK]);
    }

    /** The index in {@link #bytes()} at which the content begins. */
    public int contentFrom(int row) {
        return from(table[row * COLUMNS + CONTENT]);
    }

    /** The index in {@link #bytes()} at which the content ends. */
    public int contentTo(int row) {
        return to(table[row * COLUMNS + CONTENT]);
    }

    /** Reads the content. */
    public Decoder content(int row) {
        return decoder(table[row * COLUMNS + CONTENT]);
    }

    private Decoder decoder(long section) {
        return new Decoder(bytes, from(section), to(section));
    }

    /** The start of a section. */
    static int from(long section) {
        return (int) (section >>> 32);
    }

    /** The end of a section. */
    static int to(long section) {
        return (int) section;
    }

    static long section(int from, int to) {
        return (long) from << 32 | to;
    }
}
