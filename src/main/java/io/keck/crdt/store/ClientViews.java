package io.keck.crdt.store;

import java.util.HashMap;
import java.util.Map;

/** Answers that a {@link StructStore} makes of the structs of all its clients. */
final class ClientViews {
    private ClientViews() {}

    /** All structs as a V1 update, without the content of the given deleted clocks. */
    static byte[] encodeWithout(ClientStructs[] clients, DeleteSet collected) {
        Map<Long, Ranges> dropped = new HashMap<>();
        collected.forEach((client, from, to) ->
                dropped.computeIfAbsent(client, id -> new Ranges()).add(from, to));
        StructWriter w = new StructWriter();
        for (ClientStructs c : clients) {
            if (c.end() > 0) {
                w.client(c.client);
                c.write(w, 0, c.end(), dropped.getOrDefault(c.client, new Ranges()));
                w.endClient();
            }
        }
        return w.finish(clients);
    }

    /** Whether a replica with that state vector lacks more than half of all clocks. */
    static boolean areMostlyUnknownTo(ClientStructs[] clients, StateVector known) {
        long all = 0;
        long lacking = 0;
        for (ClientStructs c : clients) {
            all += c.end();
            lacking += Math.max(0, c.end() - known.clock(c.client));
        }
        return lacking > all / 2;
    }

    /** The deleted clocks, as a copy. */
    static DeleteSet deletes(ClientStructs[] clients) {
        DeleteSet out = new DeleteSet();
        for (ClientStructs c : clients) {
            for (int i = 0; i < c.deletes.size(); i++) {
                out.add(c.client, c.deletes.from(i), c.deletes.to(i));
            }
        }
        return out;
    }
}
