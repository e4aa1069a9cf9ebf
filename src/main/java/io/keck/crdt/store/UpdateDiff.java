package io.keck.crdt.store;

/**
 * Cuts the part that a peer lacks out of the bytes of an update: known structs of a client are skipped, a struct that
 * is known in part is cut, and all structs after it are copied. Source: Yjs {@code updates.js} {@code diffUpdateV2}.
 */
final class UpdateDiff {
    private UpdateDiff() {}

    /** Returns the difference in V1; the deletes stay whole. */
    static byte[] of(Update u, StateVector known) {
        StructWriter w = new StructWriter();
        StructReader in = new StructReader();
        DeleteSet deletes = new DeleteSet();
        in.structs(u);
        for (boolean more = in.next(); more; ) {
            long client = in.client;
            long state = known.clock(client);
            while (more && in.client == client && in.end <= state) {
                if (in.isDeleted()) { // the peer may hold them undeleted, and this struct is not sent
                    deletes.add(client, in.clock, in.end);
                }
                more = in.next();
            }
            if (!more || in.client != client) {
                continue;
            }
            w.client(client);
            if (in.clock < state) {
                if (in.isDeleted()) {
                    deletes.add(client, in.clock, state);
                }
                cut(w, in, state);
                more = in.next();
            }
            if (more && in.client == client) {
                more = copyRest(w, in);
            }
            w.endClient();
        }
        in.deletes(u);
        while (in.nextDelete()) {
            deletes.add(in.client, in.clock, in.end);
        }
        return w.finish(deletes);
    }

    private static void cut(StructWriter w, StructReader in, long from) {
        ClientIds ids = new ClientIds();
        ClientStructs one = new ClientStructs(ids, ids.number(in.client), null);
        one.insert(in, from, in.end, new Content.Cursor());
        one.write(w, from, in.end, true);
    }

    /** Copies the structs of this client from the current one on; returns whether another client follows. */
    private static boolean copyRest(StructWriter w, StructReader in) {
        long client = in.client;
        long clock = in.clock;
        int from = in.start;
        int left = in.left();
        int to;
        long end;
        int after;
        boolean more;
        do {
            to = in.position();
            end = in.end;
            after = in.left();
            more = in.next();
        } while (more && in.client == client);
        w.structs(in.bytes, from, to, left - after + 1, clock, end);
        return more;
    }
}
