package io.keck.crdt.store;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * How much of each client's history a replica has: maps a client id to the next clock expected. A client without an
 * entry is at 0. Immutable, thread-safe. Source: Yjs {@code encoding.js} {@code readStateVector}.
 */
public final class StateVector {
    /** The state vector of an empty document. */
    public static final StateVector EMPTY = new StateVector(Map.of());

    private final Map<Long, Long> clocks;

    private StateVector(Map<Long, Long> clocks) {
        this.clocks = clocks;
    }

    /** Creates a state vector of these clocks; zeros are left out. */
    public static StateVector of(Map<Long, Long> clocks) {
        Map<Long, Long> copy = new HashMap<>(clocks);
        copy.values().removeIf(clock -> clock == 0);
        return new StateVector(copy);
    }

    /**
     * Reads the wire form: a count, then client and clock of each entry. If a client is named twice, the last entry
     * counts, as in Yjs.
     *
     * @throws DecodeException if the bytes are malformed or more bytes follow
     */
    public static StateVector decode(byte[] bytes) {
        Decoder in = new Decoder(bytes);
        int n = in.readCount(2);
        Map<Long, Long> clocks = new HashMap<>();
        for (int i = 0; i < n; i++) {
            clocks.put(in.readVarUint(), in.readVarUint());
        }
        if (in.hasRemaining()) {
            throw new DecodeException("bytes after the state vector");
        }
        return of(clocks);
    }

    /** The wire form, clients in descending order as Yjs writes them. */
    public byte[] encode() {
        Encoder out = new Encoder();
        out.writeVarUint(clocks.size());
        clocks.entrySet().stream()
                .sorted(Map.Entry.comparingByKey(Comparator.reverseOrder()))
                .forEach(e -> {
                    out.writeVarUint(e.getKey());
                    out.writeVarUint(e.getValue());
                });
        return out.toByteArray();
    }

    /** The next clock expected of {@code client}; 0 for an unknown client. */
    public long clock(long client) {
        return clocks.isEmpty() ? 0 : clocks.getOrDefault(client, 0L);
    }

    /** All clocks above 0, by client id. */
    public Map<Long, Long> asMap() {
        return Collections.unmodifiableMap(clocks);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof StateVector that && clocks.equals(that.clocks);
    }

    @Override
    public int hashCode() {
        return clocks.hashCode();
    }

    @Override
    public String toString() {
        return new TreeMap<>(clocks).toString();
    }
}
