package io.keck.storage.database;

import java.io.IOException;
import java.io.InputStream;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import javax.sql.DataSource;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import liquibase.Contexts;
import liquibase.LabelExpression;
import liquibase.Liquibase;
import liquibase.Scope;
import liquibase.UpdateSummaryEnum;
import liquibase.UpdateSummaryOutputEnum;
import liquibase.command.CommandScope;
import liquibase.command.core.UpdateCommandStep;
import liquibase.command.core.helpers.DbUrlConnectionArgumentsCommandStep;
import liquibase.command.core.helpers.ShowSummaryArgument;
import liquibase.database.Database;
import liquibase.database.DatabaseFactory;
import liquibase.database.jvm.JdbcConnection;
import liquibase.exception.LiquibaseException;
import liquibase.resource.ClassLoaderResourceAccessor;
import liquibase.ui.LoggerUIService;

/**
 * Brings the schema up to date. Several nodes may do so at once, even on an empty database: an advisory lock of
 * PostgreSQL admits one after the other. (Liquibase's own lock is a table, whose concurrent creation fails.) On SQLite
 * {@link EmbeddedFile} keeps other processes out.
 */
public final class Migrations {
    /** On the class path; {@code db migrate} reads the same file. */
    static final String FILE = "migrations.xml";

    /** Of the advisory lock: "keck". */
    static final long LOCK = 0x6b65636b;

    private Migrations() {}

    /**
     * Runs the change sets that have not run yet.
     *
     * @throws IllegalStateException with the reason as its cause
     */
    public static synchronized void run(DataSource dataSource) {
        try (Connection turn = dataSource.getConnection()) {
            if (turn.getMetaData().getDatabaseProductName().equals("PostgreSQL")) {
                alone(turn, dataSource);
            } else {
                with(dataSource, Migrations::update);
            }
        } catch (Exception e) {
            throw new IllegalStateException("The database schema cannot be brought up to date", e);
        }
    }

    /** Holds the lock in a transaction, which a pooler keeps on one connection, and which ends with the process. */
    private static void alone(Connection turn, DataSource dataSource) throws Exception {
        int patience = PostgresSession.waitWithoutEnd(turn); // another node may take long
        OnlineIndexes.buildBefore(turn);
        turn.setAutoCommit(false);
        try (Statement statement = turn.createStatement()) {
            statement.execute(PostgresSession.FOR_TRANSACTION);
            statement.execute("SELECT pg_advisory_xact_lock(" + LOCK + ")");
            with(dataSource, database -> {
                Connection connection = ((JdbcConnection) database.getConnection()).getUnderlyingConnection();
                int limit = PostgresSession.waitWithoutEnd(connection);
                PostgresSession.set(connection);
                update(database);
                PostgresSession.waitFor(connection, limit);
            });
            turn.rollback();
            turn.setAutoCommit(true);
            OnlineIndexes.buildAfter(turn);
            PostgresSession.waitFor(turn, patience);
        } catch (Exception e) {
            giveUp(turn, e);
            throw e;
        }
    }

    /** Rolls back after a failure; a failure of the rollback must not hide the original one. */
    private static void giveUp(Connection connection, Exception failure) {
        try {
            if (!connection.getAutoCommit()) {
                connection.rollback();
            }
            connection.setAutoCommit(true);
        } catch (SQLException e) {
            failure.addSuppressed(e);
        }
    }

    /**
     * Refuses a database whose schema is not up to date.
     *
     * @throws DatabaseUnusableException with the remedy
     * @throws IllegalStateException with the reason as its cause, if the schema's state cannot be read
     */
    public static void requireNonePending(DataSource dataSource) {
        int[] pending = new int[1];
        try {
            with(dataSource, database -> pending[0] = pending(database));
        } catch (Exception e) {
            throw new IllegalStateException("The state of the database schema cannot be read", e);
        }
        if (pending[0] > 0) {
            throw new DatabaseUnusableException("The database schema is not up to date, " + pending[0]
                    + " change sets are missing. Run: java -jar keck.jar db migrate config.yml"
                    + " or set database.migrateAtStart: true (KECK_MIGRATE=true).");
        }
    }

    /** The ids of all change sets that this release knows, for one of the two databases. Does not touch a database. */
    public static Set<String> changeSets(boolean postgres) {
        Set<String> ids = new LinkedHashSet<>();
        try (InputStream in = Migrations.class.getClassLoader().getResourceAsStream(FILE)) {
            XMLStreamReader xml = XMLInputFactory.newFactory().createXMLStreamReader(in);
            while (xml.hasNext()) {
                if (xml.next() == XMLStreamConstants.START_ELEMENT
                        && xml.getLocalName().equals("changeSet")) {
                    String dbms = xml.getAttributeValue(null, "dbms");
                    if (dbms == null || dbms.equals(postgres ? "postgresql" : "sqlite")) {
                        ids.add(xml.getAttributeValue(null, "id"));
                    }
                }
            }
            return ids;
        } catch (IOException | XMLStreamException e) {
            throw new IllegalStateException("the list of change sets cannot be read", e);
        }
    }

    @FunctionalInterface
    private interface Work {
        void on(Database database) throws Exception;
    }

    private static void with(DataSource dataSource, Work work) throws Exception {
        try (Connection connection = dataSource.getConnection()) {
            try {
                work.on(DatabaseFactory.getInstance()
                        .findCorrectDatabaseImplementation(new JdbcConnection(connection)));
                if (!connection.getAutoCommit()) {
                    connection.rollback();
                }
                // Liquibase turns auto-commit off; back in the pool that would leave every transaction uncommitted
                connection.setAutoCommit(true);
            } catch (Exception e) {
                giveUp(connection, e);
                throw e;
            }
        }
    }

    private static int pending(Database database) throws LiquibaseException {
        // not closed, because that would close the pool's connection
        Liquibase liquibase = new Liquibase(FILE, new ClassLoaderResourceAccessor(), database);
        return liquibase
                .listUnrunChangeSets(new Contexts(), new LabelExpression())
                .size();
    }

    private static void update(Database database) throws Exception {
        Scope.child(
                Map.of(Scope.Attr.ui.name(), new LoggerUIService()),
                () -> new CommandScope(UpdateCommandStep.COMMAND_NAME)
                        .addArgumentValue(DbUrlConnectionArgumentsCommandStep.DATABASE_ARG, database)
                        .addArgumentValue(UpdateCommandStep.CHANGELOG_FILE_ARG, FILE)
                        .addArgumentValue(ShowSummaryArgument.SHOW_SUMMARY, UpdateSummaryEnum.OFF)
                        .addArgumentValue(ShowSummaryArgument.SHOW_SUMMARY_OUTPUT, UpdateSummaryOutputEnum.LOG)
                        .execute());
    }
}
