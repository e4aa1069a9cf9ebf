package io.keck;

import io.dropwizard.core.cli.Cli;
import io.dropwizard.migrations.DbCommand;
import net.sourceforge.argparse4j.inf.Namespace;
import org.jspecify.annotations.Nullable;

/** {@code db}: the schema by hand, as Dropwizard's; a failure prints its reason in a few lines. */
final class MigrateCommand extends DbCommand<KeckConfiguration> {
    MigrateCommand() {
        super("db", KeckConfiguration::database, KeckConfiguration.class, "migrations.xml");
    }

    @Override
    public void onError(Cli cli, @Nullable Namespace namespace, Throwable error) {
        CommandExit.say(cli, error);
    }
}
