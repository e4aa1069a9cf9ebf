package io.keck.command;

import io.dropwizard.core.Configuration;
import io.dropwizard.core.setup.Bootstrap;
import io.keck.config.Variables;
import io.keck.metrics.BlobMetrics;
import io.keck.node.NodeClock;
import io.keck.storage.DatabaseFactory;
import io.keck.storage.Storage;
import io.keck.storage.blob.JdbiBlobStore;
import io.keck.storage.octobase.ImportConsole;
import io.keck.storage.octobase.ImportReport;
import io.keck.storage.octobase.Importer;
import io.keck.storage.octobase.Renames;
import io.keck.storage.octobase.SourceDatabase;
import io.keck.storage.rows.StoredRooms;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import net.sourceforge.argparse4j.impl.Arguments;
import net.sourceforge.argparse4j.inf.Argument;
import net.sourceforge.argparse4j.inf.Namespace;
import net.sourceforge.argparse4j.inf.Subparser;

/**
 * {@code import-keck}: imports the database of OctoBase's Keck. Opens the target database as {@code server} does and
 * starts no other part of the server.
 */
final class ImportKeckCommand<C extends Configuration & CommandSettings> extends KeckCommand<C> {
    private static final String NODE = "import-keck";

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
                        + " is only read. Default: the environment variable " + ImportArguments.FROM_VARIABLE);
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
        ImportArguments.renameFile(parser);
        flag(parser, "--dry-run", ImportArguments.DRY_RUN);
        flag(parser, "--skip-broken-rows", "import a workspace without its broken rows instead of leaving it out");
        flag(parser, "--no-blobs", "do not import blobs");
        flag(parser, "--restore-deleted", "import also workspaces that were deleted in the new Keck");
        flag(parser, "--ignore-subdocuments", "do not report sub-documents, which are never imported, as left out");
    }

    @Override
    protected Argument addFileArgument(Subparser parser) {
        return super.addFileArgument(parser).help(ImportArguments.CONFIGURATION);
    }

    @Override
    protected void run(Bootstrap<C> bootstrap, Namespace arguments, C config) throws Exception {
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        String from = arguments.getString("from");
        if (from == null) {
            from = Variables.read(ImportArguments.FROM_VARIABLE).orElse(null);
        }
        if (from == null || from.isBlank()) {
            throw new IllegalArgumentException(
                    "The source is missing: set --from URL or " + ImportArguments.FROM_VARIABLE + ".");
        }
        Importer.Options options = new Importer.Options(
                ImportArguments.list(arguments, "workspaces"),
                new HashSet<>(ImportArguments.list(arguments, "except")),
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
                Duration deletedNameHold = ImportArguments.deletedNameHold(arguments);
                report = write(bootstrap, config, source, options, withBlobs, deletedNameHold, console);
            }
            err.println(report.summary(console.elapsed()));
            tell(report, err);
        }
    }

    private static Renames renames(Namespace arguments) throws IOException {
        List<Renames.Rename> all = new ArrayList<>(ImportArguments.renameFile(arguments));
        ImportArguments.list(arguments, "renames").forEach(rename -> all.add(Renames.Rename.parse(rename)));
        return Renames.of(all);
    }

    /** Prints advice on imperfect results, and throws the exit status for them. */
    private static void tell(ImportReport report, PrintStream err) {
        ImportArguments.tellNames(report.suggestedNames(), err);
        if (!report.isWhole()) {
            err.println(
                    "An incomplete or contradictory document may be complete in the memory of the old server or"
                            + " of a client: copy it from there before you stop it, as import.md says under \"Incomplete and contradictory documents\".");
        }
        ImportArguments.exit(report.isComplete(), report.isWhole());
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
        try (CommandStorage opened = CommandStorage.open(bootstrap, config, database, NODE, deletedNameHold)) {
            Storage storage = opened.storage();
            // not started, because sweeping is left to the server
            JdbiBlobStore blobs = storage.blobs(
                    JdbiBlobStore.Settings.DEFAULT.withDeletedNameHold(deletedNameHold), BlobMetrics.NONE);
            return new Importer(source, Importer.Target.of(storage.log(), blobs), new SecureRandom(), options, console)
                    .run(withBlobs);
        }
    }
}
