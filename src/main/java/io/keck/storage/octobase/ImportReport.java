package io.keck.storage.octobase;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** The figures of an import so far. Changed only by the importer; not thread-safe. */
public final class ImportReport {
    /** Whether the import only reads. */
    private final boolean dryRun;

    SourceDatabase.Totals totals = new SourceDatabase.Totals(0, 0, 0, 0, 0, 0);
    /** Rooms that were created. */
    long imported;
    /** Rooms that existed and lacked something. */
    long merged;
    /** Rooms that existed and lacked nothing. */
    long unchanged;
    /** Rooms that a dry run could read. */
    long readable;
    /** Rooms that were not imported. */
    long failed;

    /** Rooms whose documents the options exclude. */
    long excepted;
    /** Rooms that were renamed. */
    long renamed;
    /** Imported rooms with structs that wait for others which the source lacks. */
    long incomplete;
    /** Imported rooms whose rows hold different content or places under one id. */
    long contradictory;
    /** Items and deleted ranges of zero length. */
    long emptyItems;

    long roomsWithEmptyItems;
    /** Workspace names that are invalid for a room, each with a suggested name. */
    final Map<String, String> suggestions = new LinkedHashMap<>();

    long rows;
    long bytes;
    /** Rows of zero bytes. */
    long emptyRows;

    long brokenRows;
    long otherRows;
    long blobs;
    long blobsThere;
    long blobsFailed;
    long blobBytes;
    /** Rooms, rows, blobs and names that were left out. */
    long problems;

    ImportReport(boolean dryRun) {
        this.dryRun = dryRun;
    }

    /** The number of processed rooms. */
    long rooms() {
        return imported + merged + unchanged + readable + failed;
    }

    /** Whether everything in the source was imported. */
    public boolean isComplete() {
        return problems == 0;
    }

    /** Whether every imported document is complete and free of contradictions. */
    public boolean isWhole() {
        return incomplete + contradictory == 0;
    }

    /** The suggested names as a JSON object, in the form of a {@code --rename-file}; empty if there are none. */
    public String suggestedNames() {
        return suggestions.isEmpty()
                ? ""
                : suggestions.entrySet().stream()
                        .map(names -> "  " + Names.quote(names.getKey()) + ": " + Names.quote(names.getValue()))
                        .collect(Collectors.joining(",\n", "{\n", "\n}"));
    }

    /** The progress as one line, without a line break. */
    public String line() {
        StringBuilder line = new StringBuilder();
        line.append("rooms ").append(rooms()).append('/').append(totals.workspaces());
        line.append(", rows ").append(rows).append('/').append(totals.rows());
        line.append(", ").append(megabytes(bytes)).append('/').append(megabytes(totals.bytes()));
        line.append(" MB, blobs ")
                .append(blobs + blobsThere + blobsFailed)
                .append('/')
                .append(totals.blobs());
        return line.append(", not imported: ").append(problems).toString();
    }

    /**
     * The report in a few lines.
     *
     * @param millis the duration of the import
     */
    public String summary(long millis) {
        StringBuilder text = new StringBuilder("Rooms:  ");
        if (dryRun) {
            text.append(readable).append(" can be imported, ");
        } else {
            text.append(imported).append(" imported, ");
            text.append(merged).append(" existed and were completed, ");
            text.append(unchanged).append(" were up to date, ");
        }
        text.append(failed).append(" not imported");
        text.append(renamed == 0 ? "" : ", " + renamed + " renamed");
        text.append(excepted == 0 ? "" : ", " + excepted + " excepted").append('\n');
        text.append("Rows:   ").append(rows).append(" read, ");
        text.append(megabytes(bytes)).append(" MB, ");
        text.append(emptyRows == 0 ? "" : emptyRows + " empty, ");
        text.append(brokenRows).append(" broken, ").append(otherRows).append(" of sub-documents\n");
        if (!isWhole()) {
            text.append("Source: ").append(incomplete).append(" documents are incomplete, ");
            text.append(contradictory).append(" are contradictory\n");
        }
        if (emptyItems > 0) {
            text.append("Items:  ")
                    .append(emptyItems)
                    .append(" of zero length, which have no content, were dropped from ");
            text.append(roomsWithEmptyItems).append(" documents\n");
        }
        text.append("Blobs:  ").append(blobs).append(dryRun ? " can be copied, " : " copied, ");
        text.append(megabytes(blobBytes)).append(" MB, ").append(blobsThere).append(" existed, ");
        text.append(blobsFailed).append(" not imported\n");
        text.append("Time:   ").append(millis / 1_000).append('.');
        return text.append(millis / 100 % 10).append(" s\n").append(result()).toString();
    }

    private String result() {
        String not = "NOT imported";
        if (!isComplete()) {
            return not + ": " + problems + ", see above."
                    + (isWhole() ? "" : " Some documents are incomplete or contradictory, see above.");
        }
        return isWhole()
                ? "Everything " + (dryRun ? "can be" : "was") + " imported."
                : "All documents " + (dryRun ? "can be" : "were")
                        + " imported, but some are incomplete or contradictory in the source, see above.";
    }

    /** Megabytes (10^6 bytes), with one decimal. */
    private static String megabytes(long bytes) {
        long tenths = (bytes + 50_000) / 100_000;
        return tenths / 10 + "." + tenths % 10;
    }
}
