package io.keck.crdt.store;

import io.keck.crdt.lib0.Spill;

/**
 * Writes a whole document as an update without holding it in memory: at most some {@link Spill#PIECE} bytes for each column of
 * the format, and two numbers for each piece. The pieces are handed over in any order; the update is what they are in the order
 * that is returned. Stateless.
 */
public final class UpdateInPieces {
    private UpdateInPieces() {}

    /**
     * The bytes of {@link StructStore#encode}.
     *
     * @return position and length of each piece, in the order of the update
     */
    public static long[] v1(StructStore store, Spill spill) {
        StructWriter writer = new StructWriter(spill);
        return writer.finishInPieces(store.write(writer, StateVector.EMPTY), spill);
    }

    /**
     * The same update in wire format V2, byte for byte as {@link UpdateV2#encode} would write it.
     *
     * @return position and length of each piece, in the order of the update
     */
    public static long[] v2(StructStore store, Spill spill) {
        StructWriterV2 writer = new StructWriterV2(spill);
        return writer.finishInPieces(store.write(writer, StateVector.EMPTY), spill);
    }
}
