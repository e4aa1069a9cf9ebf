package io.keck.storage;

import io.keck.access.AccessStore;
import io.keck.access.Revocation;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * The access store in the database. Revocations draw their numbers under the lock of one row, so numbers become visible
 * in order, and a reader that has seen one has seen all before it. Thread-safe.
 */
final class JdbiAccessStore implements AccessStore {
    /** The largest number of revocations, because every node keeps all of them in memory. */
    private static final long MAX_REVOCATIONS = 100_000;

    /** The largest number of extensions, because every node reads all of them. */
    private static final long MAX_EXTENSIONS = 10_000;

    private static final long KEEP_RECHECKS_MILLIS = TimeUnit.HOURS.toMillis(1);
    /** Every node reads twice a second, and one that was away for longer has no connections left to extend. */
    private static final long KEEP_EXTENSIONS_MILLIS = TimeUnit.MINUTES.toMillis(1);

    private static final long KEEP_NODES_MILLIS = TimeUnit.HOURS.toMillis(1);
    private static final int SECRET_BYTES = 32;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Jdbi jdbi;
    private final Clock clock;

    JdbiAccessStore(Jdbi jdbi, Clock clock) {
        this.jdbi = jdbi;
        this.clock = clock;
    }

    @Override
    public byte[] ticketKey() {
        byte[] fresh = new byte[SECRET_BYTES];
        RANDOM.nextBytes(fresh);
        return jdbi.inTransaction(h -> {
            Optional<byte[]> known = readKey(h);
            if (known.isPresent()) {
                return known.get();
            }
            h.createUpdate("""
                            INSERT INTO access_keys (purpose, secret, created_at)
                            VALUES ('tickets', :secret, :now)
                            ON CONFLICT (purpose) DO NOTHING
                            """)
                    .bind("secret", fresh)
                    .bind("now", clock.millis())
                    .execute();
            return readKey(h).orElseThrow();
        });
    }

    private static Optional<byte[]> readKey(Handle h) {
        return h.createQuery("SELECT secret FROM access_keys WHERE purpose = 'tickets'")
                .map((rs, ctx) -> rs.getBytes(1))
                .findOne();
    }

    /** A row; empty if its kind is known only to a later release. */
    private record Row(long version, Optional<Revocation> known) {}

    @Override
    public List<Revocation> after(long version, int limit) {
        List<Row> rows = jdbi.withHandle(h -> h.createQuery("""
                        SELECT version, kind, subject, issued_before
                        FROM access_revocations
                        WHERE version > :version
                        ORDER BY version
                        LIMIT :limit
                        """)
                .bind("version", version)
                .bind("limit", limit)
                .map((rs, ctx) -> new Row(
                        rs.getLong(1), revocation(rs.getLong(1), rs.getString(2), rs.getString(3), rs.getLong(4))))
                .list());
        return rows.stream()
                .map(row ->
                        row.known().orElseGet(() -> new Revocation(row.version(), Revocation.Kind.RECHECK, "\n", 0)))
                .collect(Collectors.toList());
    }

    private static Optional<Revocation> revocation(long version, String kind, String subject, long before) {
        return Revocation.Kind.of(kind).map(known -> new Revocation(version, known, subject, before));
    }

    @Override
    public Revocation revoke(Revocation.Kind kind, String subject, long before) {
        return jdbi.inTransaction(h -> {
            long version = h.createQuery("""
                            UPDATE access_version SET version = version + 1 WHERE one = 1 RETURNING version
                            """).mapTo(Long.class).one();
            long now = clock.millis();
            h.createUpdate("""
                            DELETE FROM access_revocations
                            WHERE (kind = 'recheck' AND created_at < :rechecks)
                               OR (kind = 'extension' AND created_at < :extensions)
                            """)
                    .bind("rechecks", now - KEEP_RECHECKS_MILLIS)
                    .bind("extensions", now - KEEP_EXTENSIONS_MILLIS)
                    .execute();
            boolean isExtension = kind == Revocation.Kind.EXTENSION;
            long count = count(h, isExtension);
            if (isExtension && count >= MAX_EXTENSIONS) {
                throw new IllegalStateException(
                        "There were " + MAX_EXTENSIONS + " newer credentials in the last minute, which is the limit.");
            } else if (!isExtension && count >= MAX_REVOCATIONS) {
                throw new IllegalStateException("There are " + MAX_REVOCATIONS
                        + " revocations, which is the limit. Revoke everything issued before some time, and remove"
                        + " older rows of access_revocations.");
            }
            Revocation row = new Revocation(version, kind, subject, before == 0 ? now : before);
            h.createUpdate("""
                            INSERT INTO access_revocations (version, kind, subject, issued_before, created_at)
                            VALUES (:version, :kind, :subject, :before, :now)
                            """)
                    .bind("version", row.version())
                    .bind("kind", row.kind().text())
                    .bind("subject", row.subject())
                    .bind("before", row.before())
                    .bind("now", now)
                    .execute();
            return row;
        });
    }

    /** The number of extensions, or of all other rows. */
    private static long count(Handle h, boolean extensions) {
        return h.createQuery("""
                        SELECT count(*) FROM access_revocations WHERE (kind = 'extension') = :extensions
                        """)
                .bind("extensions", extensions)
                .mapTo(Long.class)
                .one();
    }

    @Override
    public boolean use(String ticket, long until) {
        return jdbi.inTransaction(h -> {
            h.createUpdate("DELETE FROM access_tickets WHERE keep_until < :now")
                    .bind("now", clock.millis() - TimeUnit.MINUTES.toMillis(1))
                    .execute();
            return h.createUpdate("""
                                    INSERT INTO access_tickets (id, keep_until) VALUES (:id, :until)
                                    ON CONFLICT (id) DO NOTHING
                                    """).bind("id", ticket).bind("until", until).execute() == 1;
        });
    }

    @Override
    public void confirm(String node, long version) {
        long now = clock.millis();
        jdbi.useTransaction(h -> {
            h.createUpdate("DELETE FROM access_nodes WHERE seen_at < :old")
                    .bind("old", now - KEEP_NODES_MILLIS)
                    .execute();
            h.createUpdate("""
                            INSERT INTO access_nodes (node, version, seen_at) VALUES (:node, :version, :now)
                            ON CONFLICT (node) DO UPDATE SET version = excluded.version, seen_at = excluded.seen_at
                            """)
                    .bind("node", node)
                    .bind("version", version)
                    .bind("now", now)
                    .execute();
        });
    }

    @Override
    public List<String> behind(long version, long millis) {
        return jdbi.withHandle(h -> h.createQuery("""
                        SELECT node FROM access_nodes
                        WHERE version < :version AND seen_at > :since
                        ORDER BY node
                        """)
                .bind("version", version)
                .bind("since", clock.millis() - millis)
                .mapTo(String.class)
                .list());
    }
}
