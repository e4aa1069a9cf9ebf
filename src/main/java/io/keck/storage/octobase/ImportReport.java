package io.keck.storage.octobase;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** What an import has done so far. Changed by the importer only; not thread-safe. */
public final class ImportReport {
    /** Whether nothing is written. */
    private final boolean dryRun;

    SourceDatabase.Totals totals = new SourceDatabase.Totals(0, 0, 0, 0, 0, 0);
    /** Rooms that were made. */
    long imported;
    /** Rooms that were there and lacked something. */
    long merged;
    /** Rooms that had everything. */
    long unchanged;
    /** Rooms that were only read, in a dry run. */
    long readable;
    /** Rooms that were not taken over. */
    long failed;

    /** Rooms whose documents were left alone because the options say so. */
    long excepted;
    /** Rooms that got another name. */
    long renamed;
    /** Rooms that were taken over and whose structs wait for others that the source does not have. */
    long incomplete;
    /** Rooms that were taken over and whose rows say different things of one id. */
    long contradictory;
    /** Items and deleted ranges of no length. */
    long emptyItems;

    long roomsWithEmptyItems;
    /** Names that no room may have, and what each could be named. */
    final Map<String, String> suggestions = new LinkedHashMap<>();

    long rows;
    long bytes;
    /** Rows of no byte. */
    long emptyRows;

    long brokenRows;
    long otherRows;
    long blobs;
    long blobsThere;
    long blobsFailed;
    long blobBytes;
    /** Things that were not taken over. */
    long problems;

    ImportReport(boolean dryRun) {
        this.dryRun = dryRun;
    }

    /** Rooms that were looked at. */
    long rooms() {
        return imported + merged + unchanged + readable + failed;
    }

    /** Whether nothing was left out. */
    public boolean isComplete() {
        return problems == 0;
    }

    /** Whether no document is incomplete or contradictory. */
    public boolean isWhole() {
        return incomplete + contradictory == 0;
    }

    /**
     * The suggested names as a JSON object, which is a file for {@code --rename-file}; empty where none is suggested.
     */
    public String suggestedNames() {
        return suggestions.isEmpty()
                ? ""
                : suggestions.entrySet().stream()
                        .map(names -> "  " + Names.quote(names.getKey()) + ": " + Names.quote(names.getValue()))
                        .collect(Collectors.joining(",\n", "{\n", "\n}"));
    }

    /** How far it is, in one line without an end. */
    public String line() {
        StringBuilder line = new StringBuilder();
        line.append("rooms ").append(rooms()).append('/').append(totals.workspaces());
        line.append(", rows ").append(rows).append('/').append(totals.rows());
        line.append(", ").append(megabytes(bytes)).append('/').append(megabytes(totals.bytes()));
        line.append(" MB, blobs ")
                .append(blobs + blobsThere + blobsFailed)
                .append('/')
                .append(totals.blobs());
        return line.append(", not taken over: ").append(problems).toString();
    }

    /**
     * Everything, in a few lines.
     *
     * @param millis how long it took
     */
    public String summary(long millis) {
        StringBuilder text = new StringBuilder("Rooms:  ");
        if (dryRun) {
            text.append(readable).append(" can be imported, ");
        } else {
            text.append(imported).append(" imported, ");
            text.append(merged).append(" were there and got what they lacked, ");
            text.append(unchanged).append(" had everything, ");
        }
        text.append(failed).append(" not taken over");
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
            text.append("Items:  ").append(emptyItems).append(" of no length, which hold nothing, were dropped from ");
            text.append(roomsWithEmptyItems).append(" documents\n");
        }
        text.append("Blobs:  ").append(blobs).append(dryRun ? " can be copied, " : " copied, ");
        text.append(megabytes(blobBytes)).append(" MB, ").append(blobsThere).append(" were there, ");
        text.append(blobsFailed).append(" not taken over\n");
        text.append("Time:   ").append(millis / 1_000).append('.');
        return text.append(millis / 100 % 10).append(" s\n").append(result()).toString();
    }

    private String result() {
        String not = "NOT taken over";
        if (!isComplete()) {
            return not + ": " + problems + ", see above."
                    + (isWhole() ? "" : " Some documents are not whole, see above.");
        }
        String was = dryRun ? "can be" : "was";
        return isWhole()
                ? "Everything " + was + " taken over."
                : "All that the source has " + was + " taken over, but some documents are not whole there, see above.";
    }

    /** Millions of bytes with one digit. */
    private static String megabytes(long bytes) {
        long tenths = (bytes + 50_000) / 100_000;
        return tenths / 10 + "." + tenths % 10;
    }
}
