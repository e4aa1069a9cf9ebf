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
 * {@code key new --name ci --role write --match 'team-1/*'}: makes an API key. The line for the file goes to the standard
 * output, so that it can be appended ({@code >> keys.jsonl}); the key itself, which nothing shows again, to the standard
 * error.
 */
final class KeyCommand extends Command {
    KeyCommand() {
        super("key", "Makes an API key: key new --name ci --role write --match 'team-1/*'");
    }

    @Override
    public void configure(Subparser parser) {
        parser.addArgument("action").choices("new").help("new: makes a key");
        parser.addArgument("--name").required(true).help("of the back end; it appears as key:NAME in logs");
        parser.addArgument("--role")
                .setDefault("write")
                .choices("read", "comment", "suggest", "write", "admin")
                .help("what it may do (write)");
        parser.addArgument("--match").setDefault("*").help("the documents: a name, or a beginning and * (*)");
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
