package io.keck.storage.log;

import io.keck.access.Author;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomLost;
import io.keck.feed.Authorship;
import io.keck.room.UpdateLog;
import io.keck.room.UpdateLog.Introductions;
import io.keck.storage.rows.FoldedAuthors;
import io.keck.storage.rows.FoldedAuthors.Folded;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the introducers of a room's client ids: those recorded when rows were folded, and those of later rows. Stateless. */
final class RoomIntroductions {
    private static final Logger LOG = LoggerFactory.getLogger(RoomIntroductions.class);
    private static final int PAGE = 100;
    private static final int IDS_AT_ONCE = 500;
    private static final int ATTEMPTS = 5;

    private static final String ROWS = """
            SELECT l.seq, l.origin, a.principal, CASE WHEN a.id IS NOT NULL THEN l.payload END
            FROM room_log l LEFT JOIN authors a ON a.id = l.author
            WHERE l.room_id = :room AND l.seq > :after ORDER BY l.seq LIMIT :page""";

    private RoomIntroductions() {}

    /**
     * Reads the introducers.
     *
     * @param after introductions up to this row may be left out
     * @throws RoomLost if there is no such room
     */
    static Introductions read(Handle h, long roomId, long after) {
        Introductions read = once(h, roomId, after);
        for (int i = 1; i < ATTEMPTS && FoldedAuthors.seq(h, roomId) > read.seq(); i++) {
            read = once(h, roomId, after); // rows may have been folded and purged between the two statements
        }
        return read;
    }

    /**
     * Reads the introducers of client ids in a room, whose row is locked, if another principal has introduced an id that an
     * append claims; otherwise returns none.
     */
    static Map<Long, String> taken(Handle h, LogWrite.Append append) {
        long after = Long.MAX_VALUE;
        for (UpdateLog.Entry entry : append.entries()) {
            after = entry.claim() == null
                    ? after
                    : Math.min(after, entry.claim().after());
        }
        if (after == Long.MAX_VALUE) {
            return Map.of();
        }
        Map<Long, String> by = read(h, append.roomId(), after).by();
        return append.entries().stream().anyMatch(entry -> isTaken(entry, by)) ? by : Map.of();
    }

    private static boolean isTaken(UpdateLog.Entry entry, Map<Long, String> by) {
        UpdateLog.Claim claim = entry.claim();
        Author author = entry.author();
        return claim != null
                && author != null
                && claim.clients().stream()
                        .anyMatch(client ->
                                !by.getOrDefault(client, author.principal()).equals(author.principal()));
    }

    private static Introductions once(Handle h, long roomId, long after) {
        long head = h.createQuery("SELECT head FROM rooms WHERE id = :room")
                .bind("room", roomId)
                .mapTo(Long.class)
                .findOne()
                .orElseThrow(() -> new RoomLost(roomId));
        Map<Long, String> by = new HashMap<>();
        long from = after;
        if (FoldedAuthors.seq(h, roomId) > after) {
            Folded folded = FoldedAuthors.read(h, roomId);
            addFolded(h, roomId, folded, by);
            from = folded.seq();
        }
        long last = addRows(h, roomId, from, by);
        return new Introductions(by, Math.max(head, last));
    }

    private static void addFolded(Handle h, long roomId, Folded folded, Map<Long, String> by) {
        byte[] ranges = folded.ranges();
        if (ranges == null) {
            return;
        }
        Map<Long, Authorship.Mark<Long>> introduced;
        try {
            introduced = Authorship.decode(
                            ranges, code -> RowAuthors.introduces(code.word()) ? (Long) code.number() : null)
                    .introduced();
        } catch (DecodeException e) {
            LOG.warn(
                    "The introducers of client ids in folded rows of room {} cannot be read; these ids count as not introduced: {}",
                    roomId,
                    e.getMessage());
            return;
        }
        Map<Long, String> principals = principals(
                h,
                introduced.values().stream()
                        .map(Authorship.Mark::author)
                        .distinct()
                        .toList());
        introduced.forEach((client, mark) -> {
            String principal = principals.get(mark.author());
            if (principal != null) {
                by.put(client, principal);
            }
        });
    }

    private static Map<Long, String> principals(Handle h, List<Long> numbers) {
        Map<Long, String> principals = new TreeMap<>();
        for (int from = 0; from < numbers.size(); from += IDS_AT_ONCE) {
            h.createQuery("SELECT id, principal FROM authors WHERE id IN (<ids>)")
                    .bindList("ids", numbers.subList(from, Math.min(numbers.size(), from + IDS_AT_ONCE)))
                    .map((rs, ctx) -> principals.put(rs.getLong(1), rs.getString(2)))
                    .list();
        }
        return principals;
    }

    /** Adds the introducers of rows; returns the seq of the last row, 0 if there is none. */
    private static long addRows(Handle h, long roomId, long after, Map<Long, String> by) {
        long[] at = {after};
        int count;
        do {
            count = h.createQuery(ROWS)
                    .bind("room", roomId)
                    .bind("after", at[0])
                    .bind("page", PAGE)
                    .map((rs, ctx) -> {
                        at[0] = rs.getLong(1);
                        String origin = rs.getString(2);
                        String principal = rs.getString(3);
                        byte[] payload = rs.getBytes(4);
                        if (principal != null && origin != null && payload != null && RowAuthors.introduces(origin)) {
                            add(payload, principal, by);
                        }
                        return true;
                    })
                    .list()
                    .size();
        } while (count == PAGE);
        return at[0] == after ? 0 : at[0];
    }

    private static void add(byte[] payload, String principal, Map<Long, String> by) {
        try {
            for (long client : Update.decode(payload, DecodeLimits.OWN).clients()) {
                by.putIfAbsent(client, principal);
            }
        } catch (DecodeException e) {
            // a damaged row: its room is quarantined, and nothing is committed there
        }
    }
}
