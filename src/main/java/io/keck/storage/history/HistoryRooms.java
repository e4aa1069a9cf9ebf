package io.keck.storage.history;

import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** The table {@code history_rooms}, which records the extent of each room's history. Stateless. */
final class HistoryRooms {
    /**
     * The extent of a room's history.
     *
     * @param first the first seq at which the state of the document is known
     * @param cut the last row in a segment; if there is no segment, the last row that was deleted before history began
     * @param sessions the last row in a stored session
     * @param payload the bytes of updates folded since history began
     * @param written the bytes of all segments and checkpoints ever written
     * @param credit the bytes that further checkpoints may take
     * @param kept the bytes of segments and checkpoints that are stored now
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

    /**
     * Begins the history of a room after a row, also if the room has an older history that ends before that row;
     * returns false if it has begun already.
     */
    static boolean begin(Handle h, long roomId, long first, long at, long due) {
        return h.createUpdate(BEGIN)
                        .bind("room", roomId)
                        .bind("first", first)
                        .bind("at", at)
                        .bind("due", due)
                        .execute()
                == 1;
    }

    /** Records that rows are in sessions; returns false if another node has done so. */
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

    /** Records the end of the newest segment; returns false if another node has written a segment meanwhile. */
    static boolean cut(Handle h, long roomId, long from, long last) {
        return h.createUpdate("UPDATE history_rooms SET cut_seq = :last WHERE room_id = :room AND cut_seq = :from")
                        .bind("room", roomId)
                        .bind("from", from)
                        .bind("last", last)
                        .execute()
                == 1;
    }

    /** Adds to the counts of bytes; each number may be negative. */
    static void add(Handle h, long roomId, long written, long credit, long kept) {
        h.createUpdate(ADD)
                .bind("room", roomId)
                .bind("written", written)
                .bind("credit", credit)
                .bind("kept", kept)
                .execute();
    }
}
