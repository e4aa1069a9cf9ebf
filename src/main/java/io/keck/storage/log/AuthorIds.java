package io.keck.storage.log;

import io.keck.access.Author;
import io.keck.storage.database.RandomIds;
import io.keck.storage.rows.StoredAuthors;
import java.time.Clock;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The numbers under which rows of the log name their authors. A principal gets its number with its first row and keeps it. The
 * numbers of active authors are cached, so that a commit usually needs no query for them. Used by one thread.
 */
final class AuthorIds {
    private static final int MAX_KNOWN = 10_000;

    /** Tried before the insert, which would lock an existing row until the end of the transaction. */
    private static final String FIND =
            "SELECT id FROM authors WHERE principal = :principal AND attributes = :attributes";

    /** Returns the existing number if another node has inserted the author in the meantime. */
    private static final String INSERT = """
            INSERT INTO authors (id, principal, attributes, created_at) VALUES (:id, :principal, :attributes, :now)
            ON CONFLICT (principal, attributes) DO UPDATE SET principal = excluded.principal RETURNING id""";

    /** The identity of an author; the origin is a column of each row. */
    private record Key(String principal, Map<String, String> attributes) {}

    private final Clock clock;
    private final Map<Key, Long> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Long> eldest) {
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
        Long found = known.get(key);
        if (found != null) {
            return found;
        }
        String attributes = StoredAuthors.text(author.attributes());
        long id = h.createQuery(FIND)
                .bind("principal", author.principal())
                .bind("attributes", attributes)
                .mapTo(Long.class)
                .findOne()
                .orElseGet(() -> h.createQuery(INSERT)
                        .bind("id", RandomIds.next())
                        .bind("principal", author.principal())
                        .bind("attributes", attributes)
                        .bind("now", clock.millis())
                        .mapTo(Long.class)
                        .one());
        if (!h.isInTransaction()) { // one that is rolled back takes the number back
            known.put(key, id);
        }
        return id;
    }

    /** Clears the cache, since a restored database may not contain the numbers. */
    void forget() {
        known.clear();
    }
}
