package io.keck.crdt.store;

import java.util.Arrays;

/** Sections of the structs that one client has in an update, disjoint and in ascending order of clocks. Not thread-safe. */
final class Parts {
    private static final int PART = 4;

    private long[] columns = new long[4 * PART];
    private int size;

    int size() {
        return size;
    }

    /** Reads the struct that part {@code i} belongs to. */
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
