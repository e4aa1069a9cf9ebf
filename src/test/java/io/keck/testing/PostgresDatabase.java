package io.keck.testing;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.db.ManagedDataSource;
import io.keck.storage.DatabaseFactory;
import io.keck.storage.database.Dialect;
import io.keck.storage.database.Migrations;
import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A {@link TestDatabase} in a PostgreSQL server. */
public final class PostgresDatabase extends TestDatabase {
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final String TEMPLATE = "migrated";
    private static final Set<PostgresServer> WITH_TEMPLATE = Collections.newSetFromMap(new WeakHashMap<>());

    /** The name of the database in its server. */
    public final String name;

    private final PostgresServer server;

    private PostgresDatabase(PostgresServer server, String name, String address) throws Exception {
        super(Dialect.POSTGRES, address + "/" + name, pool(address + "/" + name));
        this.server = server;
        this.name = name;
    }

    /** Creates a migrated, empty database. */
    public static PostgresDatabase create(PostgresServer server) throws Exception {
        return create(server, server.address());
    }

    /** Creates a migrated, empty database, whose pool connects through a pooler at that address. */
    public static PostgresDatabase create(PostgresServer server, String address) throws Exception {
        return new PostgresDatabase(server, copy(server), address);
    }

    /**
     * Opens a database that exists and runs the migrations that it lacks.
     *
     * @param address of the server, or of a pooler before it
     */
    public static PostgresDatabase migrated(PostgresServer server, String name, String address) throws Exception {
        PostgresDatabase database = new PostgresDatabase(server, name, address);
        Migrations.run(database.pool);
        return database;
    }

    private static ManagedDataSource pool(String url) {
        DatabaseFactory factory = new DatabaseFactory();
        factory.setUrl(url);
        factory.setUser("postgres");
        return factory.build(new MetricRegistry(), "test");
    }

    /** The migrations run once in a server: they take far longer than a copy of the database that they make. */
    private static synchronized String copy(PostgresServer server) throws Exception {
        if (!WITH_TEMPLATE.contains(server)) {
            server.execute("CREATE DATABASE " + TEMPLATE);
            migrated(server, TEMPLATE, server.address()).close();
            WITH_TEMPLATE.add(server);
        }
        String name = "test" + NUMBER.incrementAndGet();
        server.execute("CREATE DATABASE " + name + " TEMPLATE " + TEMPLATE);
        return name;
    }

    /** Removes the database from its server, whoever is connected to it. */
    public void drop() {
        server.execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
    }
}
