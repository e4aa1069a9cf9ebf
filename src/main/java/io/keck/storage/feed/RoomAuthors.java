package io.keck.storage.feed;

import io.keck.access.Author;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import io.keck.feed.Authorship;
import io.keck.feed.ChangeLog.Authors;
import io.keck.feed.ChangeLog.Change;
import io.keck.storage.rows.FoldedAuthors;
import io.keck.storage.rows.StoredAuthors;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the authors of a room: those recorded when rows were folded, and those of the rows after that. Stateless. */
public final class RoomAuthors {
    private static final Logger LOG = LoggerFactory.getLogger(RoomAuthors.class);
    private static final long PAGE = 4 << 20;
    private static final int ATTEMPTS = 5;
    private static final int IDS_AT_ONCE = 500;

    private RoomAuthors() {}

    /** Reads the authors up to the newest row. */
    static Authors read(Handle h, long roomId) {
        Authors authors = new Authors(new Authorship<>(), 0);
        for (int i = 0; i < ATTEMPTS; i++) {
            FoldedAuthors.Folded folded = FoldedAuthors.read(h, roomId);
            Authorship<Author> ranges = decode(h, roomId, folded);
            authors = new Authors(ranges, addRows(h, roomId, folded.seq(), ranges));
            if (FoldedAuthors.read(h, roomId).seq() == folded.seq()) {
                // otherwise rows may have been purged meanwhile, after a node folded them and recorded their authors
                return authors;
            }
        }
        return authors;
    }

    private static Authorship<Author> decode(Handle h, long roomId, FoldedAuthors.Folded folded) {
        return decode(h, roomId, folded.ranges());
    }

    /** Decodes stored ranges; null stands for none, as do bytes that cannot be read. */
    public static Authorship<Author> decode(Handle h, long roomId, byte @Nullable [] ranges) {
        if (ranges == null) {
            return new Authorship<>();
        }
        try {
            Set<Long> numbers = new LinkedHashSet<>();
            Authorship.<Boolean>decode(ranges, code -> numbers.add(code.number()));
            Map<Long, String[]> known = known(h, List.copyOf(numbers));
            return Authorship.decode(ranges, code -> {
                String[] found = known.get(code.number());
                return found == null ? null : StoredAuthors.of(found[0], found[1], code.word());
            });
        } catch (DecodeException e) {
            LOG.warn(
                    "The authors of folded rows of room {} cannot be read and are treated as unknown: {}",
                    roomId,
                    e.getMessage());
            return new Authorship<>();
        }
    }

    /**
     * Adds rows and returns the seq of the last one. Rows may be missing at the beginning if a node of the previous
     * release folded and purged them.
     */
    private static long addRows(Handle h, long roomId, long after, Authorship<Author> authors) {
        long first = h.createQuery("SELECT COALESCE(min(seq), 0) FROM room_log WHERE room_id = :room AND seq > :after")
                .bind("room", roomId)
                .bind("after", after)
                .mapTo(Long.class)
                .one();
        long at = first == 0 ? after : first - 1;
        while (true) {
            List<Change> rows =
                    JdbiChangeLog.rows(h, roomId, at, Long.MAX_VALUE, PAGE).changes();
            if (rows.isEmpty()) {
                return at;
            }
            for (Change row : rows) {
                authors.add(Update.decode(row.payload(), DecodeLimits.OWN), row.author(), row.at());
                at = row.seq();
            }
        }
    }

    /** Returns principals and attributes by their numbers. */
    private static Map<Long, String[]> known(Handle h, List<Long> numbers) {
        Map<Long, String[]> known = new HashMap<>();
        for (int from = 0; from < numbers.size(); from += IDS_AT_ONCE) {
            h.createQuery("SELECT id, principal, attributes FROM authors WHERE id IN (<ids>)")
                    .bindList("ids", numbers.subList(from, Math.min(numbers.size(), from + IDS_AT_ONCE)))
                    .map((rs, ctx) -> known.put(rs.getLong(1), new String[] {rs.getString(2), rs.getString(3)}))
                    .list();
        }
        return known;
    }
}
