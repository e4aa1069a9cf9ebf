package io.keck.storage.log;

import io.keck.access.Origin;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import io.keck.feed.Authorship;
import io.keck.room.UpdateLog;
import io.keck.storage.rows.FoldedAuthors;
import io.keck.storage.rows.FoldedAuthors.Stored;
import java.util.HashMap;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the authors of rows that are folded, because a snapshot has content only. Rows that a node of the previous
 * release has folded are added at the next fold if they still exist. Stateless.
 */
final class RowAuthors {
    private static final Logger LOG = LoggerFactory.getLogger(RowAuthors.class);
    private static final int PAGE = 500;

    /** Without the payloads of the rows to fold, which are in memory already. */
    private static final String ROWS = """
            SELECT seq, author, origin, created_at, CASE WHEN seq <= :known THEN payload END FROM room_log
            WHERE room_id = :room AND seq > :after AND seq <= :last ORDER BY seq LIMIT :page""";

    private RowAuthors() {}

    /**
     * Returns the authors of a room up to the last of these rows, to be stored with the snapshot; null if the stored
     * authors cannot be read, in which case they are left as they are.
     */
    static byte @Nullable [] fold(Handle h, UpdateLog.Contents folded) {
        FoldedAuthors.Folded before = FoldedAuthors.read(h, folded.roomId());
        Authorship<Stored> authors;
        try {
            byte[] ranges = before.ranges();
            authors = ranges == null ? new Authorship<>() : Authorship.decode(ranges, RowAuthors::author);
        } catch (DecodeException e) {
            LOG.warn(
                    "The authors of folded rows of room {} cannot be read, so the authors of further rows are not"
                            + " stored: {}",
                    folded.roomId(),
                    e.getMessage());
            return null;
        }
        Map<Long, byte[]> payloads = new HashMap<>();
        folded.rows().forEach(row -> payloads.put(row.seq(), row.payload()));
        long last = folded.rows().get(folded.rows().size() - 1).seq();
        long[] after = {before.seq()};
        int count;
        do {
            count = h.createQuery(ROWS)
                    .bind("known", folded.snapshotSeq())
                    .bind("room", folded.roomId())
                    .bind("after", after[0])
                    .bind("last", last)
                    .bind("page", PAGE)
                    .map((rs, ctx) -> {
                        after[0] = rs.getLong(1);
                        long id = rs.getLong(2);
                        String origin = rs.getString(3);
                        byte[] payload = payloads.getOrDefault(after[0], rs.getBytes(5));
                        if (payload != null) {
                            boolean isKnown = id != 0 && origin != null;
                            authors.add(
                                    Update.decode(payload, DecodeLimits.OWN),
                                    isKnown ? new Stored(id, origin) : null,
                                    rs.getLong(4),
                                    isKnown && introduces(origin));
                        }
                        return true;
                    })
                    .list()
                    .size();
        } while (count == PAGE);
        return authors.encode(author -> new Authorship.Code(author.id(), author.origin()));
    }

    /** Whether rows of an origin introduce client ids; an origin that only a later release knows does. */
    static boolean introduces(String origin) {
        return Origin.named(origin).map(Origin::introduces).orElse(true);
    }

    private static @Nullable Stored author(Authorship.Code code) {
        return code.number() == 0 ? null : new Stored(code.number(), code.word());
    }
}
