package io.keck.crdt;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Json;
import java.util.Arrays;

/** Elements of ContentAny and ContentJSON in wire form: passed over and cut out without decoding values. */
final class Content {
    private static final byte[] UNDEFINED = {'u', 'n', 'd', 'e', 'f', 'i', 'n', 'e', 'd'};

    /**
     * How far the content of one struct was read. Parts of it are asked for in ascending order, and without this each
     * would pass over everything before it again.
     */
    static final class Cursor {
        private long struct = -1;
        private long element;
        private int position;

        void reset() {
            struct = -1;
        }

        /** Turns to a struct, named by any number, whose content begins at that position. */
        void at(long id, int start, long first) {
            if (struct != id || element > first) {
                struct = id;
                element = 0;
                position = start;
            }
        }

        /** The element that is next. */
        long element() {
            return element;
        }

        /** Where in the bytes it begins. */
        int position() {
            return position;
        }

        void moveTo(long nextElement, int nextPosition) {
            element = nextElement;
            position = nextPosition;
        }
    }

    private Content() {}

    /** Passes over and checks {@code count} elements. */
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

    /**
     * The section of the elements {@code [first, last)} in a section that was checked before.
     *
     * @param cursor set to the struct that has the section
     * @return start and end, as {@link Update#from} and {@link Update#to} take them apart
     */
    static long elements(byte[] b, int stop, int ref, long first, long last, Cursor cursor) {
        Decoder in = new Decoder(b, cursor.position(), stop);
        pass(in, ref, first - cursor.element());
        int from = in.position();
        pass(in, ref, last - first);
        cursor.moveTo(last, in.position());
        return (long) from << 32 | in.position();
    }

    private static void pass(Decoder in, int ref, long count) {
        for (long i = 0; i < count; i++) {
            if (ref == Refs.ANY) {
                Any.skip(in, Integer.MAX_VALUE);
            } else {
                in.skip(in.readLength());
            }
        }
    }
}
