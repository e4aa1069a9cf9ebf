package io.keck.testing;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.db.ManagedDataSource;
import io.keck.storage.DatabaseFactory;
import io.keck.storage.Storage;
import io.keck.storage.database.Dialect;
import io.keck.storage.database.Migrations;
import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Jdbi;

/** A migrated database of its own in a PostgreSQL server, with the pool of production. */
public final class PostgresDatabase implements AutoCloseable {
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final String TEMPLATE = "migrated";
    private static final Set<PostgresServer> WITH_TEMPLATE = Collections.newSetFromMap(new WeakHashMap<>());

    /** The pool, started. */
    public final ManagedDataSource pool;
    /** A handle factory over the pool. */
    public final Jdbi jdbi;
    /** The clock of the storage; it moves only by hand. */
    public final SqliteFile.HandClock clock = new SqliteFile.HandClock();
    /** The name of the database in its server. */
    public final String name;

    /** A new one. */
    public PostgresDatabase(PostgresServer server) throws Exception {
        this(server, direct(server));
    }

    /** A new one, at an address that may be that of a pooler. */
    public PostgresDatabase(PostgresServer server, String address) throws Exception {
        this(copy(server), address);
    }

    /** One that is there, and perhaps not migrated yet. */
    public PostgresDatabase(PostgresServer server, String name, String address) throws Exception {
        this(name, address);
        Migrations.run(pool);
    }

    private PostgresDatabase(String name, String address) throws Exception {
        this.name = name;
        DatabaseFactory factory = new DatabaseFactory();
        factory.setUrl(address + "/" + name);
        factory.setUser("postgres");
        pool = factory.build(new MetricRegistry(), "test");
        pool.start();
        jdbi = Jdbi.create(pool);
    }

    private static String direct(PostgresServer server) {
        return server.url("x").replaceAll("/x$", "");
    }

    /** Migrations run once for a server: they take far longer than to copy what they make. */
    private static synchronized String copy(PostgresServer server) throws Exception {
        if (!WITH_TEMPLATE.contains(server)) {
            server.execute("CREATE DATABASE " + TEMPLATE);
            new PostgresDatabase(server, TEMPLATE, direct(server)).close();
            WITH_TEMPLATE.add(server);
        }
        String name = "test" + NUMBER.incrementAndGet();
        server.execute("CREATE DATABASE " + name + " TEMPLATE " + TEMPLATE);
        return name;
    }

    /** Storage that folds only when it is told to. */
    public Storage storage() {
        return SqliteFile.storage(jdbi, Dialect.POSTGRES, clock, SqliteFile.settings(1_000, Integer.MAX_VALUE));
    }

    @Override
    public void close() throws Exception {
        pool.stop();
    }
}
