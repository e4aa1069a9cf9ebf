package io.keck.crdt.store;

/**
 * Writes structs and deletes that the caller has sorted as an update in wire format V1; structs are copied from the
 * bytes of a checked update. Stateless.
 */
final class OrderedUpdate {
    private OrderedUpdate() {}

    /**
     * Encodes the given structs and deletes.
     *
     * @param bytes an update that was checked
     * @param places client, clock and index in {@code bytes} of each struct, ordered by client, then clock
     * @param deletes client, first clock and end of each delete, ordered in the same way
     */
    static byte[] encode(byte[] bytes, long[] places, long[] deletes) {
        StructStore store = new StructStore(true);
        StructReader reader = new StructReader();
        for (int i = 0; i < places.length; i += UpdateParser.PLACE) {
            ClientStructs c = store.client(places[i]);
            reader.again(bytes, c.client, (int) places[i + 2], places[i + 1]);
            long from = Math.max(c.end(), reader.clock);
            if (from < reader.end) {
                store.insert(c, reader, from, reader.end);
            }
        }
        for (int r = 0; r < deletes.length; ) {
            ClientStructs c = store.client(deletes[r]);
            Ranges ranges = new Ranges();
            for (; r < deletes.length && deletes[r] == c.client; r += Update.DELETE_ROW) {
                ranges.add(deletes[r + 1], deletes[r + 2]);
            }
            c.deletes.addAll(ranges);
        }
        return store.encode();
    }
}
