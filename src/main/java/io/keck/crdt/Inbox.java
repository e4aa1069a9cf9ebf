package io.keck.crdt;

import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.LongMap;
import io.keck.crdt.store.Ranges;
import io.keck.crdt.store.StructRows;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Applies updates to a document and holds back what cannot be integrated yet. A struct can be integrated once all
 * earlier structs of its client, its origins and its parent are integrated; until then it waits, and all later structs
 * of its client wait with it.
 *
 * <p>Each client has a queue of its structs, ordered by clock. The head of a queue waits for at most one thing: that
 * the history of one client reaches one clock. When a history grows, the queues that waited for it are tried again. So
 * no struct is tried in vain, queues cannot deadlock (everything that is complete is integrated, in whatever order it
 * arrived), and a document that misses some structs integrates the others as fast as any other document. Deletes of
 * clocks that have not arrived wait too.
 *
 * <p>A waiting struct is kept once, however often it is sent, in a {@link StructStore}, which also encodes it for other
 * replicas. Source of the task: Yjs {@code encoding.js} {@code integrateStructs}, {@code readUpdateV2}.
 */
final class Inbox {
    private static final long REQUEUE_AT_LEAST = 1 << 16;

    /** The rows of one update that belong to one client, ordered by clock. */
    private static final class Segment {
        final Queue queue;
        final Update update;
        final int end;
        int row;
        /**
         * The client whose history must grow beyond {@link #waitsClock} before the current row can be integrated, or
         * -1.
         */
        long waitsFor = -1;

        long waitsClock;

        Segment(Queue queue, Update update, int row, int end) {
            this.queue = queue;
            this.update = update;
            this.row = row;
            this.end = end;
        }

        long clock() {
            return update.rows().clock(row);
        }
    }

    private static final class Queue {
        final long client;
        final PriorityQueue<Segment> segments = new PriorityQueue<>(2, (a, b) -> Long.compare(a.clock(), b.clock()));
        /** Segments that wait for the history of this client; some may have stopped waiting since. */
        final List<Segment> waiters = new ArrayList<>(0);

        Queue(long client) {
            this.client = client;
        }

        /** Moves to the next row; returns true if that removed the head segment because it has no row left. */
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

    private final ItemStore store;
    private final Integration integration;
    private final LongMap<Queue> queues = new LongMap<>();
    private final ArrayDeque<Queue> ready = new ArrayDeque<>();
    /**
     * All waiting structs, and perhaps some that were integrated since the last requeue; null while no struct waits.
     */
    private @Nullable StructStore held;

    private long requeueAbove;
    /** Segments in all queues. */
    private int waiting;

    private final LongMap<Ranges> heldDeletes = new LongMap<>();
    /** The number of clients with waiting deletes. */
    private int deleters;

    Inbox(ItemStore store, Integration integration) {
        this.store = store;
        this.integration = integration;
    }

    /** Whether structs or deletes wait for structs that have not arrived yet. */
    boolean isWaiting() {
        return held != null || heldDeletes.size() > 0;
    }

    void apply(Transaction transaction, Update u) {
        if (held != null || !integrateAtOnce(transaction, u)) {
            enqueue(u);
            drain(transaction);
            keep(transaction, u);
        }
        delete(transaction, u);
    }

    /**
     * Integrates an update without the queues in the usual case: one client, nothing missing. Returns false if structs
     * are left for the queues.
     */
    private boolean integrateAtOnce(Transaction transaction, Update u) {
        StructRows rows = u.rows();
        int count = rows.count();
        if (count == 0) {
            return true;
        }
        long client = rows.client(0);
        if (rows.client(count - 1) != client) {
            return false;
        }
        StructList list = null;
        for (int row = 0; row < count; row++) {
            long clock = rows.clock(row);
            long end = rows.end(row);
            long state = list == null ? store.end(client) : list.end();
            if (end <= state) {
                continue;
            }
            if (clock > state || integration.missing(u, row) >= 0) {
                return false;
            }
            list = list == null ? store.client(client) : list;
            integration.integrate(transaction, list, u, row);
        }
        return true;
    }

    private Queue queue(long client) {
        Queue queue = queues.get(client);
        if (queue == null) {
            queue = new Queue(client);
            queues.put(client, queue);
        }
        return queue;
    }

    private void enqueue(Update u) {
        List<Queue> touched = new ArrayList<>();
        StructRows rows = u.rows();
        int count = rows.count();
        for (int row = 0; row < count; ) {
            long client = rows.client(row);
            int end = row + 1;
            while (end < count && rows.client(end) == client) {
                end++;
            }
            Queue queue = queue(client);
            queue.segments.add(new Segment(queue, u, row, end));
            waiting++;
            touched.add(queue);
            row = end;
        }
        // larger client ids first: of two concurrent items, that of the larger client stands further right
        touched.sort((a, b) -> Long.compare(b.client, a.client));
        ready.addAll(touched);
    }

    private void drain(Transaction transaction) {
        while (!ready.isEmpty()) {
            Queue queue = ready.remove();
            if (run(transaction, queue)) {
                wake(queue);
            }
        }
    }

    /** Makes those queues ready that waited for clocks which this client's history has now. */
    private void wake(Queue queue) {
        long state = store.end(queue.client);
        for (int i = queue.waiters.size() - 1; i >= 0; i--) {
            Segment waiter = queue.waiters.get(i);
            boolean stale = waiter.waitsFor != queue.client;
            if (stale || waiter.waitsClock < state) {
                queue.waiters.remove(i);
                if (!stale) {
                    waiter.waitsFor = -1;
                    ready.add(waiter.queue);
                }
            }
        }
    }

    /** Integrates the structs of a queue that miss nothing; returns whether there was one. */
    private boolean run(Transaction transaction, Queue queue) {
        boolean progress = false;
        List<Segment> blocked = new ArrayList<>(0); // another segment may hold other structs for the same clocks
        while (!queue.segments.isEmpty()) {
            Segment head = queue.segments.element();
            long clock = head.clock();
            long end = head.update.rows().end(head.row);
            long state = store.end(queue.client);
            if (end > state) {
                if (clock > state) {
                    break; // only a struct of this client fills the gap, and it arrives through this queue
                }
                long missing = integration.missing(head.update, head.row);
                if (missing >= 0) {
                    waitFor(head, missing);
                    blocked.add(queue.segments.remove());
                    continue;
                }
                integration.integrate(transaction, store.client(queue.client), head.update, head.row);
                progress = true;
            }
            if (queue.advance()) {
                waiting--;
            }
            queue.segments.addAll(blocked);
            blocked.clear();
        }
        queue.segments.addAll(blocked);
        return progress;
    }

    private void waitFor(Segment segment, long client) {
        segment.waitsClock = integration.missingClock();
        if (segment.waitsFor != client) {
            segment.waitsFor = client;
            queue(client).waiters.add(segment);
        }
    }

    /** Keeps the structs of an update that could not be integrated, each of them once. */
    private void keep(Transaction transaction, Update u) {
        if (waiting == 0) {
            held = null;
            queues.clear();
            return;
        }
        if (held == null) {
            StructStore all = new StructStore(true);
            all.apply(u.withoutDeletes());
            requeue(transaction, all);
        } else if (waits(u)) {
            Update news = held.reduce(u.withoutDeletes());
            if (news.isEmpty()) {
                forget(u);
            } else {
                held.apply(news);
                if (held.memory() > requeueAbove) {
                    requeue(transaction, held);
                }
            }
        }
    }

    private boolean waits(Update u) {
        StructRows rows = u.rows();
        for (int row = rows.count() - 1; row >= 0; row--) {
            if (rows.end(row) > store.end(rows.client(row))) {
                return true;
            }
        }
        return false;
    }

    private void forget(Update u) {
        queues.forEach(queue -> {
            int before = queue.segments.size();
            queue.segments.removeIf(segment -> segment.update == u);
            waiting -= before - queue.segments.size();
        });
    }

    /**
     * Rebuilds {@link #held} and the queues from the structs of {@code all} that are not integrated yet, as one update,
     * so that the updates they came in can be collected.
     */
    private void requeue(Transaction transaction, StructStore all) {
        Update rest =
                Update.decode(all.diff(store.stateVector()), DecodeLimits.OWN).withoutDeletes();
        queues.clear();
        waiting = 0;
        held = new StructStore(true);
        held.apply(rest);
        requeueAbove = 2 * held.memory() + REQUEUE_AT_LEAST;
        enqueue(rest);
        drain(transaction);
    }

    // ---- deletes

    private void delete(Transaction transaction, Update u) {
        u.forEachDelete((client, from, to) -> {
            StructList list = store.find(client);
            long state = list == null ? 0 : list.end();
            if (list != null && from < state) {
                delete(transaction, list, from, Math.min(to, state));
            }
            if (to > state) {
                Ranges waiting = heldDeletes.get(client);
                if (waiting == null) {
                    waiting = new Ranges();
                    heldDeletes.put(client, waiting);
                }
                deleters += waiting.size() == 0 ? 1 : 0;
                waiting.add(Math.max(from, state), to);
            }
        });
        if (heldDeletes.size() > 0) {
            for (int i = 0; i < transaction.changeCount(); i++) {
                deleteHeld(transaction, transaction.change(i).list);
            }
            if (deleters == 0) {
                heldDeletes.clear();
            }
        }
    }

    private void deleteHeld(Transaction transaction, StructList list) {
        Ranges waiting = heldDeletes.get(list.client);
        if (waiting == null || waiting.size() == 0) {
            return;
        }
        for (int i = 0; i < waiting.size() && waiting.from(i) < list.end(); i++) {
            delete(transaction, list, waiting.from(i), Math.min(waiting.to(i), list.end()));
        }
        waiting.dropBelow(list.end());
        deleters -= waiting.size() == 0 ? 1 : 0;
    }

    /** Deletes the items of the clocks {@code [from, to)}, which are all integrated; splits the items at both ends. */
    private void delete(Transaction transaction, StructList list, long from, long to) {
        long position = list.find(from);
        while (position != StructList.NONE) {
            Struct struct = list.get(position);
            if (struct.clock() >= to) {
                return;
            }
            if (struct instanceof Item found && !found.isDeleted()) {
                Item item = found;
                if (item.clock() < from) {
                    item = store.split(transaction, item, from - item.clock());
                }
                if (item.end() > to) {
                    store.split(transaction, item, to - item.clock());
                }
                transaction.delete(item);
                position = list.find(item.clock());
            }
            position = list.next(position);
        }
    }

    /** Adds all waiting structs and deletes to {@code target}. */
    void addHeldTo(StructStore target) {
        if (held != null) {
            // without deletes: the held store lists the clocks of deleted structs as deleted, even those integrated
            // since
            target.apply(Update.decode(held.diff(store.stateVector()), DecodeLimits.OWN)
                    .withoutDeletes());
        }
        if (heldDeletes.size() > 0) {
            DeleteSet deletes = new DeleteSet();
            for (long client : heldDeletes.sortedKeys()) {
                Ranges waiting = heldDeletes.get(client);
                for (int i = 0; waiting != null && i < waiting.size(); i++) {
                    deletes.add(client, waiting.from(i), waiting.to(i));
                }
            }
            target.apply(Update.ofDeletes(deletes));
        }
    }
}
