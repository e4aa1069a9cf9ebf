package io.keck.command;

import com.codahale.metrics.health.HealthCheckRegistry;
import io.dropwizard.core.Configuration;
import io.dropwizard.core.setup.Bootstrap;
import io.dropwizard.core.setup.Environment;
import io.keck.config.Variables;
import io.keck.metrics.BlobMetrics;
import io.keck.node.NodeClock;
import io.keck.storage.DatabaseFactory;
import io.keck.storage.Storage;
import io.keck.storage.blob.JdbiBlobStore;
import io.keck.storage.octobase.ImportConsole;
import io.keck.storage.octobase.ImportReport;
import io.keck.storage.octobase.Importer;
import io.keck.storage.octobase.RenameFile;
import io.keck.storage.octobase.Renames;
import io.keck.storage.octobase.SourceDatabase;
import io.keck.storage.rows.StoredRooms;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import net.sourceforge.argparse4j.impl.Arguments;
import net.sourceforge.argparse4j.inf.Argument;
import net.sourceforge.argparse4j.inf.Namespace;
import net.sourceforge.argparse4j.inf.Subparser;
import org.eclipse.jetty.util.component.LifeCycle;

/**
 * {@code import-keck}: imports the database of OctoBase's Keck. Opens the target database as {@code server} does and
 * starts no other part of the server.
 */
final class ImportKeckCommand<C extends Configuration & CommandSettings> extends KeckCommand<C> {
    /**
     * The variable that may hold the URL of the source, because every user of the machine can read the command line.
     */
    private static final String FROM_VARIABLE = "KECK_IMPORT_FROM";

    private static final String NODE = "import-keck";
    /** Exit status if something was not imported. */
    private static final int LEFT_OUT = 2;
    /** Exit status if everything was imported and some documents are incomplete in the source. */
    private static final int NOT_WHOLE = 3;
    /** The hold of names of deleted rooms: longer than any room has existed. */
    private static final Duration FOREVER = Duration.ofMillis(Long.MAX_VALUE / 4);

    ImportKeckCommand(Class<C> configuration) {
        super(configuration, "import-keck", "Imports rooms and blobs from the database of OctoBase's Keck");
    }

    @Override
    public void configure(Subparser parser) {
        super.configure(parser);
        parser.addArgument("--from")
                .dest("from")
                .metavar("URL")
                .help("the database of the old Keck: postgres://user:password@host:5432/database or sqlite:path; it"
                        + " is only read. Default: the environment variable " + FROM_VARIABLE + "");
        parser.addArgument("--workspace")
                .dest("workspaces")
                .metavar("NAME")
                .action(Arguments.append())
                .help("import only this workspace; may be repeated");
        parser.addArgument("--except")
                .dest("except")
                .metavar("NAME")
                .action(Arguments.append())
                .help("leave out the document of this workspace; may be repeated");
        parser.addArgument("--rename")
                .dest("renames")
                .metavar("OLD=NEW")
                .action(Arguments.append())
                .help("import the workspace OLD under the name NEW; may be repeated");
        parser.addArgument("--rename-file")
                .dest("renameFile")
                .metavar("FILE")
                .help("read new names from a file: a JSON object of old to new names (.json), or two columns"
                        + " (.csv, .tsv)");
        flag(parser, "--dry-run", "read and check everything in the source, write nothing");
        flag(parser, "--skip-broken-rows", "import a workspace without its broken rows instead of leaving it out");
        flag(parser, "--no-blobs", "do not import blobs");
        flag(parser, "--restore-deleted", "import also workspaces that were deleted in the new Keck");
        flag(parser, "--ignore-subdocuments", "do not report sub-documents, which are never imported, as left out");
    }

    @Override
    protected Argument addFileArgument(Subparser parser) {
        return super.addFileArgument(parser)
                .help("the configuration of the server, which names the database to write to");
    }

    @Override
    protected void run(Bootstrap<C> bootstrap, Namespace arguments, C config) throws Exception {
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        String from = arguments.getString("from");
        if (from == null) {
            from = Variables.read(FROM_VARIABLE).orElse(null);
        }
        if (from == null || from.isBlank()) {
            throw new IllegalArgumentException("The source is missing: set --from URL or " + FROM_VARIABLE + ".");
        }
        Importer.Options options = new Importer.Options(
                list(arguments, "workspaces"),
                new HashSet<>(list(arguments, "except")),
                renames(arguments),
                arguments.getBoolean("--skip-broken-rows"),
                !arguments.getBoolean("--ignore-subdocuments"));
        boolean withBlobs = !arguments.getBoolean("--no-blobs");
        ImportConsole console = new ImportConsole(err, NodeClock.millis());
        try (SourceDatabase source = SourceDatabase.open(from)) {
            ImportReport report;
            if (arguments.getBoolean("--dry-run")) {
                report = dryRun(config, source, options, withBlobs, console);
            } else {
                Duration deletedNameHold = arguments.getBoolean("--restore-deleted") ? Duration.ZERO : FOREVER;
                report = write(bootstrap, config, source, options, withBlobs, deletedNameHold, console);
            }
            err.println(report.summary(console.elapsed()));
            tell(report, err);
        }
    }

    private static List<String> list(Namespace arguments, String name) {
        List<String> all = arguments.getList(name);
        return all == null ? List.of() : all;
    }

    private static Renames renames(Namespace arguments) throws IOException {
        List<Renames.Rename> all = new ArrayList<>();
        String file = arguments.getString("renameFile");
        if (file != null) {
            all.addAll(RenameFile.read(Path.of(file)));
        }
        list(arguments, "renames").forEach(rename -> all.add(Renames.Rename.parse(rename)));
        return Renames.of(all);
    }

    /** Prints advice on imperfect results, and throws the exit status for them. */
    private static void tell(ImportReport report, PrintStream err) {
        if (!report.suggestedNames().isEmpty()) {
            err.println("Names for --rename-file; save them as a .json file and change them as you like:");
            err.println(report.suggestedNames());
        }
        if (!report.isWhole()) {
            err.println(
                    "An incomplete or contradictory document may be complete in the memory of the old server or"
                            + " of a client: copy it from there before you stop it, as import.md says under \"Incomplete and contradictory documents\".");
        }
        if (!report.isComplete() || !report.isWhole()) {
            throw new CommandExit(report.isComplete() ? NOT_WHOLE : LEFT_OUT);
        }
    }

    /** Reads the target database only to see whether a name is taken. */
    private static ImportReport dryRun(
            CommandSettings config,
            SourceDatabase source,
            Importer.Options options,
            boolean withBlobs,
            ImportConsole console) {
        try (StoredRooms rooms = config.database().storedRooms()) {
            return new Importer(source, Importer.Target.dryRun(rooms::find), new SecureRandom(), options, console)
                    .run(withBlobs);
        }
    }

    private ImportReport write(
            Bootstrap<?> bootstrap,
            C config,
            SourceDatabase source,
            Importer.Options options,
            boolean withBlobs,
            Duration deletedNameHold,
            ImportConsole console)
            throws Exception {
        DatabaseFactory database = config.database();
        if (SourceDatabase.isAt(database.getUrl(), database.getUser(), database.getPassword())) {
            throw new IllegalArgumentException("The database to write to (DATABASE_URL) belongs to an old Keck."
                    + " Give the new Keck a database of its own; nothing was changed.");
        }
        Environment environment = new Environment(
                NODE,
                bootstrap.getObjectMapper(),
                bootstrap.getValidatorFactory(),
                bootstrap.getMetricRegistry(),
                bootstrap.getClassLoader(),
                new HealthCheckRegistry(),
                config);
        List<LifeCycle> parts = environment.lifecycle().getManagedObjects();
        try {
            Storage storage = database.build(environment, NODE, deletedNameHold);
            for (LifeCycle part : parts) {
                part.start();
            }
            // not started, because sweeping is left to the server
            JdbiBlobStore blobs = storage.blobs(
                    JdbiBlobStore.Settings.DEFAULT.withDeletedNameHold(deletedNameHold), BlobMetrics.NONE);
            return new Importer(source, Importer.Target.of(storage.log(), blobs), new SecureRandom(), options, console)
                    .run(withBlobs);
        } finally {
            for (int i = parts.size() - 1; i >= 0; i--) {
                parts.get(i).stop();
            }
        }
    }
}
