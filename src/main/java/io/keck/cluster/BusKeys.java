package io.keck.cluster;

import java.util.List;

/**
 * The keys that authenticate messages on the bus. They are stored in the database, so a valid signature proves that the
 * sender can read the database, and thus could change every document anyway. Immutable.
 *
 * @param keys the accepted keys; this node signs with the first, later ones are being rotated out. Without a key nothing is
 *     signed or verified, which only tests do
 * @param unsigned whether a node of the previous release is running, which signs nothing: then this node publishes each
 *     message unsigned as well, and takes unsigned messages only as hints
 * @param databaseAway whether the last query to the database failed
 */
public record BusKeys(List<byte[]> keys, boolean unsigned, boolean databaseAway) {
    /** The length of a key in bytes. */
    public static final int SIZE = 32;

    /** No keys: nothing is signed. */
    static final BusKeys NONE = new BusKeys(List.of(), true, false);

    /** Copies the list. */
    public BusKeys {
        keys = List.copyOf(keys);
    }

    /** Returns a text without the keys. */
    @Override
    public String toString() {
        return "BusKeys[" + keys.size() + " keys, unsigned=" + unsigned + ", databaseAway=" + databaseAway + "]";
    }
}
