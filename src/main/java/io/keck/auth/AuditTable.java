package io.keck.auth;

import io.dropwizard.lifecycle.Managed;
import io.keck.access.AuditEntry;
import io.keck.access.AuditStore;
import io.keck.thread.Loop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the audit log into its table, at most a second after the line of the log, and deletes entries that are too old. No
 * request waits for it: while the database is away entries queue up to a bound; those beyond it are only in the log. Thread-safe.
 */
final class AuditTable implements Managed {
    private static final Logger LOG = LoggerFactory.getLogger(AuditTable.class);
    private static final long TURN_MILLIS = 1_000;
    private static final long STOP_MILLIS = 5_000;
    static final int MAX_WAITING = 10_000;
    static final int BATCH = 500;
    /** Batches written in one turn; this bounds the rate at which entries are stored. */
    private static final int BATCHES_PER_TURN = 10;

    static final long FORGET_EVERY_MILLIS = 60_000;
    static final int FORGET = 1_000;

    private final AuditStore store;
    private final long keepMillis;
    private final LongSupplier clock;
    private final BlockingQueue<AuditEntry> waiting = new LinkedBlockingQueue<>(MAX_WAITING);
    private final AtomicLong lost = new AtomicLong();
    private final Loop loop = Loop.every("audit", TURN_MILLIS, this::turn);
    /** Entries taken from the queue and not stored yet; used by the loop alone. */
    private final List<AuditEntry> batch = new ArrayList<>();

    private long forgetAt = Long.MIN_VALUE;

    /**
     * Creates a writer with an empty queue.
     *
     * @param keepMillis the age at which entries are deleted
     * @param clock milliseconds since 1970 by the database's clock
     */
    AuditTable(AuditStore store, long keepMillis, LongSupplier clock) {
        this.store = store;
        this.keepMillis = keepMillis;
        this.clock = clock;
    }

    @Override
    public void start() {
        loop.start();
    }

    @Override
    public void stop() throws InterruptedException {
        loop.stop(STOP_MILLIS);
        turn();
    }

    /** Queues an entry. Never blocks. */
    void add(AuditEntry entry) {
        if (!waiting.offer(entry)) {
            lost.incrementAndGet();
        }
    }

    /** Returns milliseconds since 1970 by the database's clock. */
    long now() {
        return clock.getAsLong();
    }

    /** Returns entries with smaller numbers than {@code id}, newest first. */
    List<AuditEntry> before(long id, @Nullable String principal, @Nullable String document, int limit) {
        return store.before(id, principal, document, limit);
    }

    /** Writes queued entries; one turn of the loop. */
    synchronized void turn() {
        for (int i = 0; i < BATCHES_PER_TURN; i++) {
            waiting.drainTo(batch, BATCH - batch.size());
            if (batch.isEmpty()) {
                break;
            }
            store.add(batch); // if this fails, the batch stays for the next turn and the loop logs the failure
            batch.clear();
        }
        long gone = lost.getAndSet(0);
        if (gone > 0) {
            LOG.warn("The queue of the audit table was full: {} entries are only in the log", gone);
        }
        long now = clock.getAsLong();
        if (now >= forgetAt) {
            boolean more = store.forget(now - keepMillis, FORGET) == FORGET;
            forgetAt = more ? now : now + FORGET_EVERY_MILLIS;
        }
    }
}
