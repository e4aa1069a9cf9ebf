package io.keck.storage.octobase;

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

    long rows;
    long bytes;
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
        StringBuilder text = new StringBuilder();
        if (dryRun) {
            text.append("Rooms:  ").append(readable).append(" can be imported, ");
        } else {
            text.append("Rooms:  ").append(imported).append(" imported, ");
            text.append(merged).append(" were there and got what they lacked, ");
            text.append(unchanged).append(" had everything, ");
        }
        text.append(failed).append(" not taken over\n");
        text.append("Rows:   ")
                .append(rows)
                .append(" read, ")
                .append(megabytes(bytes))
                .append(" MB, ");
        text.append(brokenRows).append(" broken, ").append(otherRows).append(" of sub-documents\n");
        text.append("Blobs:  ").append(blobs).append(dryRun ? " can be copied, " : " copied, ");
        text.append(megabytes(blobBytes)).append(" MB, ").append(blobsThere).append(" were there, ");
        text.append(blobsFailed).append(" not taken over\n");
        text.append("Time:   ")
                .append(millis / 1_000)
                .append('.')
                .append(millis / 100 % 10)
                .append(" s\n");
        if (!isComplete()) {
            return text.append("NOT taken over: ")
                    .append(problems)
                    .append(", see above.")
                    .toString();
        }
        return text.append("Everything ")
                .append(dryRun ? "can be" : "was")
                .append(" taken over.")
                .toString();
    }

    /** Millions of bytes with one digit. */
    private static String megabytes(long bytes) {
        long tenths = (bytes + 50_000) / 100_000;
        return tenths / 10 + "." + tenths % 10;
    }
}
