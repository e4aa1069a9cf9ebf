package io.keck.storage.database;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A handle that one thread keeps between pieces of work, because borrowing and returning a connection costs more than a
 * small commit. It is returned every ten seconds, so that the pool can check and replace it. Used by one thread.
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

    /** The handle, opened if there is none. The caller must not close it. */
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

    /** Returns the handle to the pool, because there is no work or it may be broken. */
    public void release() {
        Handle h = handle;
        handle = null;
        if (h != null) {
            try {
                h.close();
            } catch (RuntimeException e) {
                LOG.debug("Returning a connection to the pool failed", e);
            }
        }
    }
}
