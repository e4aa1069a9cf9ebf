package io.keck.cluster;

import java.util.List;

/**
 * How messages on the bus are authenticated now, as the database says: who can read it may write every document anyway, so
 * its nodes are those who may speak. Immutable.
 *
 * @param keys what messages may be signed with; the first is what this node signs with, later ones are on their way out. No
 *     key: nothing is signed or asked for, which only tests do
 * @param unsigned whether a node of the release before this one is at work, which signs nothing: then this node speaks as it
 *     does, and hears what is not signed as hints
 * @param databaseAway whether the database did not answer the last time
 */
public record BusKeys(List<byte[]> keys, boolean unsigned, boolean databaseAway) {
    /** Bytes of a key. */
    public static final int SIZE = 32;

    /** Nobody signs. */
    static final BusKeys NONE = new BusKeys(List.of(), true, false);

    /** Copies the list. */
    public BusKeys {
        keys = List.copyOf(keys);
    }

    /** Never shows a key. */
    @Override
    public String toString() {
        return "BusKeys[" + keys.size() + " keys, unsigned=" + unsigned + ", databaseAway=" + databaseAway + "]";
    }
}
