package io.keck.command;

import io.dropwizard.core.Configuration;
import io.dropwizard.core.setup.Bootstrap;
import io.keck.config.Variables;
import io.keck.node.NodeClock;
import io.keck.ops.ProgressBar;
import io.keck.storage.others.HocuspocusStore;
import io.keck.storage.others.OtherStore;
import io.keck.storage.others.RenameRules;
import io.keck.storage.others.StoreImporter;
import io.keck.storage.others.StoreReport;
import io.keck.storage.others.YLevelStore;
import io.keck.storage.others.YSweetStore;
import io.keck.storage.rows.StoredRooms;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.function.LongSupplier;
import net.sourceforge.argparse4j.impl.Arguments;
import net.sourceforge.argparse4j.inf.Argument;
import net.sourceforge.argparse4j.inf.Namespace;
import net.sourceforge.argparse4j.inf.Subparser;

/**
 * {@code import-from}: imports documents from the store of another Yjs server. On PostgreSQL it may run beside servers, which
 * see the import like writes of another node. Exits with 2 if something was left out or differs, with 3 if everything was
 * imported and some documents are incomplete in the source.
 */
final class ImportFromCommand<C extends Configuration & CommandSettings> extends KeckCommand<C> {
    private static final String NODE = "import-from";

    private static final String SQLITE = "hocuspocus-sqlite";
    private static final String POSTGRES = "hocuspocus-postgres";
    private static final String Y_SWEET = "y-sweet";
    private static final String Y_LEVELDB = "y-leveldb";

    ImportFromCommand(Class<C> configuration) {
        super(configuration, "import-from", "Imports documents from the store of Hocuspocus, y-sweet or y-websocket");
    }

    @Override
    public void configure(Subparser parser) {
        parser.addArgument("kind").choices(SQLITE, POSTGRES, Y_SWEET, Y_LEVELDB).help("the kind of the store");
        parser.addArgument("source")
                .help(
                        "the file of the SQLite database, postgres://user:password@host:5432/database, or the directory of"
                                + " y-sweet or y-leveldb; it is only read. - takes it from the environment variable "
                                + ImportArguments.FROM_VARIABLE);
        super.configure(parser);
        parser.addArgument("--document")
                .dest("documents")
                .metavar("NAME")
                .action(Arguments.append())
                .help("import only this document; may be repeated");
        parser.addArgument("--rename")
                .dest("renames")
                .metavar("OLD=NEW")
                .action(Arguments.append())
                .help(
                        "import the document OLD under the name NEW; an asterisk on both sides stands for any text; may be"
                                + " repeated, and the first that matches counts");
        ImportArguments.renameFile(parser);
        parser.addArgument("--table")
                .dest("table")
                .metavar("TABLE")
                .setDefault(HocuspocusStore.Table.DEFAULT.table())
                .help("the table of Hocuspocus, also SCHEMA.TABLE (default: documents)");
        parser.addArgument("--name-column")
                .dest("nameColumn")
                .metavar("COLUMN")
                .setDefault(HocuspocusStore.Table.DEFAULT.name())
                .help("its column with the names (default: name)");
        parser.addArgument("--data-column")
                .dest("dataColumn")
                .metavar("COLUMN")
                .setDefault(HocuspocusStore.Table.DEFAULT.data())
                .help("its column with the documents (default: data)");
        flag(parser, "--dry-run", ImportArguments.DRY_RUN);
        flag(parser, "--merge", "give documents that exist here what they lack, instead of only reporting them");
        flag(parser, "--replace", "replace documents that exist here and differ, instead of only reporting them");
        flag(parser, "--restore-deleted", "import also documents that were deleted here");
    }

    @Override
    protected Argument addFileArgument(Subparser parser) {
        return super.addFileArgument(parser).help(ImportArguments.CONFIGURATION);
    }

    @Override
    protected void run(Bootstrap<C> bootstrap, Namespace arguments, C config) throws Exception {
        StoreImporter.Options options = options(arguments);
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        LongSupplier clock = NodeClock.millis();
        long begun = clock.getAsLong();
        Progress progress = new Progress(err, clock);
        try (OtherStore store = open(arguments)) {
            StoreReport report;
            if (arguments.getBoolean("--dry-run")) {
                try (StoredRooms rooms = config.database().storedRooms()) {
                    report = StoreImporter.dryRun(rooms::find, store, options, progress)
                            .run();
                }
            } else {
                Duration hold = ImportArguments.deletedNameHold(arguments);
                try (CommandStorage opened = CommandStorage.open(bootstrap, config, config.database(), NODE, hold)) {
                    report = StoreImporter.into(opened.storage().log(), store, options, new SecureRandom(), progress)
                            .run();
                }
            }
            progress.bar.clear();
            err.println(report.summary(clock.getAsLong() - begun));
            tell(report, err);
        } finally {
            progress.bar.clear();
        }
    }

    private static void tell(StoreReport report, PrintStream err) {
        ImportArguments.tellNames(report.suggestedNames(), err);
        ImportArguments.exit(report.isComplete(), report.isWhole());
    }

    private static StoreImporter.Options options(Namespace arguments) throws IOException {
        return new StoreImporter.Options(
                ImportArguments.list(arguments, "documents"),
                new RenameRules(ImportArguments.list(arguments, "renames"), ImportArguments.renameFile(arguments)),
                arguments.getBoolean("--merge"),
                arguments.getBoolean("--replace"));
    }

    private static OtherStore open(Namespace arguments) {
        String source = arguments.getString("source");
        if (source.equals("-")) {
            source = Variables.read(ImportArguments.FROM_VARIABLE)
                    .orElseThrow(() -> new IllegalArgumentException(
                            "The variable " + ImportArguments.FROM_VARIABLE + " is not set."));
        }
        HocuspocusStore.Table table = new HocuspocusStore.Table(
                arguments.getString("table"), arguments.getString("nameColumn"), arguments.getString("dataColumn"));
        return switch (arguments.getString("kind")) {
            case SQLITE -> HocuspocusStore.sqlite(source, table);
            case POSTGRES -> HocuspocusStore.postgres(source, table);
            case Y_SWEET -> new YSweetStore(Path.of(source));
            default -> new YLevelStore(Path.of(source));
        };
    }

    /** Shows the progress as a bar on a terminal and otherwise as a line each second, and each problem at once. */
    private static final class Progress implements StoreImporter.Listener {
        private final PrintStream err;
        final ProgressBar bar;

        Progress(PrintStream err, LongSupplier millis) {
            this.err = err;
            this.bar = new ProgressBar(err, millis, ProgressBar.isTerminal());
        }

        @Override
        public void progress(long done, long total, StoreReport report) {
            bar.at(done, total, "documents");
        }

        @Override
        public void problem(String sentence) {
            bar.clear();
            err.println(sentence);
        }
    }
}
