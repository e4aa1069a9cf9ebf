package io.keck.command;

import io.dropwizard.core.cli.Cli;
import io.dropwizard.core.cli.Command;
import io.dropwizard.core.setup.Bootstrap;
import io.keck.auth.NewKey;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import net.sourceforge.argparse4j.inf.Namespace;
import net.sourceforge.argparse4j.inf.Subparser;
import org.jspecify.annotations.Nullable;

/**
 * {@code key new --name ci --role write --match 'team-1/*'}: creates an API key. The line for the file of keys goes to
 * standard output, so that it can be appended ({@code >> keys.jsonl}). The key itself goes to standard error and is
 * never shown again.
 */
final class KeyCommand extends Command {
    KeyCommand() {
        super("key", "Creates an API key: key new --name ci --role write --match 'team-1/*'");
    }

    @Override
    public void configure(Subparser parser) {
        parser.addArgument("action").choices("new").help("new: creates a key");
        parser.addArgument("--name").required(true).help("the name of the back end, which appears as key:NAME in logs");
        parser.addArgument("--role")
                .setDefault("write")
                .choices("read", "comment", "suggest", "write", "admin")
                .help("what the key allows (write)");
        parser.addArgument("--match")
                .setDefault("*")
                .help("the documents that the key opens: a name, or a prefix" + " and * (*)");
    }

    @Override
    public void run(Bootstrap<?> bootstrap, Namespace arguments) {
        NewKey made =
                NewKey.make(arguments.getString("name"), arguments.getString("match"), arguments.getString("role"));
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        err.println("The key, which is not shown again:");
        err.println(made.key());
        err.println("The line for the file that KECK_API_KEYS_FILE names:");
        out.println(made.line());
    }

    @Override
    public void onError(Cli cli, @Nullable Namespace namespace, Throwable error) {
        CommandExit.say(cli, error);
    }
}
