package io.keck.storage.history;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How history is kept. Immutable.
 *
 * @param isOn whether rows that leave the log are kept
 * @param maxAge rows older than this may be dropped
 * @param maxRows the largest number of rows of one document in segments
 * @param maxBytes the largest number of stored bytes of one document
 * @param maxTenantBytes the largest number of stored bytes of the documents of one tenant; 0 for no limit
 * @param smallRows a segment of fewer rows, and of less than {@link #smallBytes}, is written only after a day
 * @param smallBytes bytes of updates of a segment that is not small
 * @param directory where segments are stored as files; null if there is none
 * @param toFiles whether new segments go to the directory rather than to the database
 */
public record HistorySettings(
        boolean isOn,
        Duration maxAge,
        long maxRows,
        long maxBytes,
        long maxTenantBytes,
        int smallRows,
        long smallBytes,
        @Nullable Path directory,
        boolean toFiles) {
    /** The defaults of {@code config.yml}. */
    public static final HistorySettings DEFAULT =
            new HistorySettings(true, Duration.ofDays(30), 10_000_000, 256L << 20, 0, 1_000, 64 << 10, null, false);

    /** Nothing is kept. */
    public static final HistorySettings OFF =
            new HistorySettings(false, Duration.ofDays(30), 10_000_000, 256L << 20, 0, 1_000, 64 << 10, null, false);

    /** The same with other limits of a document. */
    public HistorySettings withLimits(Duration maxAge, long maxRows, long maxBytes) {
        return new HistorySettings(
                isOn, maxAge, maxRows, maxBytes, maxTenantBytes, smallRows, smallBytes, directory, toFiles);
    }

    /** The same with other sizes below which a segment is small. */
    public HistorySettings withSmall(int smallRows, long smallBytes) {
        return new HistorySettings(
                isOn, maxAge, maxRows, maxBytes, maxTenantBytes, smallRows, smallBytes, directory, toFiles);
    }

    /** The same with another limit of tenants. */
    public HistorySettings withTenantBytes(long maxTenantBytes) {
        return new HistorySettings(
                isOn, maxAge, maxRows, maxBytes, maxTenantBytes, smallRows, smallBytes, directory, toFiles);
    }

    /** The same with files in a directory. */
    public HistorySettings withFiles(Path directory) {
        return new HistorySettings(
                isOn, maxAge, maxRows, maxBytes, maxTenantBytes, smallRows, smallBytes, directory, true);
    }
}
