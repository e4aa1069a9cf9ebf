package io.keck.command;

import io.dropwizard.core.Configuration;
import io.dropwizard.core.cli.Cli;
import io.dropwizard.migrations.DbCommand;
import net.sourceforge.argparse4j.inf.Namespace;
import org.jspecify.annotations.Nullable;

/** {@code db}: Dropwizard's command for migrations; a failure prints its reason in a few lines. */
final class MigrateCommand<C extends Configuration & CommandSettings> extends DbCommand<C> {
    MigrateCommand(Class<C> configuration) {
        super("db", C::database, configuration, "migrations.xml");
    }

    @Override
    public void onError(Cli cli, @Nullable Namespace namespace, Throwable error) {
        CommandExit.say(cli, error);
    }
}
