package io.keck.command;

import io.dropwizard.core.Configuration;
import io.dropwizard.core.cli.Cli;
import io.dropwizard.core.cli.ConfiguredCommand;
import net.sourceforge.argparse4j.impl.Arguments;
import net.sourceforge.argparse4j.inf.Namespace;
import net.sourceforge.argparse4j.inf.Subparser;
import org.jspecify.annotations.Nullable;

/** A command that reads the configuration. On failure it prints the reason as a sentence, without a stack trace. */
abstract class KeckCommand<C extends Configuration & CommandSettings> extends ConfiguredCommand<C> {
    private final Class<C> configuration;

    KeckCommand(Class<C> configuration, String name, String description) {
        super(name, description);
        this.configuration = configuration;
    }

    @Override
    protected final Class<C> getConfigurationClass() {
        return configuration;
    }

    /** Adds a boolean flag. */
    static void flag(Subparser parser, String name, String help) {
        parser.addArgument(name).dest(name).action(Arguments.storeTrue()).help(help);
    }

    @Override
    public final void onError(Cli cli, @Nullable Namespace namespace, Throwable error) {
        CommandExit.say(cli, error);
    }
}
