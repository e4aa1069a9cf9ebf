package io.keck.crdt.store;

import io.keck.crdt.lib0.Encoder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Caches the wire form of {@link Ranges} in groups of about {@value #GROUP} ranges, so that after a change only the
 * group that changed is encoded again. The ranges report every change. Not thread-safe.
 */
final class EncodedRanges {
    static final int GROUP = 64;

    /** The index of the first range of each group. */
    private int[] starts;
    /** The encoded bytes of each group; null after a change of the group. */
    private byte[] @Nullable [] codes;

    private int count;
    private int ranges;

    /** Creates the cache for {@code ranges} ranges, none of them encoded yet. */
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

    /** Reports that the bounds of a range changed. */
    void changed(int range) {
        codes[group(range)] = null;
    }

    /** Reports that a range was inserted at this index. */
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
     * Reports that the ranges {@code [first, last)} were removed.
     *
     * @return false if the cache cannot follow that change and must be dropped
     */
    boolean closed(int first, int last) {
        if (first >= last) {
            return true;
        }
        int g = group(first);
        int end = g + 1 < count ? starts[g + 1] : ranges;
        ranges -= last - first;
        if (last > end || last - first == end - starts[g]) {
            return false; // the removed ranges span several groups or are a whole group
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

    /** The total length in bytes of all groups. */
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
