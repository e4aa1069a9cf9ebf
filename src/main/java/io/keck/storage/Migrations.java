package io.keck.storage;

import java.sql.Connection;
import java.util.Map;
import javax.sql.DataSource;
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
import liquibase.ui.LoggerUIService;

/** Brings the schema up to date. Several nodes may do so at once: Liquibase's lock lets one after the other in. */
final class Migrations {
    /** On the class path; {@code db migrate} reads the same file. */
    static final String FILE = "migrations.xml";

    private Migrations() {}

    /** Runs what has not run yet. Fails with an unchecked exception that names the change set. */
    static void run(DataSource dataSource) {
        try (Connection connection = dataSource.getConnection()) {
            try {
                update(connection);
            } finally {
                // Liquibase turns it off; in the pool that would make every transaction seem begun and none be
                // committed
                connection.setAutoCommit(true);
            }
        } catch (Exception e) {
            throw new IllegalStateException("The database schema cannot be brought up to date", e);
        }
    }

    private static void update(Connection connection) throws Exception {
        Database database =
                DatabaseFactory.getInstance().findCorrectDatabaseImplementation(new JdbcConnection(connection));
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
