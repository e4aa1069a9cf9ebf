package io.keck.testing;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.db.DataSourceFactory;
import io.dropwizard.db.ManagedDataSource;
import io.keck.storage.database.DatabaseUrl;
import io.keck.storage.database.Dialect;
import io.keck.storage.database.Migrations;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A {@link TestDatabase} in an SQLite file. */
public final class SqliteFile extends TestDatabase {
    /** The bytes of a file that is migrated and empty: to run the migrations takes far longer than to write these. */
    private static byte @Nullable [] migrated;

    /** Opens a migrated file, or makes it. */
    public SqliteFile(Path file) throws Exception {
        super(Dialect.SQLITE, "jdbc:sqlite:" + file, pool(made(file)));
    }

    private static Path made(Path file) throws Exception {
        return Files.exists(file) ? file : Files.write(file, migrated());
    }

    private static synchronized byte[] migrated() throws Exception {
        if (migrated == null) {
            Path dir = Files.createTempDirectory("keck-sqlite");
            Path file = dir.resolve("keck.db");
            try {
                migrate(file);
                migrated = Files.readAllBytes(file);
            } finally {
                Files.deleteIfExists(file);
                Files.delete(dir);
            }
        }
        return migrated;
    }

    /** Runs the migrations on the file; afterwards all of it is in that one file. */
    public static void migrate(Path file) throws Exception {
        ManagedDataSource pool = pool(file);
        pool.start();
        try {
            Migrations.run(pool);
        } finally {
            pool.stop();
        }
    }

    /** A pool of production over a file, not started. */
    public static ManagedDataSource pool(Path file) {
        DataSourceFactory factory = new DataSourceFactory();
        factory.setUrl(DatabaseUrl.parse("jdbc:sqlite:" + file).jdbcUrl());
        factory.setDriverClass("org.sqlite.JDBC");
        factory.setInitialSize(1);
        factory.setMinSize(1);
        factory.setMaxSize(8);
        return factory.build(new MetricRegistry(), "test");
    }
}
