package io.keck.crdt.store;

import io.keck.crdt.lib0.Decoder;
import java.util.Arrays;

/**
 * Estimates the heap of values ({@code io.keck.crdt.lib0.Any}) from their bytes, without building them. The constants
 * are sizes on a 64-bit JVM with compressed references. Used within a call only.
 */
final class AnyHeap {
    /** A place in a list or buffer, with its unused capacity. */
    private static final long PLACE = 6;

    private static final long NUMBER = 16;
    private static final long STRING = 44;
    private static final long ENTRY = 44;
    private static final long LIST = 64;
    private static final long MAP = 168;

    private long sum;
    /** By level, the number of elements that it still lacks; negative for an object. */
    private int[] left = new int[8];

    /** The estimated bytes of {@code count} consecutive values that were checked before and begin at {@code at}. */
    static long of(byte[] bytes, int at, int count) {
        AnyHeap heap = new AnyHeap();
        Decoder in = new Decoder(bytes, at, bytes.length);
        for (int i = 0; i < count; i++) {
            heap.sum += PLACE;
            heap.add(in);
        }
        return heap.sum;
    }

    private void add(Decoder in) {
        int depth = -1;
        do {
            if (depth >= 0 && left[depth] < 0) {
                left[depth]++;
                sum += ENTRY + string(in);
            } else if (depth >= 0) {
                left[depth]--;
                sum += PLACE;
            }
            int tag = in.readUint8();
            if (tag == 118 || tag == 117) {
                int count = in.readCount(1);
                if (++depth == left.length) {
                    left = Arrays.copyOf(left, 2 * left.length);
                }
                left[depth] = tag == 118 ? -count : count;
                sum += tag == 118 ? MAP : LIST;
            } else {
                scalar(in, tag);
            }
            while (depth >= 0 && left[depth] == 0) {
                depth--;
            }
        } while (depth >= 0);
    }

    private void scalar(Decoder in, int tag) {
        switch (tag) {
            case 125 -> {
                in.readVarInt();
                sum += NUMBER;
            }
            case 124 -> {
                in.skip(4);
                sum += NUMBER;
            }
            case 123 -> {
                in.skip(8);
                sum += NUMBER;
            }
            case 122 -> {
                in.skip(8);
                sum += 4 * NUMBER;
            }
            case 119, 116 -> sum += string(in);
            default -> {
                // a constant
            }
        }
    }

    private static long string(Decoder in) {
        int length = in.readLength();
        in.skip(length);
        return STRING + length;
    }
}
