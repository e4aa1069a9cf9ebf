package io.keck.command;

import io.dropwizard.core.cli.Cli;
import io.dropwizard.core.cli.Command;
import io.dropwizard.core.setup.Bootstrap;
import io.keck.ops.bench.Bench;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import net.sourceforge.argparse4j.impl.Arguments;
import net.sourceforge.argparse4j.inf.Namespace;
import net.sourceforge.argparse4j.inf.Subparser;
import org.jspecify.annotations.Nullable;

/**
 * {@code bench}: puts a load of typing clients on a running server and reports its speed. Exits with 1 if an error
 * occurred.
 */
final class BenchCommand extends Command {
    BenchCommand() {
        super("bench", "Puts a load of typing clients on a running server and reports its speed");
    }

    @Override
    public void configure(Subparser parser) {
        parser.addArgument("server")
                .metavar("ws://host:3000")
                .help("the server; the query of the URL is sent with each connection");
        number(parser, "--rooms", 10, "rooms");
        number(parser, "--clients", 5, "clients in each room");
        parser.addArgument("--rate")
                .dest("rate")
                .type(Double.class)
                .setDefault(5.0)
                .help("letters per second typed by each client (5)");
        number(parser, "--seconds", 10, "seconds of typing");
        parser.addArgument("--keep")
                .dest("keep")
                .action(Arguments.storeTrue())
                .help("do not remove the rooms afterwards");
    }

    private static void number(Subparser parser, String name, int byDefault, String help) {
        parser.addArgument(name)
                .dest(name)
                .type(Integer.class)
                .setDefault(byDefault)
                .help(help + " (" + byDefault + ")");
    }

    @Override
    public void run(Bootstrap<?> bootstrap, Namespace arguments) throws InterruptedException {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        Bench.Options options = new Bench.Options(
                URI.create(arguments.getString("server")),
                arguments.getInt("--rooms"),
                arguments.getInt("--clients"),
                arguments.getDouble("rate"),
                arguments.getInt("--seconds"),
                arguments.getBoolean("keep"));
        Bench.Result result = new Bench(options, err::println).run();
        out.print(Bench.text(result));
        if (!result.isClean() || result.connected() == 0) {
            throw new CommandExit(1);
        }
    }

    /** Prints the error as a sentence, without a stack trace. */
    @Override
    public void onError(Cli cli, @Nullable Namespace namespace, Throwable error) {
        CommandExit.say(cli, error);
    }
}
