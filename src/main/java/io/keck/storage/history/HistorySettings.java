package io.keck.storage.history;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The settings of history. Immutable.
 *
 * @param isOn whether rows that leave the log are kept
 * @param maxAge the age from which rows may be dropped
 * @param maxRows the largest number of rows in segments of one document
 * @param maxBytes the largest number of stored bytes of one document
 * @param maxTenantBytes the largest number of stored bytes of the documents of one tenant; 0 for no limit
 * @param smallRows a segment with fewer rows and fewer bytes than {@link #smallBytes} is written only once its rows are
 *     a day old
 * @param smallBytes the bytes of updates from which a segment is not small
 * @param directory the directory of segments that are stored as files; null if there is none
 * @param toFiles whether new segments go to the directory rather than to the database
 * @param versions when versions are made without a request
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
        boolean toFiles,
        VersionSettings versions) {
    /** The defaults of {@code config.yml}. */
    public static final HistorySettings DEFAULT = new HistorySettings(
            true,
            Duration.ofDays(30),
            10_000_000,
            256L << 20,
            0,
            1_000,
            64 << 10,
            null,
            false,
            VersionSettings.DEFAULT);

    /** No history is kept. */
    public static final HistorySettings OFF = new HistorySettings(
            false,
            Duration.ofDays(30),
            10_000_000,
            256L << 20,
            0,
            1_000,
            64 << 10,
            null,
            false,
            VersionSettings.DEFAULT.off());

    /** These settings with other limits of a document. */
    public HistorySettings withLimits(Duration maxAge, long maxRows, long maxBytes) {
        return new HistorySettings(
                isOn, maxAge, maxRows, maxBytes, maxTenantBytes, smallRows, smallBytes, directory, toFiles, versions);
    }

    /** These settings with other sizes below which a segment is small. */
    public HistorySettings withSmall(int smallRows, long smallBytes) {
        return new HistorySettings(
                isOn, maxAge, maxRows, maxBytes, maxTenantBytes, smallRows, smallBytes, directory, toFiles, versions);
    }

    /** These settings with another limit of tenants. */
    public HistorySettings withTenantBytes(long maxTenantBytes) {
        return new HistorySettings(
                isOn, maxAge, maxRows, maxBytes, maxTenantBytes, smallRows, smallBytes, directory, toFiles, versions);
    }

    /** These settings with other automatic versions. */
    public HistorySettings withVersions(VersionSettings versions) {
        return new HistorySettings(
                isOn, maxAge, maxRows, maxBytes, maxTenantBytes, smallRows, smallBytes, directory, toFiles, versions);
    }

    /** These settings with segments as files in a directory. */
    public HistorySettings withFiles(Path directory) {
        return new HistorySettings(
                isOn, maxAge, maxRows, maxBytes, maxTenantBytes, smallRows, smallBytes, directory, true, versions);
    }
}
