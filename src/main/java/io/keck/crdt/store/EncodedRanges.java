package io.keck.crdt.store;

import io.keck.crdt.lib0.Encoder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The wire form of {@link Ranges} in groups of some sixty ranges, so that after a change only the group that it touched is
 * encoded anew. Told of every change. Not thread-safe.
 */
final class EncodedRanges {
    static final int GROUP = 64;

    /** The first range of each group; the first of the first is 0. */
    private int[] starts;
    /** The bytes of each group; null where it changed. */
    private byte[] @Nullable [] codes;

    private int count;
    private int ranges;

    /** Of so many ranges, none of them encoded yet. */
    EncodedRanges(int ranges) {
        this.ranges = ranges;
        count = Math.max(1, ranges / GROUP);
        starts = new int[count + 1];
        for (int g = 0; g < count; g++) {
            starts[g] = g * GROUP;
        }
        codes = new byte[count + 1][];
    }

    private int group(int range) {
        int at = Arrays.binarySearch(starts, 0, count, range);
        return at >= 0 ? at : -at - 2;
    }

    /** The range of that number has other bounds. */
    void changed(int range) {
        codes[group(range)] = null;
    }

    /** There is a new range of that number, and those behind it have moved up. */
    void opened(int range) {
        int g = group(Math.max(0, range - 1));
        codes[g] = null;
        ranges++;
        for (int i = g + 1; i < count; i++) {
            starts[i]++;
        }
        int end = g + 1 < count ? starts[g + 1] : ranges;
        if (end - starts[g] > 2 * GROUP) {
            split(g);
        }
    }

    private void split(int g) {
        if (count == starts.length) {
            starts = Arrays.copyOf(starts, count + (count >> 1) + 1);
            codes = Arrays.copyOf(codes, starts.length);
        }
        System.arraycopy(starts, g + 1, starts, g + 2, count - g - 1);
        System.arraycopy(codes, g + 1, codes, g + 2, count - g - 1);
        starts[g + 1] = starts[g] + GROUP;
        codes[g + 1] = null;
        count++;
    }

    /**
     * The ranges {@code [first, last)} are gone, and those behind them have moved down.
     *
     * @return false if this is of no use any more
     */
    boolean closed(int first, int last) {
        if (first >= last) {
            return true;
        }
        int g = group(first);
        int end = g + 1 < count ? starts[g + 1] : ranges;
        ranges -= last - first;
        if (last > end || last - first == end - starts[g]) {
            return false; // it reaches into other groups, or leaves none of this one
        }
        codes[g] = null;
        for (int i = g + 1; i < count; i++) {
            starts[i] -= last - first;
        }
        return true;
    }

    void write(Ranges of, Encoder out) {
        for (int g = 0; g < count; g++) {
            byte[] code = code(of, g);
            out.writeBytes(code, 0, code.length);
        }
    }

    /** How many bytes all groups have. */
    int length(Ranges of) {
        int sum = 0;
        for (int g = 0; g < count; g++) {
            sum += code(of, g).length;
        }
        return sum;
    }

    private byte[] code(Ranges of, int g) {
        byte[] known = codes[g];
        if (known != null) {
            return known;
        }
        Encoder group = new Encoder(8 * GROUP);
        of.encode(starts[g], g + 1 < count ? starts[g + 1] : ranges, group);
        byte[] code = group.toByteArray();
        codes[g] = code;
        return code;
    }

    /** Bytes on the heap. */
    long memory() {
        long sum = 32 + Heap.array(4L * starts.length) + Heap.array(4L * codes.length);
        for (int g = 0; g < count; g++) {
            byte[] code = codes[g];
            sum += code == null ? 0 : Heap.array(code.length);
        }
        return sum;
    }
}
