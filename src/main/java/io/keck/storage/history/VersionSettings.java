package io.keck.storage.history;

import java.time.Duration;

/**
 * When Keck makes versions without a request, and how long it keeps them. Immutable.
 *
 * @param isOn whether it makes any
 * @param afterIdle the time without a change after which a changed document gets a version
 * @param every the longest time from the first change after a version to the next version
 * @param afterBytes the bytes of updates after which a document gets a version; 0 for no such rule
 * @param afterPause the pause before a change of another author at which a document gets a version; zero for no such
 *     rule
 * @param hourlyAfter the age from which only the last version of each hour (in UTC) is kept
 * @param dailyAfter the age from which only the last version of each day (in UTC) is kept
 * @param most the largest number of automatic versions of one document; the oldest are replaced
 */
public record VersionSettings(
        boolean isOn,
        Duration afterIdle,
        Duration every,
        long afterBytes,
        Duration afterPause,
        Duration hourlyAfter,
        Duration dailyAfter,
        int most) {
    /** The defaults of {@code config.yml}. */
    public static final VersionSettings DEFAULT = new VersionSettings(
            true,
            Duration.ofMinutes(5),
            Duration.ofMinutes(10),
            256 << 10,
            Duration.ofMinutes(2),
            Duration.ofDays(1),
            Duration.ofDays(7),
            1_000);

    /** These settings, switched off. */
    public VersionSettings off() {
        return new VersionSettings(false, afterIdle, every, afterBytes, afterPause, hourlyAfter, dailyAfter, most);
    }

    /** These settings with another bound. */
    public VersionSettings withMost(int most) {
        return new VersionSettings(isOn, afterIdle, every, afterBytes, afterPause, hourlyAfter, dailyAfter, most);
    }
}
