package io.keck.storage.history;

import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** What is kept of each room: the table {@code history_rooms}. Stateless. */
final class HistoryRooms {
    /**
     * A room.
     *
     * @param first the first seq at which the document is known
     * @param cut the last row that is in a segment, or that was gone when history began
     * @param sessions the last row that is in a stored session
     * @param payload bytes of updates that were folded since history began
     * @param written bytes of segments and checkpoints that were ever written
     * @param credit bytes that checkpoints may still take
     * @param kept bytes of segments and checkpoints that are stored
     */
    record Room(long first, long cut, long sessions, long payload, long written, long credit, long kept) {}

    private static final String FIND = """
            SELECT first_seq, cut_seq, sessions_seq, payload_bytes, written_bytes, credit, kept_bytes
            FROM history_rooms WHERE room_id = :room""";

    private static final String BEGIN = """
            INSERT INTO history_rooms (room_id, first_seq, first_at, cut_seq, sessions_seq, payload_bytes,
              written_bytes, credit, kept_bytes, due_at)
            VALUES (:room, :first, :at, :first, :first, 0, 0, 0, 0, :due)
            ON CONFLICT (room_id) DO UPDATE SET first_seq = :first, first_at = :at, cut_seq = :first,
              sessions_seq = :first WHERE history_rooms.cut_seq < :first""";

    private static final String ADD = """
            UPDATE history_rooms SET written_bytes = written_bytes + :written, credit = credit + :credit,
              kept_bytes = kept_bytes + :kept WHERE room_id = :room""";

    private static final String FOLDED = """
            UPDATE history_rooms SET sessions_seq = :last, payload_bytes = payload_bytes + :bytes,
              credit = credit + :credit WHERE room_id = :room AND sessions_seq = :from""";

    private HistoryRooms() {}

    static Optional<Room> find(Handle h, long roomId) {
        return h.createQuery(FIND)
                .bind("room", roomId)
                .map((rs, ctx) -> new Room(
                        rs.getLong(1),
                        rs.getLong(2),
                        rs.getLong(3),
                        rs.getLong(4),
                        rs.getLong(5),
                        rs.getLong(6),
                        rs.getLong(7)))
                .findOne();
    }

    /** Begins history after a row, also where there is an older one that ends before it; false if it has begun already. */
    static boolean begin(Handle h, long roomId, long first, long at, long due) {
        return h.createUpdate(BEGIN)
                        .bind("room", roomId)
                        .bind("first", first)
                        .bind("at", at)
                        .bind("due", due)
                        .execute()
                == 1;
    }

    /** Notes that rows are in sessions; false if another node has done so. */
    static boolean folded(Handle h, long roomId, long from, long last, long bytes, long credit) {
        return h.createUpdate(FOLDED)
                        .bind("room", roomId)
                        .bind("from", from)
                        .bind("last", last)
                        .bind("bytes", bytes)
                        .bind("credit", credit)
                        .execute()
                == 1;
    }

    /** Notes the end of the newest segment; false if another node has written one. */
    static boolean cut(Handle h, long roomId, long from, long last) {
        return h.createUpdate("UPDATE history_rooms SET cut_seq = :last WHERE room_id = :room AND cut_seq = :from")
                        .bind("room", roomId)
                        .bind("from", from)
                        .bind("last", last)
                        .execute()
                == 1;
    }

    /** Counts bytes; each may be negative. */
    static void add(Handle h, long roomId, long written, long credit, long kept) {
        h.createUpdate(ADD)
                .bind("room", roomId)
                .bind("written", written)
                .bind("credit", credit)
                .bind("kept", kept)
                .execute();
    }
}
