package io.keck.crdt.store;

import io.keck.crdt.lib0.Spill;

/**
 * Writes a whole document as an update without holding it in memory: it needs about {@link Spill#PIECE} bytes for each column
 * of the format, and two numbers for each piece. Pieces are handed over in any order; concatenated in the returned order they
 * are the update. Stateless.
 */
public final class UpdateInPieces {
    private UpdateInPieces() {}

    /**
     * Writes the bytes of {@link StructStore#encode}.
     *
     * @return position and length of each piece, in the order of the update
     */
    public static long[] v1(StructStore store, Spill spill) {
        return v1(store, StateVector.EMPTY, spill);
    }

    /** As the other {@code v1}, without the structs that a peer with the given state vector has: {@link StructStore#diff}. */
    public static long[] v1(StructStore store, StateVector known, Spill spill) {
        StructWriter writer = new StructWriter(spill);
        return writer.finishInPieces(store.write(writer, known), spill);
    }

    /**
     * Writes the same update in wire format V2, byte for byte as {@link UpdateV2#encode} would.
     *
     * @return position and length of each piece, in the order of the update
     */
    public static long[] v2(StructStore store, Spill spill) {
        return v2(store, StateVector.EMPTY, spill);
    }

    /** As the other {@code v2}, without the structs that a peer with the given state vector has. */
    public static long[] v2(StructStore store, StateVector known, Spill spill) {
        StructWriterV2 writer = new StructWriterV2(spill);
        return writer.finishInPieces(store.write(writer, known), spill);
    }
}
