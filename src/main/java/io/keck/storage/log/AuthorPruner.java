package io.keck.storage.log;

import io.keck.crdt.lib0.DecodeException;
import io.keck.feed.Authorship;
import io.keck.storage.database.Database;
import io.keck.storage.database.RandomIds;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes authors to which neither a row of the log, nor a range of folded rows, nor a session of history refers. Once a day
 * one node looks for them: an author without references is marked, and one that is still marked and without references a day
 * later is deleted.
 *
 * <p>Writers of all nodes may have cached the number of an author. A cached number is dropped after
 * {@link AuthorIds#KNOWN_MILLIS}, and looking a number up removes its mark. So a row with a marked number is written at most that
 * long after the mark, well before the check that would delete the author. A deleted author gets another number with its next
 * row. Held updates contain their authors' names. Used by one thread.
 */
final class AuthorPruner {
    /** The shortest time between a mark and the deletion. */
    static final long GRACE_MILLIS = 2 * AuthorIds.KNOWN_MILLIS;

    private static final Logger LOG = LoggerFactory.getLogger(AuthorPruner.class);
    private static final long EVERY_MILLIS = TimeUnit.DAYS.toMillis(1);
    /** Authors that one run examines, to bound its memory: a random sample, and the same number of marked ones. */
    private static final int CANDIDATES = 10_000;

    private static final int ROWS = 5_000;
    private static final int ROOMS = 20;

    private static final String CLAIM = """
            INSERT INTO upkeep (name, due_at) VALUES ('authors', :next)
            ON CONFLICT (name) DO UPDATE SET due_at = :next WHERE upkeep.due_at <= :now""";

    private static final String MARKED = """
            SELECT id, unused_since FROM authors WHERE unused_since IS NOT NULL ORDER BY unused_since LIMIT :n""";

    private static final String UNMARKED = """
            SELECT id, 0 FROM authors WHERE unused_since IS NULL AND created_at < :before AND id >= :from
            ORDER BY id LIMIT :n""";

    private static final String BOUNDARY = """
            SELECT max(room_id) FROM
              (SELECT room_id FROM TABLE_OF WHERE room_id > :after ORDER BY room_id LIMIT :n) AS page""";

    private static final String USED = """
            SELECT DISTINCT author FROM TABLE_OF WHERE room_id > :after AND room_id <= :last AND author IS NOT NULL""";

    private static final String FOLDED =
            "SELECT room_id, ranges FROM room_authors WHERE room_id > :after ORDER BY room_id LIMIT :n";

    private final Database database;
    private final Clock clock;

    AuthorPruner(Database database, Clock clock) {
        this.database = database;
        this.clock = clock;
    }

    /** Prunes if the last run of any node was more than a day ago. */
    void pruneIfDue() {
        long now = clock.millis();
        boolean isMine = change(h -> h.createUpdate(CLAIM)
                        .bind("next", now + EVERY_MILLIS)
                        .bind("now", now)
                        .execute()
                == 1);
        if (isMine) {
            prune();
        }
    }

    /** Prunes now; returns the number of deleted authors. */
    int prune() {
        long now = clock.millis();
        Map<Long, Long> candidates = candidates(now);
        Map<Long, Long> unused = new HashMap<>(candidates);
        removeThoseOfRows("room_log", unused.keySet());
        try {
            removeThoseOfRanges(unused.keySet());
            removeThoseOfRows("history_sessions", unused.keySet());
        } catch (DecodeException e) {
            LOG.warn(
                    "Pruning authors failed because some ranges of folded rows cannot be read; no author is deleted: {}",
                    e.getMessage());
            return 0;
        }
        int[] deleted = {0};
        change(h -> {
            deleted[0] = settle(h, candidates, unused.keySet(), now);
            return true;
        });
        database.metrics().authorsPruned(deleted[0]);
        return deleted[0];
    }

    /** Returns the time of the mark by number; 0 for authors without a mark. */
    private Map<Long, Long> candidates(long now) {
        Map<Long, Long> candidates = new TreeMap<>();
        database.jdbi().useHandle(h -> {
            h.createQuery(MARKED)
                    .bind("n", CANDIDATES)
                    .map((rs, ctx) -> candidates.put(rs.getLong(1), rs.getLong(2)))
                    .list();
            for (long from : new long[] {RandomIds.next(), 0}) {
                h.createQuery(UNMARKED)
                        .bind("before", now - GRACE_MILLIS)
                        .bind("from", from)
                        .bind("n", CANDIDATES)
                        .map((rs, ctx) -> candidates.putIfAbsent(rs.getLong(1), 0L))
                        .list();
            }
        });
        return candidates;
    }

    /**
     * Must run before ranges and sessions are checked: a row that is folded or moved to a segment meanwhile is then found in
     * one of the places. Segments name no author that no session names.
     */
    private void removeThoseOfRows(String table, Set<Long> unused) {
        long after = Long.MIN_VALUE;
        while (!unused.isEmpty()) {
            long from = after;
            Long last = database.jdbi()
                    .withHandle(h -> h.createQuery(BOUNDARY.replace("TABLE_OF", table))
                            .bind("after", from)
                            .bind("n", ROWS)
                            .mapTo(Long.class)
                            .findOne()
                            .orElse(null));
            if (last == null) {
                return;
            }
            database.jdbi()
                    .withHandle(h -> h.createQuery(USED.replace("TABLE_OF", table))
                            .bind("after", from)
                            .bind("last", last)
                            .mapTo(Long.class)
                            .list())
                    .forEach(unused::remove);
            after = last;
        }
    }

    private void removeThoseOfRanges(Set<Long> unused) {
        long[] after = {Long.MIN_VALUE};
        int count = ROOMS;
        while (count == ROOMS && !unused.isEmpty()) {
            List<byte[]> page = new ArrayList<>();
            database.jdbi()
                    .useHandle(h -> h.createQuery(FOLDED)
                            .bind("after", after[0])
                            .bind("n", ROOMS)
                            .map((rs, ctx) -> {
                                after[0] = rs.getLong(1);
                                return page.add(rs.getBytes(2));
                            })
                            .list());
            page.forEach(ranges -> Authorship.codes(ranges).forEach(code -> unused.remove(code.number())));
            count = page.size();
        }
    }

    private static int settle(Handle h, Map<Long, Long> candidates, Set<Long> unused, long now) {
        int deleted = 0;
        for (Map.Entry<Long, Long> candidate : candidates.entrySet()) {
            long since = candidate.getValue();
            boolean isUnused = unused.contains(candidate.getKey());
            String statement = null;
            if (isUnused && since == 0) {
                statement = "UPDATE authors SET unused_since = :now WHERE id = :id AND unused_since IS NULL";
            } else if (isUnused && since <= now - GRACE_MILLIS) {
                statement = "DELETE FROM authors WHERE id = :id AND unused_since = :since";
            } else if (!isUnused && since > 0) {
                statement = "UPDATE authors SET unused_since = NULL WHERE id = :id AND unused_since = :since";
            }
            if (statement != null) {
                boolean isDelete = statement.startsWith("DELETE");
                var update = h.createUpdate(statement).bind("id", candidate.getKey());
                update.bind(since == 0 ? "now" : "since", since == 0 ? now : since);
                int rows = update.execute();
                deleted += isDelete ? rows : 0;
            }
        }
        return deleted;
    }

    private boolean change(io.keck.storage.database.Change work) {
        return database.change(0, work).toCompletableFuture().join();
    }
}
