package io.keck.storage.history;

import io.keck.access.Author;
import io.keck.history.HistoryReader.Session;
import io.keck.storage.rows.StoredAuthors;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/**
 * Sessions of changes, in the table {@code history_sessions}. They are computed when rows are folded, so a page of
 * sessions needs one index and the few rows since then, however long the history is. Rows of one author belong to one
 * session until that author pauses for {@link #PAUSE_MILLIS}; rows of others in between do not end it. Stateless.
 */
final class Activity {
    /** The pause after which the next row of an author begins a new session. */
    static final long PAUSE_MILLIS = TimeUnit.MINUTES.toMillis(10);

    /** The longest duration of a session. */
    static final long LONGEST_MILLIS = TimeUnit.HOURS.toMillis(8);

    /** The number of rows that are read at once. */
    private static final int PAGE = 2_000;

    private static final String ROWS = """
            SELECT l.seq, l.created_at, octet_length(l.payload), COALESCE(l.author, 0), COALESCE(l.origin, '')
            FROM room_log l WHERE l.room_id = :room AND l.seq > :after AND l.seq <= :last ORDER BY l.seq LIMIT :page""";

    private static final String COLUMNS =
            "s.first_seq, s.last_seq, s.from_at, s.to_at, s.author, s.origin, s.row_count, s.bytes";

    private static final String NEWEST = "SELECT " + COLUMNS + """
             FROM history_sessions s WHERE s.room_id = :room AND s.author = :author AND s.origin = :origin
            ORDER BY s.last_seq DESC LIMIT 1""";

    private static final String PUT = """
            INSERT INTO history_sessions
              (room_id, first_seq, last_seq, from_at, to_at, author, origin, row_count, bytes)
            VALUES (:room, :first, :last, :from, :to, :author, :origin, :rows, :bytes)
            ON CONFLICT (room_id, first_seq) DO UPDATE SET last_seq = excluded.last_seq, to_at = excluded.to_at,
              row_count = excluded.row_count, bytes = excluded.bytes""";

    private static final Comparator<Sum> NEWEST_FIRST =
            Comparator.comparingLong(Sum::last).reversed();

    record Key(long author, String origin) {}

    /**
     * The sessions of a range of rows.
     *
     * @param bytes the bytes of the updates of these rows
     */
    record Sums(List<Sum> all, long bytes) {}

    private record Row(long seq, long at, long size, Key key) {}

    /** A session in the form in which it is stored. */
    record Sum(Key key, long first, long last, long from, long to, long rows, long bytes) {
        boolean takes(long at) {
            return at - to < PAUSE_MILLIS && at - from < LONGEST_MILLIS;
        }

        Sum plus(long seq, long at, long size) {
            return new Sum(key, first, seq, from, Math.max(to, at), rows + 1, bytes + size);
        }

        Sum plus(Sum next) {
            return new Sum(key, first, next.last, from, Math.max(to, next.to), rows + next.rows, bytes + next.bytes);
        }
    }

    private Activity() {}

    /**
     * Groups the rows of the log after a row into sessions, ordered by their first rows.
     *
     * @param continues whether these rows may extend stored sessions of their authors
     */
    private static Sums sum(Handle h, long roomId, long after, long upTo, boolean continues) {
        long bytes = 0;
        Map<Key, Sum> open = new HashMap<>();
        Set<Key> asked = new HashSet<>();
        List<Sum> done = new ArrayList<>();
        long[] at = {after};
        int count;
        do {
            List<Row> page = rows(h, roomId, at[0], upTo);
            for (Row row : page) {
                if (asked.add(row.key()) && continues) {
                    newest(h, roomId, row.key()).ifPresent(sum -> open.put(row.key(), sum));
                }
                Sum current = open.get(row.key());
                if (current != null && current.takes(row.at())) {
                    open.put(row.key(), current.plus(row.seq(), row.at(), row.size()));
                } else {
                    if (current != null && current.last() > after) {
                        done.add(current);
                    }
                    open.put(row.key(), new Sum(row.key(), row.seq(), row.seq(), row.at(), row.at(), 1, row.size()));
                }
                bytes += row.size();
                at[0] = row.seq();
            }
            count = page.size();
        } while (count == PAGE);
        open.values().stream().filter(sum -> sum.last() > after).forEach(done::add);
        done.sort(Comparator.comparingLong(Sum::first));
        return new Sums(done, bytes);
    }

    private static List<Row> rows(Handle h, long roomId, long after, long upTo) {
        return h.createQuery(ROWS)
                .bind("room", roomId)
                .bind("after", after)
                .bind("last", upTo)
                .bind("page", PAGE)
                .map((rs, ctx) ->
                        new Row(rs.getLong(1), rs.getLong(2), rs.getLong(3), new Key(rs.getLong(4), rs.getString(5))))
                .list();
    }

    private static Optional<Sum> newest(Handle h, long roomId, Key key) {
        return h.createQuery(NEWEST)
                .bind("room", roomId)
                .bind("author", key.author())
                .bind("origin", key.origin())
                .map((rs, ctx) -> sum(rs))
                .findOne();
    }

    private static Sum sum(ResultSet rs) throws SQLException {
        return new Sum(
                new Key(rs.getLong(5), rs.getString(6)),
                rs.getLong(1),
                rs.getLong(2),
                rs.getLong(3),
                rs.getLong(4),
                rs.getLong(7),
                rs.getLong(8));
    }

    /** Groups the rows of the log after a row into sessions; these rows may extend stored sessions of their authors. */
    static Sums sums(Handle h, long roomId, long after, long upTo) {
        return sum(h, roomId, after, upTo, true);
    }

    /** Stores sessions; to be called in the transaction that records up to which row sessions are stored. */
    static void store(Handle h, long roomId, Sums sums) {
        for (Sum sum : sums.all()) {
            h.createUpdate(PUT)
                    .bind("room", roomId)
                    .bind("first", sum.first())
                    .bind("last", sum.last())
                    .bind("from", sum.from())
                    .bind("to", sum.to())
                    .bind("author", sum.key().author())
                    .bind("origin", sum.key().origin())
                    .bind("rows", sum.rows())
                    .bind("bytes", sum.bytes())
                    .execute();
        }
    }

    /** Returns a page of sessions, newest first; sessions of rows that are not folded yet are computed for it. */
    static List<Session> read(Handle h, long roomId, long before, int limit, @Nullable String by) {
        long stored = h.createQuery("SELECT sessions_seq FROM history_rooms WHERE room_id = :room")
                .bind("room", roomId)
                .mapTo(Long.class)
                .findOne()
                .orElse(0L);
        Set<Long> whose = by == null ? Set.of() : numbers(h, by);
        Map<Key, Sum> firsts = new HashMap<>();
        List<Sum> page = new ArrayList<>();
        for (Sum sum : sum(h, roomId, stored, Long.MAX_VALUE, false).all()) {
            firsts.putIfAbsent(sum.key(), sum);
            if (sum.last() < before && (by == null || whose.contains(sum.key().author()))) {
                page.add(sum);
            }
        }
        page.sort(NEWEST_FIRST);
        page = new ArrayList<>(page.subList(0, Math.min(limit, page.size())));
        page.replaceAll(sum -> !sum.equals(firsts.get(sum.key()))
                ? sum
                : newest(h, roomId, sum.key())
                        .filter(old -> old.takes(sum.from()))
                        .map(old -> old.plus(sum))
                        .orElse(sum));
        if (page.size() < limit) {
            page.addAll(stored(h, roomId, before, limit - page.size(), by, firsts));
        }
        Map<Long, String[]> names =
                AuthorNames.of(h, page.stream().map(sum -> sum.key().author()).collect(Collectors.toSet()));
        return page.stream().map(sum -> session(sum, names)).toList();
    }

    /** Reads stored sessions; their last rows are older than those of all sessions that are not stored yet. */
    private static List<Sum> stored(
            Handle h, long roomId, long before, int limit, @Nullable String by, Map<Key, Sum> firsts) {
        String whose = by == null ? "" : " AND s.author IN (SELECT id FROM authors WHERE principal = :by)";
        List<Sum> found = new ArrayList<>();
        long from = before;
        while (found.size() < limit) {
            Query query = h.createQuery("SELECT " + COLUMNS + " FROM history_sessions s"
                            + " WHERE s.room_id = :room AND s.last_seq < :before" + whose
                            + " ORDER BY s.last_seq DESC LIMIT :n")
                    .bind("room", roomId)
                    .bind("before", from)
                    .bind("n", limit);
            if (by != null) {
                query.bind("by", by);
            }
            List<Sum> next = query.map((rs, ctx) -> sum(rs)).list();
            for (Sum sum : next) {
                Sum first = firsts.get(sum.key());
                boolean goesOn = first != null && sum.takes(first.from());
                if (!goesOn && found.size() < limit) {
                    found.add(sum);
                }
                from = sum.last();
            }
            if (next.size() < limit) {
                break;
            }
        }
        return found;
    }

    private static Set<Long> numbers(Handle h, String principal) {
        return new HashSet<>(h.createQuery("SELECT id FROM authors WHERE principal = :by")
                .bind("by", principal)
                .mapTo(Long.class)
                .list());
    }

    private static Session session(Sum sum, Map<Long, String[]> names) {
        String[] name = names.get(sum.key().author());
        Author author = name == null
                ? null
                : StoredAuthors.of(name[0], name[1], sum.key().origin());
        return new Session(sum.first(), sum.last(), sum.from(), sum.to(), author, sum.rows(), sum.bytes());
    }
}
