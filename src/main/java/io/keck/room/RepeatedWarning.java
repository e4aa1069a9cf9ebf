package io.keck.room;

import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * Limits the rate of a warning that clients or retries can cause at any rate: the first is logged at once, further ones
 * at most once a minute with their number, and each one at DEBUG. Thread-safe.
 */
public final class RepeatedWarning {
    static final long EVERY_MS = 60_000;

    private final Logger log;
    private final LongSupplier clock;
    private long left;
    private long loggedAt;
    private boolean isFirst = true;

    /**
     * Creates one kind of warning.
     *
     * @param log the logger of the warnings
     * @param clock milliseconds of a steady clock
     */
    public RepeatedWarning(Logger log, LongSupplier clock) {
        this.log = log;
        this.clock = clock;
    }

    /** Logs a warning, unless one was logged within the last minute. */
    public void warn(String sentence) {
        long more;
        synchronized (this) {
            long now = clock.getAsLong();
            if (!isFirst && now - loggedAt < EVERY_MS) {
                left++;
                log.debug("{}", sentence);
                return;
            }
            isFirst = false;
            loggedAt = now;
            more = left;
            left = 0;
        }
        if (more == 0) {
            log.warn("{}", sentence);
        } else {
            log.warn("{} ({} more like this since the last line)", sentence, more);
        }
    }
}
