package io.keck.api;

import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.zip.ZipException;
import org.eclipse.jetty.http.HttpException;

/**
 * Whether a peer keeps up a least rate: one that sends or takes a byte now and then would hold a thread for ever. The
 * first half minute does not count. Used by one thread.
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

    /** Whether the connector gave up waiting for a byte. */
    static boolean isTimeout(Throwable e) {
        for (Throwable t = e; t != null; t = t.getCause()) {
            if (t instanceof TimeoutException) {
                return true;
            }
        }
        return false;
    }

    /** Whether what came is no body, as when its chunks are wrong or it is not compressed as it says. */
    static boolean isMalformed(Throwable e) {
        for (Throwable t = e; t != null; t = t.getCause()) {
            if (t instanceof HttpException || t instanceof ZipException) {
                return true;
            }
        }
        return false;
    }

    /** Counts bytes that went over the wire; false when it was too few for so much time. */
    boolean keptWith(int more) {
        bytes += more;
        long counted = nanos.getAsLong() - begin - GRACE_NANOS;
        return counted <= 0 || bytes >= counted / NANOS_PER_SECOND * bytesPerSecond;
    }
}
