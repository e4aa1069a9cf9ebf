package io.keck.testing;

import io.keck.storage.Storage;
import io.keck.storage.history.HistorySettings;
import io.keck.storage.log.JdbiUpdateLog;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A JUnit extension that gives each test an empty, migrated database and takes it away afterwards, together with all
 * storage that was opened over it. Register it in an instance field, with {@code @RegisterExtension}. PostgreSQL databases
 * are copies of a migrated template in the server that all test classes of a JVM share.
 */
public final class FreshDatabase implements BeforeEachCallback, AfterEachCallback {
    private interface Source {
        TestDatabase create(Path dir) throws Exception;
    }

    private final Source source;
    private final List<Storage> nodes = new ArrayList<>();
    private @Nullable Path dir;
    private @Nullable TestDatabase database;
    private @Nullable Storage storage;

    private FreshDatabase(Source source) {
        this.source = source;
    }

    /** A database in an SQLite file. */
    public static FreshDatabase sqlite() {
        return new FreshDatabase(dir -> new SqliteFile(dir.resolve("keck.db")));
    }

    /** A database in PostgreSQL. */
    public static FreshDatabase postgres() {
        return new FreshDatabase(dir -> PostgresDatabase.create(PostgresServer.shared()));
    }

    /** A database in PostgreSQL, reached through PgBouncer in transaction mode; skips tests as {@link PgBouncer#start} does. */
    public static FreshDatabase pgBouncer() {
        return new FreshDatabase(dir -> PostgresDatabase.create(
                PostgresServer.shared(), PgBouncer.shared().address()));
    }

    @Override
    public void beforeEach(ExtensionContext context) throws Exception {
        dir = Files.createTempDirectory("keck-database");
        database = source.create(dir);
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        for (Storage node : nodes) {
            node.stop();
        }
        if (database != null) {
            database.close();
        }
        if (database instanceof PostgresDatabase inServer) {
            inServer.drop();
        }
        if (dir != null) {
            TestFiles.delete(dir);
        }
    }

    /** The database of the test that runs. */
    public TestDatabase get() {
        return Objects.requireNonNull(database, "no test runs");
    }

    /** Handles over the pool of the database. */
    public Jdbi jdbi() {
        return get().jdbi;
    }

    /** The clock of all storage over the database. */
    public HandClock clock() {
        return get().clock;
    }

    /** The storage of the node under test; opened, with {@link TestDatabase#settings}, by the first call. */
    public Storage storage() {
        return storage == null ? reopen(TestDatabase.settings()) : storage;
    }

    /** Ends the node under test, if there is one, and opens its storage again with these settings. */
    public Storage reopen(JdbiUpdateLog.Settings settings) {
        return reopen(settings, HistorySettings.OFF);
    }

    /** The same, with history. */
    public Storage reopen(JdbiUpdateLog.Settings settings, HistorySettings history) {
        if (storage != null) {
            try {
                storage.stop();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            nodes.remove(storage);
        }
        storage = get().storage(settings, history);
        nodes.add(storage);
        return storage;
    }

    /** Opens the storage of another node, with {@link TestDatabase#settings}. */
    public Storage another() {
        return node(TestDatabase.settings());
    }

    private Storage node(JdbiUpdateLog.Settings settings) {
        Storage node = get().storage(settings);
        nodes.add(node);
        return node;
    }
}
