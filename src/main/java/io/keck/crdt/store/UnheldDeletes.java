package io.keck.crdt.store;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds deletes of clocks whose structs have not arrived. Yjs keeps such deletes pending and applies them to whatever
 * arrives later under those ids, so a peer that sends one may delete what another client has yet to write. Stateless.
 */
public final class UnheldDeletes {
    private UnheldDeletes() {}

    /**
     * Returns the deletes of an update whose structs are neither in the store nor in the update. Allocates nothing in the
     * usual case: the store holds all structs that the update deletes.
     *
     * @return null if there are none
     */
    public static @Nullable DeleteSet of(Update u, StructStore store) {
        StructReader reader = new StructReader();
        DeleteSet unheld = notIn(store, u, reader);
        if (unheld == null || u.structCount == 0) {
            return unheld;
        }
        DeleteSet own = clocks(u, reader);
        DeleteSet rest = new DeleteSet();
        unheld.forEachInOrder((client, from, to) -> own.missing(client, from, to, rest));
        return rest.isEmpty() ? null : rest;
    }

    /**
     * Returns the deletes of an update whose structs are not in the store, whether or not the update brings them. Allocates
     * almost nothing if there are none.
     *
     * @return null if there are none
     */
    public static @Nullable DeleteSet notIn(StructStore store, Update u) {
        return notIn(store, u, new StructReader());
    }

    private static @Nullable DeleteSet notIn(StructStore store, Update u, StructReader reader) {
        DeleteSet unheld = null;
        reader.deletes(u);
        ClientStructs c = null;
        long of = -1;
        while (reader.nextDelete()) {
            if (reader.client != of) {
                of = reader.client;
                c = store.find(of);
            }
            if (c == null || c.firstMissing(reader.clock, reader.end) < reader.end) {
                unheld = unheld == null ? new DeleteSet() : unheld;
                add(c, reader.client, reader.clock, reader.end, unheld);
            }
        }
        return unheld;
    }

    /** The clocks of all structs of an update. */
    private static DeleteSet clocks(Update u, StructReader reader) {
        DeleteSet clocks = new DeleteSet();
        long client = -1;
        long from = 0;
        long to = 0;
        reader.structs(u);
        while (reader.next()) {
            if (reader.client != client || reader.clock != to) {
                if (to > from) {
                    clocks.add(client, from, to);
                }
                client = reader.client;
                from = reader.clock;
            }
            to = reader.end;
        }
        if (to > from) {
            clocks.add(client, from, to);
        }
        return clocks;
    }

    /** The part of the deletes whose structs are still missing from that store. */
    public static DeleteSet without(DeleteSet deletes, StructStore store) {
        DeleteSet rest = new DeleteSet();
        deletes.forEachInOrder((client, from, to) -> add(store.find(client), client, from, to, rest));
        return rest;
    }

    private static void add(@Nullable ClientStructs c, long client, long from, long to, DeleteSet out) {
        if (c == null) {
            out.add(client, from, to);
            return;
        }
        for (long at = c.firstMissing(from, to); at < to; ) {
            long present = c.firstPresent(at, to);
            out.add(client, at, present);
            at = c.firstMissing(present, to);
        }
    }

    /** The clocks that are in both. */
    public static DeleteSet both(DeleteSet one, DeleteSet other) {
        DeleteSet only = new DeleteSet();
        one.forEachInOrder((client, from, to) -> other.missing(client, from, to, only));
        DeleteSet both = new DeleteSet();
        one.forEachInOrder((client, from, to) -> only.missing(client, from, to, both));
        return both;
    }

    /** Returns an update without the given deletes. */
    public static Update strip(Update u, DeleteSet unheld) {
        DeleteSet rest = new DeleteSet();
        u.forEachDelete((client, from, to) -> unheld.missing(client, from, to, rest));
        Update structs = u.withoutDeletes();
        if (rest.isEmpty()) {
            return structs;
        }
        Update deletes = Update.ofDeletes(rest);
        return structs.isEmpty() ? deletes : Update.merge(List.of(structs, deletes), true);
    }
}
