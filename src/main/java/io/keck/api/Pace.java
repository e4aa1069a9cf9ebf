package io.keck.api;

import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.zip.ZipException;
import org.eclipse.jetty.http.HttpException;

/**
 * Checks that a peer keeps a least rate, because one that sends or reads a byte every few seconds would hold a thread
 * forever. The first 30 s are exempt. Used by one thread.
 */
final class Pace {
    private static final long GRACE_NANOS = 30_000_000_000L;
    private static final double NANOS_PER_SECOND = 1e9;

    private final LongSupplier nanos;
    private final long bytesPerSecond;
    private final long begin;
    private long bytes;

    /** @param nanos a steady clock */
    Pace(LongSupplier nanos, long bytesPerSecond) {
        this.nanos = nanos;
        this.bytesPerSecond = bytesPerSecond;
        this.begin = nanos.getAsLong();
    }

    /** Whether the exception is the idle timeout of the connector. */
    static boolean isTimeout(Throwable e) {
        for (Throwable t = e; t != null; t = t.getCause()) {
            if (t instanceof TimeoutException) {
                return true;
            }
        }
        return false;
    }

    /** Whether the exception means a malformed body, such as wrong chunks or broken compression. */
    static boolean isMalformed(Throwable e) {
        for (Throwable t = e; t != null; t = t.getCause()) {
            if (t instanceof HttpException || t instanceof ZipException) {
                return true;
            }
        }
        return false;
    }

    /** Counts transferred bytes; returns false if the rate is too low. */
    boolean keptWith(int more) {
        bytes += more;
        long counted = nanos.getAsLong() - begin - GRACE_NANOS;
        return counted <= 0 || bytes >= counted / NANOS_PER_SECOND * bytesPerSecond;
    }
}
