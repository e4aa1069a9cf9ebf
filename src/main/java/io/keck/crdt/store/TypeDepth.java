package io.keck.crdt.store;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Checks how deep the shared types of one update nest in each other. Stock clients recurse when they delete a type, and
 * a type of some ten thousand levels overflows their stack. Does not recurse, and takes time linear in the update.
 */
final class TypeDepth {
    private record Id(long client, long clock) {}

    private static final int UNKNOWN = -1;
    private static final int ON_THE_WAY = -2;

    private final StructRows structs;
    /** The rows of the types. */
    private final int[] types;

    private final Map<Id, Integer> byId = new HashMap<>();

    private TypeDepth(StructRows structs, int[] types) {
        this.structs = structs;
        this.types = types;
        for (int i = 0; i < types.length; i++) {
            byId.put(new Id(structs.client(types[i]), structs.clock(types[i])), i);
        }
    }

    /**
     * Refuses an update whose types nest deeper than {@code max}.
     *
     * @throws DecodeException if they do
     */
    static void check(StructRows structs, int max) {
        int[] types = new int[16];
        int n = 0;
        for (int row = 0; row < structs.count(); row++) {
            if (structs.ref(row) == Refs.TYPE) {
                types = n == types.length ? Arrays.copyOf(types, n * 2) : types;
                types[n++] = row;
            }
        }
        if (n > max && new TypeDepth(structs, Arrays.copyOf(types, n)).deepest() > max) {
            throw new DecodeException("types nest deeper than " + max);
        }
    }

    private int deepest() {
        int[] depth = new int[types.length];
        Arrays.fill(depth, UNKNOWN);
        int[] path = new int[types.length];
        int deepest = 0;
        for (int start = 0; start < types.length; start++) {
            int length = 0;
            int at = start;
            while (at >= 0 && depth[at] == UNKNOWN) {
                depth[at] = ON_THE_WAY;
                path[length++] = at;
                at = next(at);
            }
            int known = at >= 0 && depth[at] >= 0 ? depth[at] : 0; // types that form a circle are never integrated
            while (length > 0) {
                int type = path[--length];
                known += isSibling(type) && known > 0 ? 0 : 1;
                depth[type] = known;
                deepest = Math.max(deepest, known);
            }
        }
        return deepest;
    }

    /** Whether the type has an origin: then it is in the parent of that origin. */
    private boolean isSibling(int type) {
        return (structs.info(types[type]) & (Refs.ORIGIN | Refs.RIGHT_ORIGIN)) != 0;
    }

    /**
     * The index of the type of this update that determines the depth of this one: its parent or a sibling; -1 if there
     * is none.
     */
    private int next(int type) {
        int row = types[type];
        Id id;
        if (structs.originClient(row) >= 0) {
            id = new Id(structs.originClient(row), structs.originClock(row));
        } else if (structs.rightClient(row) >= 0) {
            id = new Id(structs.rightClient(row), structs.rightClock(row));
        } else {
            Decoder in = structs.parentInfo(row);
            if (in.readVarUint() == 1) {
                return -1;
            }
            id = new Id(in.readVarUint(), in.readVarUint());
        }
        return byId.getOrDefault(id, -1);
    }
}
