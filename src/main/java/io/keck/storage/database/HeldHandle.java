package io.keck.storage.database;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A handle that one thread keeps from one piece of work to the next: to borrow a connection and to give it back cost more
 * than a small commit itself. It goes back to the pool every ten seconds, for the pool to check and replace it. Used by one
 * thread.
 */
public final class HeldHandle {
    private static final Logger LOG = LoggerFactory.getLogger(HeldHandle.class);
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Jdbi jdbi;
    private final LongSupplier nanos;
    private @Nullable Handle handle;
    private long since;

    /** @param nanos a steady clock */
    public HeldHandle(Jdbi jdbi, LongSupplier nanos) {
        this.jdbi = jdbi;
        this.nanos = nanos;
    }

    /** The handle, opened if there is none. It is not the caller's to close. */
    public Handle get() {
        long now = nanos.getAsLong();
        if (handle != null && now - since >= LONGEST_NANOS) {
            release();
        }
        Handle h = handle;
        if (h == null) {
            h = jdbi.open();
            handle = h;
            since = now;
        }
        return h;
    }

    /** Gives it back: there is no work, or it failed and may be broken. */
    public void release() {
        Handle h = handle;
        handle = null;
        if (h != null) {
            try {
                h.close();
            } catch (RuntimeException e) {
                LOG.debug("A connection could not be given back", e);
            }
        }
    }
}
