package io.keck.storage.log;

import io.keck.access.Author;
import io.keck.storage.database.RandomIds;
import io.keck.storage.rows.StoredAuthors;
import java.time.Clock;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The numbers under which rows of the log name their authors. A principal gets its number with its first row and keeps it while
 * anything refers to it ({@link AuthorPruner}). The numbers of active authors are cached, so that a commit usually needs no
 * query for them. Used by one thread.
 */
final class AuthorIds {
    /** Milliseconds after which a cached number is looked up again, which {@link AuthorPruner} relies on. */
    static final long KNOWN_MILLIS = 3_600_000;

    private static final int MAX_KNOWN = 10_000;

    /** Runs before the insert, which would lock an existing row until the end of the transaction. */
    private static final String FIND =
            "SELECT id, unused_since FROM authors WHERE principal = :principal AND attributes = :attributes";

    /** Removes the mark for deletion. */
    private static final String USE = "UPDATE authors SET unused_since = NULL WHERE id = :id";

    /** Returns the existing number if another node has inserted the author in the meantime. */
    private static final String INSERT = """
            INSERT INTO authors (id, principal, attributes, created_at) VALUES (:id, :principal, :attributes, :now)
            ON CONFLICT (principal, attributes) DO UPDATE SET unused_since = NULL RETURNING id""";

    /** The identity of an author; the origin is a column of each row. */
    private record Key(String principal, Map<String, String> attributes) {}

    /** A number, and the time of its look-up. */
    private record Known(long id, long at) {}

    /** A row of the database; {@code isUnused} if it is marked for deletion. */
    private record Found(long id, boolean isUnused) {}

    private final Clock clock;
    private final Map<Key, Known> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Known> eldest) {
            return size() > MAX_KNOWN;
        }
    };

    AuthorIds(Clock clock) {
        this.clock = clock;
    }

    /** Looks up the numbers of authors outside of the transaction of their rows, which then takes no lock for them. */
    void learn(Handle h, Collection<? extends LogWrite.Append> appends) {
        for (LogWrite.Append append : appends) {
            append.entries().forEach(entry -> id(h, entry.author()));
        }
    }

    /** The number of that author; null for an unknown one. */
    @Nullable
    Long id(Handle h, @Nullable Author author) {
        if (author == null) {
            return null;
        }
        Key key = new Key(author.principal(), author.attributes());
        Known found = known.get(key);
        long now = clock.millis();
        if (found != null && now - found.at() < KNOWN_MILLIS && now >= found.at()) {
            return found.id();
        }
        long id = lookUp(h, author, now);
        if (!h.isInTransaction()) { // a rollback would remove a number that the transaction has inserted
            known.put(key, new Known(id, now));
        }
        return id;
    }

    private static long lookUp(Handle h, Author author, long now) {
        String attributes = StoredAuthors.text(author.attributes());
        Optional<Found> found = h.createQuery(FIND)
                .bind("principal", author.principal())
                .bind("attributes", attributes)
                .map((rs, ctx) -> new Found(rs.getLong(1), rs.getLong(2) != 0))
                .findOne();
        boolean isThere = found.isPresent()
                && (!found.get().isUnused()
                        || h.createUpdate(USE).bind("id", found.get().id()).execute() == 1);
        if (isThere) {
            return found.get().id();
        }
        return h.createQuery(INSERT)
                .bind("id", RandomIds.next())
                .bind("principal", author.principal())
                .bind("attributes", attributes)
                .bind("now", now)
                .mapTo(Long.class)
                .one();
    }

    /** Clears the cache, since a restored database may not contain the numbers. */
    void forget() {
        known.clear();
    }
}
