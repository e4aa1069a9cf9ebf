package io.keck.crdt;

import io.keck.crdt.store.Update;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * The structs of one client that an {@link Inbox} holds back, ordered by clock, and what waits for the history of that
 * client. Not thread-safe.
 */
final class InboxQueue {
    /** The rows of one update that belong to one client, ordered by clock. */
    static final class Segment {
        final InboxQueue queue;
        Update update;
        final int end;
        int row;
        /**
         * The client whose history must grow beyond {@link #waitsClock} before the current row can be integrated, or
         * -1.
         */
        long waitsFor = -1;

        long waitsClock;

        Segment(InboxQueue queue, Update update, int row, int end) {
            this.queue = queue;
            this.update = update;
            this.row = row;
            this.end = end;
        }

        long clock() {
            return update.rows().clock(row);
        }
    }

    /** A segment that waits for a clock; stale if it waits for something else by now. */
    record Waiter(Segment segment, long clock) {
        boolean isStale(InboxQueue queue) {
            return segment.waitsFor != queue.client || segment.waitsClock != clock;
        }
    }

    final long client;
    final PriorityQueue<Segment> segments = new PriorityQueue<>(2, (a, b) -> Long.compare(a.clock(), b.clock()));
    /** Segments that wait for the history of this client, by clock. */
    private @Nullable PriorityQueue<Waiter> waiters;
    /** The number of dropped waiters that are still queued. */
    private int forgotten;
    /** Whether the queue may be able to continue; otherwise its head waits for another history. */
    boolean isReady;
    /** Whether the queue is in {@link Inbox}'s list of ready queues. It may have run meanwhile on behalf of another one. */
    boolean isListed;
    /** Whether the queue is running, or waits on the path for the queue above it. */
    boolean isOnPath;

    InboxQueue(long client) {
        this.client = client;
    }

    void add(Waiter waiter) {
        PriorityQueue<Waiter> all = waiters;
        if (all == null) {
            all = new PriorityQueue<>(2, (a, b) -> Long.compare(a.clock, b.clock));
            waiters = all;
        }
        all.add(waiter);
    }

    /** Removes and returns the first segment that waits for a clock before {@code state}; null if there is none. */
    @Nullable
    Waiter poll(long state) {
        PriorityQueue<Waiter> all = waiters;
        Waiter first = all == null ? null : all.peek();
        if (all == null || first == null || first.clock >= state) {
            return null;
        }
        all.remove();
        return first;
    }

    /**
     * Lets go of the update of a segment that waits for this client. Its waiter stays in the queue as a stale one; stale
     * waiters are removed together once they are more than half of the queue.
     */
    void forget(Segment segment) {
        segment.waitsFor = -1;
        segment.update = Update.EMPTY;
        PriorityQueue<Waiter> all = waiters;
        if (all != null && ++forgotten > all.size() / 2) {
            all.removeIf(waiter -> waiter.isStale(this));
            forgotten = 0;
        }
    }

    /** Advances to the next row; returns whether the segment ended. */
    boolean advance() {
        Segment head = segments.element();
        if (head.row + 1 < head.end && segments.size() == 1) {
            head.row++;
            return false;
        }
        segments.remove();
        if (++head.row < head.end) {
            segments.add(head);
            return false;
        }
        return true;
    }
}
