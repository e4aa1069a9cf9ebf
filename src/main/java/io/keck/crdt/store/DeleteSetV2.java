package io.keck.crdt.store;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import java.util.Arrays;

/**
 * Delete sets in V2 form: a range is written as its distance from the end of the client's previous range, and its
 * length less one. Stateless. Source: Yjs {@code DeleteSet.js}, {@code UpdateEncoder.js} {@code DSEncoderV2}.
 */
final class DeleteSetV2 {
    private DeleteSetV2() {}

    /**
     * Rewrites the next delete set in V1. Every range takes bytes of its own, so the V1 form is at most eight times as
     * long.
     *
     * @throws DecodeException if it is malformed or ends beyond 2^53 - 1
     */
    static void toV1(Decoder in, Encoder out) {
        int clients = in.readCount(2);
        out.writeVarUint(clients);
        for (int i = 0; i < clients; i++) {
            out.writeVarUint(in.readVarUint());
            int ranges = in.readCount(2);
            out.writeVarUint(ranges);
            long end = 0;
            for (int k = 0; k < ranges; k++) {
                long clock = end + in.readVarUint();
                long len = in.readVarUint() + 1;
                end = clock + len;
                if (end > Decoder.MAX_SAFE_INTEGER) {
                    throw new DecodeException("deleted range beyond 2^53 - 1");
                }
                out.writeVarUint(clock);
                out.writeVarUint(len);
            }
        }
    }

    /**
     * Writes deletes in the rows of {@link Update#deleteRows}, clients in descending order as Yjs does.
     *
     * @param rows the ranges of each client next to each other, ascending and disjoint
     */
    static void encode(long[] rows, int count, Encoder out) {
        int[] starts = new int[count];
        int clients = 0;
        for (int i = 0; i < count; i++) {
            int r = i * Update.DELETE_ROW;
            if (i == 0 || rows[r] != rows[r - Update.DELETE_ROW]) {
                starts[clients++] = r;
            }
        }
        Integer[] order = new Integer[clients];
        Arrays.setAll(order, i -> starts[i]);
        Arrays.sort(order, (a, b) -> Long.compare(rows[b], rows[a]));
        out.writeVarUint(clients);
        for (int start : order) {
            int stop = start;
            while (stop < count * Update.DELETE_ROW && rows[stop] == rows[start]) {
                stop += Update.DELETE_ROW;
            }
            out.writeVarUint(rows[start]);
            out.writeVarUint((stop - start) / Update.DELETE_ROW);
            long end = 0;
            for (int r = start; r < stop; r += Update.DELETE_ROW) {
                out.writeVarUint(rows[r + 1] - end);
                out.writeVarUint(rows[r + 2] - rows[r + 1] - 1);
                end = rows[r + 2];
            }
        }
    }
}
