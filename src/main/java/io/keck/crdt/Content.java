package io.keck.crdt;

import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Json;
import java.util.Arrays;

/** Elements of ContentAny and ContentJSON in wire form: passed over and cut out without decoding values. */
final class Content {
    private static final byte[] UNDEFINED = {'u', 'n', 'd', 'e', 'f', 'i', 'n', 'e', 'd'};

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
     * The section of the elements {@code [first, last)} in a section of {@code count} elements that were checked before.
     *
     * @return start and end, as {@link Update#from} and {@link Update#to} take them apart
     */
    static long elements(byte[] b, int start, int stop, int ref, long count, long first, long last) {
        if (first == 0 && last == count) {
            return (long) start << 32 | stop;
        }
        Decoder in = new Decoder(b, start, stop);
        pass(in, ref, first);
        int from = in.position();
        pass(in, ref, last - first);
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
