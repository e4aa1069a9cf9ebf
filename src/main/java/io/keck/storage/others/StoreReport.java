package io.keck.storage.others;

import io.keck.storage.octobase.Names;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** The figures of an import. Changed only by {@link StoreImporter}; not thread-safe. */
public final class StoreReport {
    /** Whether the import only reads. */
    final boolean dryRun;
    /** Names that no document may have here, each with a suggested one. */
    final Map<String, String> suggestions = new LinkedHashMap<>();

    long documents;
    long bytes;
    /** Created, or to be created by an import after this dry run. */
    long imported;
    /** Existed and were replaced. */
    long replaced;
    /** Existed, lacked something and got it. */
    long completed;
    /** Existed and had everything. */
    long unchanged;
    /** Existed, differ and were left as they are. */
    long differing;
    /** Could not be imported. */
    long leftOut;
    /** Imported, with structs that wait for others that the source lacks. */
    long incomplete;

    StoreReport(boolean dryRun) {
        this.dryRun = dryRun;
    }

    /** Whether every document of the source is here. */
    public boolean isComplete() {
        return differing + leftOut == 0;
    }

    /** Whether no imported document waits for content that the source lacks. */
    public boolean isWhole() {
        return incomplete == 0;
    }

    /** The report in a few lines. */
    public String summary(long millis) {
        String would = dryRun ? " would be " : " ";
        StringBuilder text = new StringBuilder("Documents: ").append(documents).append(" in the source, ");
        text.append(bytes).append(" bytes\n           ");
        text.append(imported).append(would).append("imported, ");
        text.append(unchanged).append(" up to date, ");
        text.append(completed == 0 ? "" : completed + would + "completed, ");
        text.append(replaced == 0 ? "" : replaced + would + "replaced, ");
        text.append(differing).append(" differ, ").append(leftOut).append(" left out");
        text.append(incomplete == 0 ? "" : ", " + incomplete + " incomplete in the source")
                .append('\n');
        text.append("Time:      ")
                .append(millis / 1_000)
                .append('.')
                .append(millis / 100 % 10)
                .append(" s\n");
        return text.append(result()).toString();
    }

    private String result() {
        if (!isComplete()) {
            return "Not everything was imported: see the lines above.";
        }
        if (dryRun) {
            return "Everything can be imported. Nothing was written.";
        }
        return "Everything was imported and verified.";
    }

    /** The suggested names as a JSON object, in the form of a {@code --rename-file}; empty if there are none. */
    public String suggestedNames() {
        return suggestions.isEmpty()
                ? ""
                : suggestions.entrySet().stream()
                        .map(names -> "  " + Names.quote(names.getKey()) + ": " + Names.quote(names.getValue()))
                        .collect(Collectors.joining(",\n", "{\n", "\n}"));
    }
}
