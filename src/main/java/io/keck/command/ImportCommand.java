package io.keck.command;

import io.dropwizard.core.Configuration;
import io.dropwizard.core.setup.Bootstrap;
import io.keck.metrics.BlobMetrics;
import io.keck.node.NodeClock;
import io.keck.ops.DoctorReport;
import io.keck.ops.ProgressBar;
import io.keck.storage.Storage;
import io.keck.storage.archive.ArchiveImporter;
import io.keck.storage.blob.JdbiBlobStore;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import net.sourceforge.argparse4j.inf.Namespace;
import net.sourceforge.argparse4j.inf.Subparser;
import org.jspecify.annotations.Nullable;

/**
 * {@code import}: imports the rooms of a file that {@code export} wrote. On PostgreSQL it may run beside servers, which
 * see the import like writes of another node. Exits with 2 if something was left out.
 */
final class ImportCommand<C extends Configuration & CommandSettings> extends KeckCommand<C> {
    private static final String NODE = "import";
    private static final int LEFT_OUT = 2;

    ImportCommand(Class<C> configuration) {
        super(configuration, "import", "Imports the rooms of a file that export wrote");
    }

    @Override
    public void configure(Subparser parser) {
        super.configure(parser);
        parser.addArgument("--from").dest("from").metavar("FILE").required(true).help("the file");
        parser.addArgument("--room").dest("room").metavar("NAME").help("only this room");
        parser.addArgument("--as").dest("as").metavar("NAME").help("the name under which --room is imported");
    }

    @Override
    protected void run(Bootstrap<C> bootstrap, Namespace arguments, C config) throws Exception {
        Path file = Path.of(arguments.getString("from")).toAbsolutePath();
        String only = arguments.getString("room");
        String as = arguments.getString("as");
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException("There is no file " + file + ".");
        }
        if (as != null && only == null) {
            throw new IllegalArgumentException("--as needs --room.");
        }
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        ArchiveImporter.Result result = run(bootstrap, config, file, only, as, err);
        if (result.resumed()) {
            err.println("Resumed an interrupted import.");
        }
        err.println("Imported " + result.made() + " rooms, " + result.merged() + " existed and were completed, "
                + result.unchanged() + " were up to date; " + result.blobs() + " blobs, " + result.blobsThere()
                + " existed. Left out: " + result.leftOut() + ".");
        if (only != null && result.made() + result.merged() + result.unchanged() + result.leftOut() == 0) {
            err.println("Room " + DoctorReport.quote(only) + " is not in the file.");
            throw new CommandExit(LEFT_OUT);
        }
        if (result.leftOut() > 0) {
            throw new CommandExit(LEFT_OUT);
        }
    }

    private ArchiveImporter.Result run(
            Bootstrap<?> bootstrap, C config, Path file, @Nullable String only, @Nullable String as, PrintStream err)
            throws Exception {
        ProgressBar bar = new ProgressBar(err, NodeClock.millis(), ProgressBar.isTerminal());
        long size = Files.size(file);
        ArchiveImporter.Listener listener = new ArchiveImporter.Listener() {
            @Override
            public void checked(long position) {
                bar.at(position, size, "bytes checked");
            }

            @Override
            public void imported(long position, long rooms) {
                bar.at(position, size, "bytes, " + rooms + " rooms");
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
        };
        long rooms = ArchiveImporter.check(file, listener);
        bar.clear();
        err.println("The file is complete: " + rooms + " rooms.");
        try (CommandStorage opened = CommandStorage.open(bootstrap, config, config.database(), NODE)) {
            Storage storage = opened.storage();
            // not started, because sweeping is left to the server
            JdbiBlobStore blobs = storage.blobs(JdbiBlobStore.Settings.DEFAULT, BlobMetrics.NONE);
            return new ArchiveImporter(
                            storage.log(), blobs, storage.nodes().cluster(), new SecureRandom(), only, as, listener)
                    .run(file);
        } finally {
            bar.clear();
        }
    }
}
