package io.keck.crdt.store;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Json;
import java.util.Arrays;

/**
 * Skips and cuts out elements of ContentAny and ContentJSON in wire form, without decoding their values. Stateless.
 * Internal: shared with {@code io.keck.crdt}, and free to change with every release.
 */
public final class Content {
    private static final byte[] UNDEFINED = {'u', 'n', 'd', 'e', 'f', 'i', 'n', 'e', 'd'};

    /**
     * A position in the content of one struct. Sections of it are requested in ascending order; without the cursor,
     * each request would pass over all elements before it again.
     */
    public static final class Cursor {
        private long struct = -1;
        private long element;
        private int position;

        /** Creates a cursor that is in no struct. */
        public Cursor() {}

        /** Leaves the current struct. */
        public void reset() {
            struct = -1;
        }

        /**
         * Moves to the struct that {@code id} identifies, whose content begins at {@code start}; stays where it is if
         * it is in that struct and not beyond the element {@code first}.
         */
        public void at(long id, int start, long first) {
            if (struct != id || element > first) {
                struct = id;
                element = 0;
                position = start;
            }
        }

        /** The number of the next element. */
        long element() {
            return element;
        }

        /** The index of the byte at which the next element begins. */
        int position() {
            return position;
        }

        void moveTo(long nextElement, int nextPosition) {
            element = nextElement;
            position = nextPosition;
        }
    }

    private Content() {}

    /** Skips {@code count} elements and checks them. */
    static void skip(Decoder in, int ref, int count, int maxDepth) {
        for (int i = 0; i < count; i++) {
            if (ref == Refs.ANY) {
                Any.skip(in, maxDepth);
            } else {
                int n = in.readLength();
                int from = in.position();
                in.skipVarStringOf(n);
                if (!Arrays.equals(in.array(), from, from + n, UNDEFINED, 0, UNDEFINED.length)) {
                    Json.check(in.array(), from, from + n, maxDepth);
                }
            }
        }
    }

    /** Skips {@code count} elements that were checked before; returns the index after them. */
    static int skip(byte[] b, int at, int ref, int count) {
        int i = at;
        for (int k = 0; k < count; k++) {
            int tag = ref == Refs.ANY ? b[i] : 0;
            switch (tag) {
                case 0 -> i = StructReader.stringEnd(b, i);
                case 127, 126, 121, 120 -> i++;
                case 125 -> {
                    i++;
                    while (b[i++] < 0) {
                        // a byte of the number
                    }
                }
                case 124 -> i += 5;
                case 123, 122 -> i += 9;
                case 119, 116 -> i = StructReader.stringEnd(b, i + 1);
                default -> {
                    Decoder in = new Decoder(b, i, b.length);
                    Any.skip(in, Integer.MAX_VALUE);
                    i = in.position();
                }
            }
        }
        return i;
    }

    /**
     * Returns the section of the elements {@code [first, last)} of content that was checked before.
     *
     * @param cursor is in the struct with the content, at {@code first} or before; moves to {@code last}
     * @return start and end, in the form that {@link StructRows#from} and {@link StructRows#to} read
     */
    static long elements(byte[] b, int ref, long first, long last, Cursor cursor) {
        int from = skip(b, cursor.position(), ref, (int) (first - cursor.element()));
        int to = skip(b, from, ref, (int) (last - first));
        cursor.moveTo(last, to);
        return (long) from << 32 | to;
    }
}
