package io.keck.storage.log;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.Update;
import io.keck.room.EndedLives;
import io.keck.storage.rows.RowPages;
import java.util.HashMap;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The client ids of ended lives, in the table {@code ended_lives}. The rows of a deleted room stay in the log, and the
 * ids are read from them when the name is opened again within the hold. So a deletion without a following life costs
 * nothing, and lives that a node of the previous release ended are included. Stateless.
 */
public final class EndedClients {
    private EndedClients() {}

    /** Reads the client ids from the log of the life, a few megabytes at a time. Damaged rows are left out. */
    public static long[] read(Handle h, long roomId) {
        Map<Long, Long> clocks = new HashMap<>();
        h.createQuery("SELECT state FROM room_snapshots WHERE room_id = :room AND state IS NOT NULL")
                .bind("room", roomId)
                .map((rs, ctx) -> rs.getBytes(1))
                .findOne()
                .ifPresent(state -> add(clocks, state));
        new RowPages(h, roomId, true).each(0, Long.MAX_VALUE, row -> {
            add(clocks, row.payload());
            return true;
        });
        return EndedLives.clients(clocks);
    }

    private static void add(Map<Long, Long> clocks, byte @Nullable [] update) {
        if (update == null) {
            return;
        }
        try {
            Update decoded = Update.decode(update, DecodeLimits.OWN);
            StateVector whole = decoded.stateVector();
            // including structs whose predecessors are missing, because the tab that wrote them has those
            decoded.clients().forEach(client -> clocks.merge(client, whole.clock(client), Math::max));
        } catch (DecodeException e) {
            // the room was quarantined before it was deleted, and its copies name other ids as well
        }
    }

    /** Stores the client ids until a time. */
    public static boolean keep(Handle h, long roomId, long[] clients, long until) {
        return h.createUpdate("""
                INSERT INTO ended_lives (room_id, clients, keep_until) VALUES (:room, :clients, :until)
                ON CONFLICT (room_id) DO NOTHING""")
                        .bind("room", roomId)
                        .bind("clients", encode(clients))
                        .bind("until", until)
                        .execute()
                == 1;
    }

    /** Deletes the client ids whose hold is over. */
    static void sweep(Handle h, long now) {
        h.createUpdate("DELETE FROM ended_lives WHERE keep_until <= :now")
                .bind("now", now)
                .execute();
    }

    /** Encodes the number of ids, then the difference of each to the previous one. */
    static byte[] encode(long[] ascending) {
        Encoder out = new Encoder();
        out.writeVarUint(ascending.length);
        long before = 0;
        for (long client : ascending) {
            out.writeVarUint(client - before);
            before = client;
        }
        return out.toByteArray();
    }

    static long[] decode(byte[] bytes) {
        Decoder in = new Decoder(bytes);
        long[] clients = new long[in.readCount(1)];
        long before = 0;
        for (int i = 0; i < clients.length; i++) {
            before += in.readVarUint();
            clients[i] = before;
        }
        return clients;
    }
}
