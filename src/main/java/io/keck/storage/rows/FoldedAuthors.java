package io.keck.storage.rows;

import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** The authors of the folded rows of a room: the table {@code room_authors}. Stateless. */
public final class FoldedAuthors {
    /**
     * A stored author.
     *
     * @param id the id in {@code authors}
     * @param origin the origin as in the row of the log
     */
    public record Stored(long id, String origin) {}

    /**
     * The stored authors of a room.
     *
     * @param seq the seq of the last row covered; 0 for none
     */
    public record Folded(long seq, byte @Nullable [] ranges) {}

    private FoldedAuthors() {}

    /** Reads the stored authors of a room. */
    public static Folded read(Handle h, long roomId) {
        Optional<Folded> found = h.createQuery("SELECT seq, ranges FROM room_authors WHERE room_id = :room")
                .bind("room", roomId)
                .map((rs, ctx) -> new Folded(rs.getLong(1), rs.getBytes(2)))
                .findOne();
        return found.orElse(new Folded(0, null));
    }

    /** The seq of the last row that is in it; 0 for nothing. */
    public static long seq(Handle h, long roomId) {
        return h.createQuery("SELECT seq FROM room_authors WHERE room_id = :room")
                .bind("room", roomId)
                .mapTo(Long.class)
                .findOne()
                .orElse(0L);
    }

    /** Replaces the stored authors of a room. */
    public static void write(Handle h, long roomId, long seq, byte[] ranges) {
        h.createUpdate("""
                INSERT INTO room_authors (room_id, seq, ranges) VALUES (:room, :seq, :ranges)
                ON CONFLICT (room_id) DO UPDATE SET seq = excluded.seq, ranges = excluded.ranges""")
                .bind("room", roomId)
                .bind("seq", seq)
                .bind("ranges", ranges)
                .execute();
    }
}
