package io.keck.command;

import io.dropwizard.core.Application;
import io.dropwizard.core.Configuration;
import io.dropwizard.core.cli.CheckCommand;
import io.dropwizard.core.setup.Bootstrap;

/** The list of all commands of the jar. A new command is registered here and nowhere else. */
public final class Commands {
    private Commands() {}

    /** Adds the commands that replace those of Dropwizard: {@code server} and {@code check}. */
    public static <C extends Configuration> void addDefaults(Bootstrap<C> bootstrap, Application<C> application) {
        bootstrap.addCommand(new KeckServerCommand<>(application));
        bootstrap.addCommand(new CheckCommand<>(application));
    }

    /** Adds Keck's own commands. */
    public static <C extends Configuration & CommandSettings> void addOwn(
            Bootstrap<C> bootstrap, Class<C> configuration) {
        bootstrap.addCommand(new MigrateCommand<>(configuration));
        bootstrap.addCommand(new ImportKeckCommand<>(configuration));
        bootstrap.addCommand(new ImportFromCommand<>(configuration));
        bootstrap.addCommand(new DoctorCommand<>(configuration));
        bootstrap.addCommand(new ExportCommand<>(configuration));
        bootstrap.addCommand(new ImportCommand<>(configuration));
        bootstrap.addCommand(new DrillCommand<>(configuration));
        bootstrap.addCommand(new BenchCommand());
        bootstrap.addCommand(new KeyCommand());
    }

    /**
     * The exit status of the process after a command failed; an import that left something out has a status of its own.
     */
    public static int exitStatus(Throwable error) {
        return error instanceof CommandExit exit ? exit.status() : 1;
    }
}
