package io.keck.storage.history;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;

/** The table of checkpoints, {@code history_checkpoints}, and the encoding of their content. Stateless. */
final class Checkpoints {
    /**
     * A checkpoint.
     *
     * @param seq the row whose state it holds
     * @param at the time at which that row was written, in milliseconds since 1970
     * @param stateBytes the size of the state before compression, in bytes
     */
    record Checkpoint(long seq, long at, long stateBytes, StoredObject object) {}

    /**
     * The content of a checkpoint.
     *
     * @param state a V1 update
     * @param authors an encoded {@code Authorship} with the ids of authors
     */
    record Content(byte[] state, byte[] authors) {}

    private static final int VERSION = 1;
    private static final String COLUMNS = "seq, at, state_bytes, store, object, stored_bytes, checksum";

    private static final RowMapper<Checkpoint> CHECKPOINT = (rs, ctx) -> new Checkpoint(
            rs.getLong(1),
            rs.getLong(2),
            rs.getLong(3),
            new StoredObject(rs.getString(4), rs.getLong(5), rs.getLong(6), rs.getLong(7)));

    private static final String INSERT = "INSERT INTO history_checkpoints (room_id, " + COLUMNS + """
            ) VALUES (:room, :seq, :at, :stateBytes, :store, :object, :bytes, :checksum)
            ON CONFLICT (room_id, seq) DO NOTHING""";

    private Checkpoints() {}

    /** The newest checkpoint at or before a row. */
    static Optional<Checkpoint> newest(Handle h, long roomId, long seq) {
        return h.createQuery("SELECT " + COLUMNS
                        + " FROM history_checkpoints WHERE room_id = :room AND seq <= :seq ORDER BY seq DESC LIMIT 1")
                .bind("room", roomId)
                .bind("seq", seq)
                .map(CHECKPOINT)
                .findOne();
    }

    /** The checkpoints after a row, oldest first. */
    static List<Checkpoint> after(Handle h, long roomId, long seq, int most) {
        return h.createQuery("SELECT " + COLUMNS
                        + " FROM history_checkpoints WHERE room_id = :room AND seq > :seq ORDER BY seq LIMIT :n")
                .bind("room", roomId)
                .bind("seq", seq)
                .bind("n", most)
                .map(CHECKPOINT)
                .list();
    }

    /** Inserts a checkpoint; returns false if the row has one. */
    static boolean insert(Handle h, long roomId, Checkpoint checkpoint) {
        return h.createUpdate(INSERT)
                        .bind("room", roomId)
                        .bind("seq", checkpoint.seq())
                        .bind("at", checkpoint.at())
                        .bind("stateBytes", checkpoint.stateBytes())
                        .bind("store", checkpoint.object().store())
                        .bind("object", checkpoint.object().id())
                        .bind("bytes", checkpoint.object().bytes())
                        .bind("checksum", checkpoint.object().checksum())
                        .execute()
                == 1;
    }

    /** Replaces the object of a checkpoint; returns false if the checkpoint no longer exists. */
    static boolean replace(Handle h, long roomId, Checkpoint before, Checkpoint after) {
        return h.createUpdate("""
                                UPDATE history_checkpoints SET state_bytes = :stateBytes, store = :store, object = :object,
                                  stored_bytes = :bytes, checksum = :checksum
                                WHERE room_id = :room AND seq = :seq AND object = :before""")
                        .bind("room", roomId)
                        .bind("seq", before.seq())
                        .bind("before", before.object().id())
                        .bind("stateBytes", after.stateBytes())
                        .bind("store", after.object().store())
                        .bind("object", after.object().id())
                        .bind("bytes", after.object().bytes())
                        .bind("checksum", after.object().checksum())
                        .execute()
                == 1;
    }

    static byte[] encode(Content content) {
        Encoder out = new Encoder(content.state().length + content.authors().length + 16);
        out.writeUint8(VERSION);
        out.writeVarUint8Array(content.authors());
        out.writeBytes(content.state(), 0, content.state().length);
        return out.toByteArray();
    }

    /**
     * Decodes the content of a checkpoint.
     *
     * @throws DecodeException if it is damaged or was written by a later release
     */
    static Content decode(byte[] encoded) {
        Decoder in = new Decoder(encoded);
        int version = in.readUint8();
        if (version != VERSION) {
            throw new DecodeException("unknown version of a checkpoint: " + version);
        }
        byte[] authors = in.readVarUint8Array();
        return new Content(in.readRest(), authors);
    }
}
