package io.keck.command;

import io.dropwizard.core.Configuration;
import io.dropwizard.core.setup.Bootstrap;
import io.keck.node.NodeClock;
import io.keck.ops.DoctorReport;
import io.keck.ops.ProgressBar;
import io.keck.storage.archive.Exporter;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import net.sourceforge.argparse4j.inf.Namespace;
import net.sourceforge.argparse4j.inf.Subparser;

/**
 * {@code export}: writes one room or all rooms into a file, also while the server runs. Exits with 2 if something was
 * left out.
 */
final class ExportCommand<C extends Configuration & CommandSettings> extends KeckCommand<C> {
    private static final int LEFT_OUT = 2;

    ExportCommand(Class<C> configuration) {
        super(configuration, "export", "Writes one room or all rooms, with their blobs, into a file");
    }

    @Override
    public void configure(Subparser parser) {
        super.configure(parser);
        parser.addArgument("--to")
                .dest("to")
                .metavar("FILE")
                .required(true)
                .help("the file to write, which must not exist yet. An interrupted export leaves FILE.part beside"
                        + " it and is resumed from there");
        parser.addArgument("--room").dest("room").metavar("NAME").help("only this room");
        flag(parser, "--no-blobs", "leave blobs out");
        flag(parser, "--damaged", "export the readable part of damaged rooms instead of leaving these rooms out");
    }

    @Override
    protected void run(Bootstrap<C> bootstrap, Namespace arguments, C config) throws IOException {
        Path file = Path.of(arguments.getString("to")).toAbsolutePath();
        if (Files.exists(file)) {
            throw new IllegalStateException(file + " already exists; nothing was done.");
        }
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        ProgressBar bar = new ProgressBar(err, NodeClock.millis(), ProgressBar.isTerminal());
        Exporter.Result result = config.database()
                .export(
                        file,
                        arguments.getString("room"),
                        !arguments.getBoolean("--no-blobs"),
                        arguments.getBoolean("--damaged"),
                        new Exporter.Listener() {
                            @Override
                            public void progress(long done, long total, long blobs, long bytes) {
                                bar.at(done, total, "rooms, " + blobs + " blobs, " + ProgressBar.bytes(bytes));
                            }

                            @Override
                            public void leftOut(String room, String why) {
                                bar.clear();
                                err.println("Room " + DoctorReport.quote(room) + ": " + why);
                            }

                            @Override
                            public void incomplete(String room, String what) {
                                leftOut(room, what);
                            }
                        });
        bar.clear();
        if (result.resumed()) {
            err.println("Resumed an interrupted export.");
        }
        err.println("Exported " + result.rooms() + " rooms and " + result.blobs() + " blobs, " + result.bytes()
                + " bytes. Left out: " + result.leftOut() + ".");
        if (result.leftOut() > 0) {
            throw new CommandExit(LEFT_OUT);
        }
    }
}
