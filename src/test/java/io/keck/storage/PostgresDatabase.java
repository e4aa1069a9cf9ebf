package io.keck.storage;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.db.ManagedDataSource;
import io.keck.PostgresServer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Jdbi;

/** A migrated database of its own in a PostgreSQL server, with the pool of production. */
final class PostgresDatabase implements AutoCloseable {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    final ManagedDataSource pool;
    final Jdbi jdbi;
    final SqliteFile.HandClock clock = new SqliteFile.HandClock();
    final String name;

    /** A new one. */
    PostgresDatabase(PostgresServer server) throws Exception {
        this(server, create(server), server.url("x").replaceAll("/x$", ""));
    }

    /** One that is there, at an address that may be that of a pooler. */
    PostgresDatabase(PostgresServer server, String name, String address) throws Exception {
        this.name = name;
        DatabaseFactory factory = new DatabaseFactory();
        factory.setUrl(address + "/" + name);
        factory.setUser("postgres");
        pool = factory.build(new MetricRegistry(), "test");
        pool.start();
        Migrations.run(pool);
        jdbi = Jdbi.create(pool);
    }

    private static String create(PostgresServer server) {
        String name = "test" + NUMBER.incrementAndGet();
        server.execute("CREATE DATABASE " + name);
        return name;
    }

    JdbiUpdateLog log() {
        return new JdbiUpdateLog(jdbi, false, "test", clock, SqliteFile.settings(1_000, Integer.MAX_VALUE), () -> {});
    }

    @Override
    public void close() throws Exception {
        pool.stop();
    }
}
