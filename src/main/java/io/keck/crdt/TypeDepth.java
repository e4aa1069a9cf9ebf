package io.keck.crdt;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * How deep the shared types of one update nest in each other. Stock clients recurse when they delete a type, and one of
 * some ten thousand levels overflows their stack. Does not recurse itself, and takes time linear in the update.
 */
final class TypeDepth {
    private record Id(long client, long clock) {}

    private static final int UNKNOWN = -1;
    private static final int ON_THE_WAY = -2;

    private final byte[] bytes;
    private final long[] structs;
    private final int[] rows;
    private final Map<Id, Integer> byId = new HashMap<>();

    private TypeDepth(byte[] bytes, long[] structs, int[] rows) {
        this.bytes = bytes;
        this.structs = structs;
        this.rows = rows;
        for (int i = 0; i < rows.length; i++) {
            byId.put(new Id(structs[rows[i] + Update.CLIENT], structs[rows[i] + Update.CLOCK]), i);
        }
    }

    /**
     * Refuses an update whose types nest deeper than {@code max}.
     *
     * @throws DecodeException if they do
     */
    static void check(byte[] bytes, long[] structs, int structCount, int max) {
        int[] types = new int[16];
        int n = 0;
        for (int r = 0; r < structCount * Update.ROW; r += Update.ROW) {
            if ((structs[r + Update.INFO] & Refs.MASK) == Refs.TYPE) {
                types = n == types.length ? Arrays.copyOf(types, n * 2) : types;
                types[n++] = r;
            }
        }
        if (n > max && new TypeDepth(bytes, structs, Arrays.copyOf(types, n)).deepest() > max) {
            throw new DecodeException("types nest deeper than " + max);
        }
    }

    private int deepest() {
        int[] depth = new int[rows.length];
        Arrays.fill(depth, UNKNOWN);
        int[] path = new int[rows.length];
        int deepest = 0;
        for (int start = 0; start < rows.length; start++) {
            int length = 0;
            int at = start;
            while (at >= 0 && depth[at] == UNKNOWN) {
                depth[at] = ON_THE_WAY;
                path[length++] = at;
                at = next(at);
            }
            int known = at >= 0 && depth[at] >= 0 ? depth[at] : 0; // types in a circle never get into a document
            while (length > 0) {
                int type = path[--length];
                known += isSibling(type) && known > 0 ? 0 : 1;
                depth[type] = known;
                deepest = Math.max(deepest, known);
            }
        }
        return deepest;
    }

    /** An item with an origin stands in the parent of its origin. */
    private boolean isSibling(int type) {
        return (structs[rows[type] + Update.INFO] & (Refs.ORIGIN | Refs.RIGHT_ORIGIN)) != 0;
    }

    /** The type of this update that says how deep this one stands: its parent, or a neighbour; -1 when there is none. */
    private int next(int type) {
        int r = rows[type];
        Id id;
        if (structs[r + Update.ORIGIN_CLIENT] >= 0) {
            id = new Id(structs[r + Update.ORIGIN_CLIENT], structs[r + Update.ORIGIN_CLOCK]);
        } else if (structs[r + Update.RIGHT_CLIENT] >= 0) {
            id = new Id(structs[r + Update.RIGHT_CLIENT], structs[r + Update.RIGHT_CLOCK]);
        } else {
            long section = structs[r + Update.ORIGIN_CLOCK];
            Decoder in = new Decoder(bytes, Update.from(section), Update.to(section));
            if (in.readVarUint() == 1) {
                return -1;
            }
            id = new Id(in.readVarUint(), in.readVarUint());
        }
        return byId.getOrDefault(id, -1);
    }
}
