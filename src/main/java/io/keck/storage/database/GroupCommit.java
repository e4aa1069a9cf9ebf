package io.keck.storage.database;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gathers writes into transactions: one thread takes what waits, hands it over as one group and comes back for what
 * arrived meanwhile. Idle, it starts at once; under load it keeps {@code spacing} between the beginnings of two groups, so load
 * makes groups larger and not more. Thread-safe.
 *
 * @param <W> a write
 */
public final class GroupCommit<W> {
    private static final Logger LOG = LoggerFactory.getLogger(GroupCommit.class);
    private static final long LOOK_MILLIS = 100;
    /** Consecutive looks at an empty queue before the committer is told that it is idle. */
    private static final int QUIET_LOOKS = 10;

    /** Commits groups; called by one thread. */
    @FunctionalInterface
    public interface Committer<W> {
        /** Makes one group durable and tells each write how it went; must not throw. */
        void commit(List<W> group);

        /** Nothing has come for about a second, or nothing will come any more. */
        default void idle() {}
    }

    private final LinkedBlockingQueue<W> queue = new LinkedBlockingQueue<>();
    private final Committer<W> committer;
    private final long spacingNanos;
    private final int maxWrites;
    private final long maxBytes;
    private final ToIntFunction<W> size;
    private final Thread thread;
    private volatile boolean stopping;

    /**
     * Starts the thread.
     *
     * @param maxWrites writes in one group at most
     * @param maxBytes bytes above which a group takes no further write
     * @param size bytes of a write
     */
    GroupCommit(
            String threadName,
            long spacingNanos,
            int maxWrites,
            long maxBytes,
            ToIntFunction<W> size,
            Committer<W> committer) {
        this.committer = committer;
        this.spacingNanos = spacingNanos;
        this.maxWrites = maxWrites;
        this.maxBytes = maxBytes;
        this.size = size;
        this.thread = new Thread(this::loop, threadName);
        thread.start();
    }

    /** Queues a write; false when no more are taken. */
    boolean add(W write) {
        synchronized (queue) { // against a stop in between, after which the write would stay in the queue
            if (stopping) {
                return false;
            }
            queue.add(write);
            return true;
        }
    }

    private void loop() {
        long last = System.nanoTime() - spacingNanos;
        List<W> group = new ArrayList<>();
        int quiet = 0;
        while (!stopping || !queue.isEmpty()) {
            W first = next();
            if (first == null) {
                if (++quiet == QUIET_LOOKS) {
                    committer.idle();
                }
                continue;
            }
            quiet = 0;
            for (long left = last + spacingNanos - System.nanoTime();
                    left > 0 && !stopping;
                    left = last + spacingNanos - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            last = System.nanoTime();
            gather(first, group);
            try {
                committer.commit(group);
            } catch (RuntimeException | Error e) {
                LOG.error("Unexpected error in the log writer; the outcome of this group of writes is unknown", e);
            }
            group.clear();
        }
        committer.idle();
    }

    private void gather(W first, List<W> group) {
        group.add(first);
        long bytes = size.applyAsInt(first);
        while (group.size() < maxWrites && bytes < maxBytes) {
            W more = queue.poll();
            if (more == null) {
                return;
            }
            group.add(more);
            bytes += size.applyAsInt(more);
        }
    }

    private @Nullable W next() {
        try {
            return queue.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            return null; // only stop() ends the loop, when everything is written
        }
    }

    /** Writes what is queued and ends the thread. */
    void stop() throws InterruptedException {
        synchronized (queue) {
            stopping = true;
        }
        thread.join();
    }
}
