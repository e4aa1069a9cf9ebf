package io.keck.storage.rows;

import io.keck.storage.database.UnreadableData;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * Reads the rows of a room in order, a few megabytes at a time (or one row, if that is larger). Each page is a short
 * statement of its own, so no transaction stays open. A row that the database itself cannot read is reported, and
 * reading continues after it.
 */
public final class RowPages {
    private static final int PAGE_ROWS = 1_000;
    private static final long PAGE_BYTES = 4 << 20;

    /**
     * A stored row.
     *
     * @param failure the reason why the database cannot read the row, in which case the bytes are null; or null
     */
    public record Stored(
            long seq,
            long link,
            byte @Nullable [] batchId,
            byte @Nullable [] payload,
            @Nullable Long checksum,
            @Nullable Long before,
            @Nullable String failure) {}

    /** Receives rows. */
    @FunctionalInterface
    public interface Visitor {
        /** Receives a row; returns false to stop. */
        boolean row(Stored row);
    }

    private record Size(long seq, long bytes) {}

    private final Handle h;
    private final long roomId;
    private final boolean hasChecksums;

    /** @param hasChecksums whether the schema has checksums yet */
    public RowPages(Handle h, long roomId, boolean hasChecksums) {
        this.h = h;
        this.roomId = roomId;
        this.hasChecksums = hasChecksums;
    }

    /** Visits the rows after {@code after} up to and including {@code upTo}. */
    public void each(long after, long upTo, Visitor visitor) {
        long from = after;
        List<Size> sizes = sizes(from, upTo);
        while (!sizes.isEmpty()) {
            int at = 0;
            while (at < sizes.size()) {
                int end = at;
                long bytes = 0;
                while (end < sizes.size()
                        && (end == at || bytes + sizes.get(end).bytes() <= PAGE_BYTES)) {
                    bytes += sizes.get(end++).bytes();
                }
                if (!visit(sizes.subList(at, end), visitor)) {
                    return;
                }
                at = end;
            }
            from = sizes.get(sizes.size() - 1).seq();
            sizes = sizes(from, upTo);
        }
    }

    private List<Size> sizes(long after, long upTo) {
        return h.createQuery("""
                SELECT seq, COALESCE(length(payload), 0) FROM room_log
                WHERE room_id = :room AND seq > :after AND seq <= :end ORDER BY seq LIMIT :page""")
                .bind("room", roomId)
                .bind("after", after)
                .bind("end", upTo)
                .bind("page", PAGE_ROWS)
                .map((rs, ctx) -> new Size(rs.getLong(1), rs.getLong(2)))
                .list();
    }

    private boolean visit(List<Size> page, Visitor visitor) {
        List<Stored> rows;
        try {
            rows = read(page.get(0).seq(), page.get(page.size() - 1).seq());
        } catch (JdbiException e) {
            if (!UnreadableData.is(e)) {
                throw e;
            }
            rows = oneByOne(page);
        }
        for (Stored row : rows) {
            if (!visitor.row(row)) {
                return false;
            }
        }
        return true;
    }

    private List<Stored> oneByOne(List<Size> page) {
        List<Stored> rows = new ArrayList<>();
        for (Size size : page) {
            try {
                rows.addAll(read(size.seq(), size.seq()));
            } catch (JdbiException e) {
                if (!UnreadableData.is(e)) {
                    throw e;
                }
                rows.add(new Stored(size.seq(), 0, null, null, null, null, UnreadableData.message(e)));
            }
        }
        return rows;
    }

    private List<Stored> read(long first, long last) {
        return h.createQuery("""
                SELECT seq, link, batch_id, payload, %s
                FROM room_log WHERE room_id = :room AND seq BETWEEN :first AND :last ORDER BY seq""".formatted(hasChecksums ? "checksum, before_link" : "NULL, NULL"))
                .bind("room", roomId)
                .bind("first", first)
                .bind("last", last)
                .map((rs, ctx) -> new Stored(
                        rs.getLong(1),
                        rs.getLong(2),
                        rs.getBytes(3),
                        rs.getBytes(4),
                        RowCheck.number(rs, 5),
                        RowCheck.number(rs, 6),
                        null))
                .list();
    }
}
