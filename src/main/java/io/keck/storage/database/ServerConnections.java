package io.keck.storage.database;

import io.dropwizard.lifecycle.Managed;
import io.keck.thread.Loop;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The number of connections that the PostgreSQL server has, and the number it accepts. Other nodes and tools use connections as
 * well, so Keck's own pool does not show when the server is full. Queried every ten seconds with one connection of the pool; while
 * the server does not answer, the last figures stay. Thread-safe.
 */
public final class ServerConnections implements Managed {
    private static final Logger LOG = LoggerFactory.getLogger(ServerConnections.class);
    private static final long EVERY_MILLIS = 10_000;

    /** Workers of the server itself have no user, and walsenders no database: neither counts against the limit. */
    private static final String SQL = """
            SELECT (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL AND usesysid IS NOT NULL),
            current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int""";

    /** An answer of the server. */
    private record Counts(int used, int most) {}

    private final Jdbi jdbi;
    private final Loop loop = Loop.every("server-connections", EVERY_MILLIS, this::look);
    private volatile Counts counts = new Counts(-1, -1);

    /** @param jdbi over the pool, directly or through a pooler: the server is the one that answers */
    public ServerConnections(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** Asks again. */
    void look() {
        try {
            counts = jdbi.withHandle(h -> h.createQuery(SQL)
                    .map((rs, ctx) -> new Counts(rs.getInt(1), rs.getInt(2)))
                    .one());
        } catch (JdbiException e) {
            LOG.debug("The server does not say now how many connections it has; the last answer stands", e);
        }
    }

    /** Connections of clients to all databases of the server; -1 before the first answer. */
    public int used() {
        return counts.used();
    }

    /** Connections that the server accepts from users who are not superusers; -1 before the first answer. */
    public int most() {
        return counts.most();
    }

    @Override
    public void start() {
        look();
        loop.start();
    }

    @Override
    public void stop() {
        loop.stop();
    }
}
