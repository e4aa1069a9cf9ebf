package io.keck.storage.database;

import io.keck.thread.Loop;
import io.keck.thread.OutOfMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gathers writes into transactions: one thread takes all waiting writes, commits them as one group and continues with
 * the writes that arrived meanwhile. When idle, it starts at once; under load it keeps a {@link CommitSpacing} between the
 * beginnings of two groups, so load makes groups larger instead of more frequent. Thread-safe.
 *
 * @param <W> a write
 */
public final class GroupCommit<W> {
    private static final Logger LOG = LoggerFactory.getLogger(GroupCommit.class);
    /** The pause after an empty queue was found, unless a write ends it. */
    private static final long LOOK_MILLIS = 100;
    /** The number of consecutive empty pauses before the committer is told that it is idle. */
    private static final int QUIET_LOOKS = 10;

    /** Commits groups; called by one thread. */
    @FunctionalInterface
    public interface Committer<W> {
        /** Commits one group and completes each write with its outcome; must not throw. */
        void commit(List<W> group);

        /** Called when no write has arrived for about a second, or no more will arrive. */
        default void idle() {}
    }

    private final LinkedBlockingQueue<W> queue = new LinkedBlockingQueue<>();
    private final Committer<W> committer;
    private final CommitSpacing spacing;
    private final int maxWrites;
    private final long maxBytes;
    private final ToIntFunction<W> size;
    private final long lookMillis;
    private final Loop loop;
    private final List<W> group = new ArrayList<>();
    private long last;
    private int quiet;
    private volatile boolean stopping;

    /**
     * Starts the thread.
     *
     * @param maxWrites the largest number of writes in one group
     * @param maxBytes the bytes above which a group takes no further write
     * @param size returns the bytes of a write
     */
    GroupCommit(
            String name,
            long spacingNanos,
            int maxWrites,
            long maxBytes,
            ToIntFunction<W> size,
            Committer<W> committer) {
        this(name, spacingNanos, maxWrites, maxBytes, size, committer, LOOK_MILLIS);
    }

    /** For tests: with another pause after an empty queue was found. */
    GroupCommit(
            String name,
            long spacingNanos,
            int maxWrites,
            long maxBytes,
            ToIntFunction<W> size,
            Committer<W> committer,
            long lookMillis) {
        this.committer = committer;
        this.spacing = new CommitSpacing(spacingNanos, CommitSpacing.threadTime());
        this.maxWrites = maxWrites;
        this.maxBytes = maxBytes;
        this.size = size;
        this.lookMillis = lookMillis;
        this.last = System.nanoTime() - spacingNanos;
        this.loop = Loop.paced(name, Loop.PATIENCE_MILLIS, this::turn).start();
    }

    /** Queues a write; returns false after {@link #stop}. */
    boolean add(W write) {
        synchronized (queue) { // otherwise a concurrent stop could leave the write in the queue
            if (stopping) {
                return false;
            }
            queue.add(write);
        }
        if (queue.size() == 1) { // if there are more, the thread has not found the queue empty yet and needs no wake-up
            loop.wake();
        }
        return true;
    }

    /**
     * Commits one group; the pause after it ends with the next write, with {@link #stop} or after {@link #LOOK_MILLIS}.
     */
    private long turn() {
        W first = queue.poll();
        if (first == null) {
            if (stopping && queue.isEmpty()) {
                committer.idle();
                return Loop.END;
            }
            if (++quiet == QUIET_LOOKS) {
                committer.idle();
            }
            return lookMillis;
        }
        quiet = 0;
        long next = last + spacing.nanos();
        for (long left = next - System.nanoTime(); left > 0 && !stopping; left = next - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
        last = System.nanoTime();
        gather(first, group);
        spacing.begins();
        try {
            committer.commit(group);
        } catch (RuntimeException | Error e) {
            OutOfMemory.check(e);
            LOG.error("Unexpected error in the log writer; the outcome of this group of writes is unknown", e);
        } finally {
            spacing.ended();
            group.clear();
        }
        return 0;
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

    /** Commits the queued writes and ends the thread. */
    void stop() throws InterruptedException {
        synchronized (queue) {
            stopping = true;
        }
        loop.wake();
        loop.join(0);
    }
}
