package io.keck.command;

import io.keck.storage.octobase.RenameFile;
import io.keck.storage.octobase.Renames;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import net.sourceforge.argparse4j.inf.Namespace;
import net.sourceforge.argparse4j.inf.Subparser;

/** The arguments and results that all commands which import documents have in common. */
final class ImportArguments {
    /** The variable that may hold the source, because every user of the machine can read the command line. */
    static final String FROM_VARIABLE = "KECK_IMPORT_FROM";

    static final String CONFIGURATION = "the configuration of the server, which names the database to write to";
    static final String DRY_RUN = "read and check everything in the source, write nothing";

    /** Exit status if something was not imported. */
    private static final int LEFT_OUT = 2;
    /** Exit status if everything was imported and some documents are incomplete in the source. */
    private static final int NOT_WHOLE = 3;
    /** The hold of names of deleted rooms: longer than any room has existed. */
    private static final Duration FOREVER = Duration.ofMillis(Long.MAX_VALUE / 4);

    private ImportArguments() {}

    static void renameFile(Subparser parser) {
        parser.addArgument("--rename-file")
                .dest("renameFile")
                .metavar("FILE")
                .help("read new names from a file: a JSON object of old to new names (.json), or two columns"
                        + " (.csv, .tsv)");
    }

    /** The new names of the file; none if there is no file. */
    static List<Renames.Rename> renameFile(Namespace arguments) throws IOException {
        String file = arguments.getString("renameFile");
        return file == null ? List.of() : RenameFile.read(Path.of(file));
    }

    /** The values of an argument that may be repeated. */
    static List<String> list(Namespace arguments, String name) {
        List<String> all = arguments.getList(name);
        return all == null ? List.of() : all;
    }

    /** How long a deleted room keeps its name: for ever, unless the command line asks to restore deleted rooms. */
    static Duration deletedNameHold(Namespace arguments) {
        return arguments.getBoolean("--restore-deleted") ? Duration.ZERO : FOREVER;
    }

    /** Prints names that can be given to {@code --rename-file}, if there are any. */
    static void tellNames(String suggested, PrintStream err) {
        if (!suggested.isEmpty()) {
            err.println("Names for --rename-file; save them as a .json file and change them as you like:");
            err.println(suggested);
        }
    }

    /** @throws CommandExit with the status that says what is missing; if nothing is, the command ends with 0 */
    static void exit(boolean isComplete, boolean isWhole) {
        if (!isComplete || !isWhole) {
            throw new CommandExit(isComplete ? NOT_WHOLE : LEFT_OUT);
        }
    }
}
