package io.keck.crdt.store;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** The deleted clocks of a document, as sorted ranges per client. Not thread-safe. Source: Yjs {@code DeleteSet.js}. */
public final class DeleteSet {
    /** Receives ranges of deleted clocks. */
    @FunctionalInterface
    public interface RangeConsumer {
        /**
         * Receives one range.
         *
         * @param client the client that the clocks belong to
         * @param from the first deleted clock
         * @param to the clock after the last
         */
        void accept(long client, long from, long to);
    }

    private final Map<Long, Ranges> clients = new LinkedHashMap<>();

    /** Creates an empty set. */
    public DeleteSet() {}

    /** Whether no clock is deleted. */
    public boolean isEmpty() {
        return clients.isEmpty();
    }

    /** Whether {@code clock} of {@code client} is deleted. */
    public boolean contains(long client, long clock) {
        Ranges ranges = clients.get(client);
        return ranges != null && ranges.covers(clock, clock + 1);
    }

    /** Whether all clocks {@code [from, to)} of {@code client} are deleted. */
    public boolean covers(long client, long from, long to) {
        Ranges ranges = clients.get(client);
        return ranges != null && ranges.covers(from, to);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof DeleteSet that && clients.equals(that.clients);
    }

    @Override
    public int hashCode() {
        return clients.hashCode();
    }

    /** Passes on every range, clients and clocks ascending. */
    public void forEach(RangeConsumer consumer) {
        new TreeMap<>(clients).forEach((client, ranges) -> give(client, ranges, consumer));
    }

    /** Passes on every range, clients in the order in which they were added, clocks ascending. */
    public void forEachInOrder(RangeConsumer consumer) {
        clients.forEach((client, ranges) -> give(client, ranges, consumer));
    }

    private static void give(long client, Ranges ranges, RangeConsumer consumer) {
        for (int i = 0; i < ranges.size(); i++) {
            consumer.accept(client, ranges.from(i), ranges.to(i));
        }
    }

    /** Adds to {@code target} the clocks of a range that this set lacks. */
    public void missing(long client, long from, long to, DeleteSet target) {
        Ranges ranges = clients.get(client);
        if (ranges == null) {
            target.add(client, from, to);
        } else if (!ranges.covers(from, to)) {
            ranges.missing(from, to, target.clients.computeIfAbsent(client, c -> new Ranges()));
        }
    }

    /** The number of ranges. */
    public int size() {
        int size = 0;
        for (Ranges ranges : clients.values()) {
            size += ranges.size();
        }
        return size;
    }

    /** Adds the clocks {@code [from, to)} of {@code client}; does nothing if that is empty. */
    public void add(long client, long from, long to) {
        clients.computeIfAbsent(client, c -> new Ranges()).add(from, to);
    }

    /** Adds all ranges of another set. */
    public void addAll(DeleteSet other) {
        other.clients.forEach((client, ranges) ->
                clients.computeIfAbsent(client, c -> new Ranges()).addAll(ranges));
    }

    /** Writes the V1 wire form, clients descending as Yjs does. */
    public void encode(Encoder out) {
        TreeMap<Long, Ranges> sorted = new TreeMap<>(Comparator.reverseOrder());
        sorted.putAll(clients);
        out.writeVarUint(sorted.size());
        sorted.forEach((client, ranges) -> {
            out.writeVarUint(client);
            ranges.encode(out);
        });
    }

    /** Writes the V2 wire form, clients descending as Yjs does. */
    public void encodeV2(Encoder out) {
        int count = 0;
        for (Ranges ranges : clients.values()) {
            count += ranges.size();
        }
        long[] rows = new long[count * Update.DELETE_ROW];
        int[] at = new int[1];
        forEach((client, from, to) -> {
            rows[at[0]++] = client;
            rows[at[0]++] = from;
            rows[at[0]++] = to;
        });
        DeleteSetV2.encode(rows, count, out);
    }

    /**
     * Reads the V2 wire form and leaves the decoder at the byte after it.
     *
     * @throws DecodeException if it is malformed, or a range ends beyond 2^53 - 1
     */
    public static DeleteSet decodeV2(Decoder in) {
        Encoder v1 = new Encoder(64);
        DeleteSetV2.toV1(in, v1);
        DeleteSet deletes = new DeleteSet();
        decode(new Decoder(v1.toByteArray()), deletes::add);
        return deletes;
    }

    /**
     * Reads the V1 wire form; ranges may come in any order and overlap. Ranges of no length, which engines other than
     * Yjs write, are not passed on.
     *
     * @return the number of ranges of no length
     * @throws DecodeException if it is malformed, or a range ends beyond 2^53 - 1
     */
    public static int decode(Decoder in, RangeConsumer consumer) {
        int empty = 0;
        int n = in.readCount(2);
        for (int i = 0; i < n; i++) {
            long client = in.readVarUint();
            int ranges = in.readCount(2);
            for (int k = 0; k < ranges; k++) {
                long clock = in.readVarUint();
                long len = in.readVarUint();
                if (clock + len > Decoder.MAX_SAFE_INTEGER) {
                    throw new DecodeException("deleted range beyond 2^53 - 1");
                }
                if (len == 0) {
                    empty++;
                } else {
                    consumer.accept(client, clock, clock + len);
                }
            }
        }
        return empty;
    }
}
