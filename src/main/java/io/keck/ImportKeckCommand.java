package io.keck;

import com.codahale.metrics.health.HealthCheckRegistry;
import io.dropwizard.core.cli.Cli;
import io.dropwizard.core.cli.ConfiguredCommand;
import io.dropwizard.core.setup.Bootstrap;
import io.dropwizard.core.setup.Environment;
import io.keck.blob.BlobMetrics;
import io.keck.config.Variables;
import io.keck.storage.DatabaseFactory;
import io.keck.storage.JdbiBlobStore;
import io.keck.storage.JdbiUpdateLog;
import io.keck.storage.octobase.ImportConsole;
import io.keck.storage.octobase.ImportReport;
import io.keck.storage.octobase.Importer;
import io.keck.storage.octobase.SourceDatabase;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import net.sourceforge.argparse4j.impl.Arguments;
import net.sourceforge.argparse4j.inf.Argument;
import net.sourceforge.argparse4j.inf.Namespace;
import net.sourceforge.argparse4j.inf.Subparser;
import org.eclipse.jetty.util.component.LifeCycle;
import org.jspecify.annotations.Nullable;

/**
 * {@code import-keck}: takes over the database of the Keck of OctoBase. Opens our database as {@code server} does, but
 * nothing else of it.
 */
final class ImportKeckCommand extends ConfiguredCommand<KeckConfiguration> {
    /** Where the URL of the source may be instead of the command line, which everybody on the machine can read. */
    private static final String FROM_VARIABLE = "KECK_IMPORT_FROM";

    private static final String NODE = "import-keck";
    /** Names of rooms that were deleted are held for so long: longer than anything has been there. */
    private static final long FOREVER = Long.MAX_VALUE / 4;

    private static final long LEASE_MILLIS = 3_600_000;
    private static final long KEEP_MILLIS = 86_400_000;

    /** Something was left out; what it was is said already. */
    static final class IncompleteException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private IncompleteException() {
            super("Something was not taken over", null, false, false);
        }
    }

    ImportKeckCommand() {
        super("import-keck", "Takes over rooms and blobs from the database of the Keck of OctoBase");
    }

    @Override
    public void configure(Subparser parser) {
        super.configure(parser);
        parser.addArgument("--from")
                .dest("from")
                .metavar("URL")
                .help("the database of the old Keck: postgres://user:password@host:5432/database or sqlite:path;"
                        + " only read. By default what the environment variable " + FROM_VARIABLE + " says");
        parser.addArgument("--workspace")
                .dest("workspaces")
                .metavar("NAME")
                .action(Arguments.append())
                .help("only this workspace; may be given several times");
        flag(parser, "--dry-run", "read and check everything in the source, write nothing");
        flag(parser, "--skip-broken-rows", "import a workspace without its broken rows, instead of not at all");
        flag(parser, "--no-blobs", "leave blobs alone");
        flag(parser, "--restore-deleted", "import also workspaces that were deleted in the new Keck");
        flag(parser, "--ignore-subdocuments", "do not count sub-documents, which are not imported, as left out");
    }

    private static void flag(Subparser parser, String name, String help) {
        parser.addArgument(name).dest(name).action(Arguments.storeTrue()).help(help);
    }

    @Override
    protected Argument addFileArgument(Subparser parser) {
        return super.addFileArgument(parser)
                .help("the configuration of the server, which names the database to write to");
    }

    @Override
    protected void run(Bootstrap<KeckConfiguration> bootstrap, Namespace arguments, KeckConfiguration config)
            throws Exception {
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        String from = arguments.getString("from");
        if (from == null) {
            from = Variables.read(FROM_VARIABLE).orElse(null);
        }
        if (from == null || from.isBlank()) {
            throw new IllegalArgumentException("Say where to import from: --from URL, or " + FROM_VARIABLE + ".");
        }
        List<String> workspaces = arguments.getList("workspaces");
        Importer.Options options = new Importer.Options(
                workspaces == null ? List.of() : workspaces,
                arguments.getBoolean("--skip-broken-rows"),
                !arguments.getBoolean("--ignore-subdocuments"));
        boolean withBlobs = !arguments.getBoolean("--no-blobs");
        ImportConsole console = new ImportConsole(err, RoomRuntime.clock());
        try (SourceDatabase source = SourceDatabase.open(from)) {
            ImportReport report;
            if (arguments.getBoolean("--dry-run")) {
                report = new Importer(source, null, null, new SecureRandom(), options, console).run(withBlobs);
            } else {
                long hold = arguments.getBoolean("--restore-deleted") ? 0 : FOREVER;
                report = write(bootstrap, config, source, options, withBlobs, hold, console);
            }
            err.println(report.summary(console.elapsed()));
            if (!report.isComplete()) {
                throw new IncompleteException();
            }
        }
    }

    private static ImportReport write(
            Bootstrap<KeckConfiguration> bootstrap,
            KeckConfiguration config,
            SourceDatabase source,
            Importer.Options options,
            boolean withBlobs,
            long holdMillis,
            ImportConsole console)
            throws Exception {
        DatabaseFactory database = config.database();
        if (SourceDatabase.isAt(database.getUrl(), database.getUser(), database.getPassword())) {
            throw new IllegalArgumentException("The database to write to (DATABASE_URL) is that of an old Keck."
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
            JdbiUpdateLog log = database.build(environment, NODE, holdMillis);
            for (LifeCycle part : parts) {
                part.start();
            }
            // not started: sweeping is the server's work
            JdbiBlobStore blobs = log.blobs(
                    new JdbiBlobStore.Settings(holdMillis, KEEP_MILLIS, LEASE_MILLIS, KEEP_MILLIS), BlobMetrics.NONE);
            return new Importer(source, log, blobs, new SecureRandom(), options, console).run(withBlobs);
        } finally {
            for (int i = parts.size() - 1; i >= 0; i--) {
                parts.get(i).stop();
            }
        }
    }

    /** A sentence, without a stack trace. */
    @Override
    public void onError(Cli cli, @Nullable Namespace namespace, Throwable error) {
        if (!(error instanceof IncompleteException)) {
            String message = error.getMessage();
            cli.getStdErr().println(message == null ? error.toString() : message);
        }
    }
}
