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
import java.util.Iterator;
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

    private final ItemStore store;
    private final Integration integration;
    private final LongMap<InboxQueue> queues = new LongMap<>();
    /**
     * Queues that can run, larger client ids first: of concurrent items, the one of the larger client is further right.
     */
    private final PriorityQueue<InboxQueue> ready = new PriorityQueue<>((a, b) -> Long.compare(b.client, a.client));
    /** The queue that runs, above those that wait for it. */
    private final ArrayDeque<InboxQueue> path = new ArrayDeque<>();
    /** All waiting structs, and perhaps some that are integrated by now; null if nothing waits. */
    private @Nullable StructStore held;

    /** Bytes of the updates in {@link #held}; above {@link #requeueAbove} they are rebuilt as one update. */
    private long heldBytes;

    private long requeueAbove;
    /** The number of segments in all queues. */
    private int waiting;

    /** An update that was applied in part, or null. */
    private @Nullable Update paused;

    /** The amount of work at which {@link #paused} stops. */
    private long stopAt = Long.MAX_VALUE;

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

    /** Applies an update. If the work reaches {@code until} before, the rest is paused. */
    void apply(Transaction transaction, Update u, long until) {
        resume(transaction, Long.MAX_VALUE);
        stopAt = until;
        if (held != null || !integrateAtOnce(transaction, u)) {
            enqueue(u);
            paused = u;
            resume(transaction, until);
        } else {
            delete(transaction, u);
        }
    }

    /** Whether an update was applied in part. */
    boolean isPaused() {
        return paused != null;
    }

    /** Continues the paused update, if any, until the work reaches {@code until}. */
    void resume(Transaction transaction, long until) {
        Update u = paused;
        stopAt = until;
        if (u == null || !drain(transaction)) {
            return;
        }
        paused = null;
        stopAt = Long.MAX_VALUE; // nothing that can be integrated is left
        keep(transaction, u);
        delete(transaction, u);
    }

    private boolean isSpent() {
        return integration.work() >= stopAt;
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
            if (clock > state || isSpent() || integration.missing(u, row) >= 0) {
                return false;
            }
            list = list == null ? store.client(client) : list;
            integration.integrate(transaction, list, u, row);
        }
        return true;
    }

    private InboxQueue queue(long client) {
        InboxQueue queue = queues.get(client);
        if (queue == null) {
            queue = new InboxQueue(client);
            queues.put(client, queue);
        }
        return queue;
    }

    private void enqueue(Update u) {
        StructRows rows = u.rows();
        int count = rows.count();
        for (int row = 0; row < count; ) {
            long client = rows.client(row);
            int end = row + 1;
            while (end < count && rows.client(end) == client) {
                end++;
            }
            InboxQueue queue = queue(client);
            queue.segments.add(new InboxQueue.Segment(queue, u, row, end));
            waiting++;
            list(queue);
            row = end;
        }
    }

    private void list(InboxQueue queue) {
        queue.isReady = true;
        if (!queue.isListed) {
            queue.isListed = true;
            ready.add(queue);
        }
    }

    /**
     * Runs the ready queues in the order of Yjs: the largest client first, and if a struct needs another queue, that queue
     * just as far as needed. In any other order each of many concurrent items would have to walk over all the others.
     *
     * @return false if the work was spent before everything was done; the path stays for the next call
     */
    private boolean drain(Transaction transaction) {
        while (!path.isEmpty() || !ready.isEmpty()) {
            if (isSpent()) {
                return false;
            }
            if (path.isEmpty()) {
                InboxQueue next = ready.remove();
                next.isListed = false;
                if (next.isReady) {
                    push(next);
                }
            } else {
                follow(transaction);
            }
        }
        return true;
    }

    private void follow(Transaction transaction) {
        InboxQueue queue = path.element();
        InboxQueue needed = run(transaction, queue);
        if (needed == queue) {
            return; // the work is spent
        }
        if (needed != null && needed.isReady && !needed.isOnPath) {
            push(needed);
        } else {
            path.remove();
            queue.isOnPath = false;
        }
    }

    private void push(InboxQueue queue) {
        queue.isOnPath = true;
        path.push(queue);
    }

    /** Marks as ready the queues that waited for a clock this history has now reached. */
    private void wake(InboxQueue queue) {
        long state = store.end(queue.client);
        for (InboxQueue.Waiter waiter = queue.poll(state); waiter != null; waiter = queue.poll(state)) {
            if (!waiter.isStale(queue)) {
                waiter.segment().waitsFor = -1;
                list(waiter.segment().queue);
            }
        }
    }

    /** Whether the queue below on the path can continue; it had waited for the current one. */
    private static boolean isServed(@Nullable InboxQueue below) {
        return below != null && below.isReady;
    }

    private @Nullable InboxQueue below() {
        Iterator<InboxQueue> down = path.iterator();
        down.next();
        return down.hasNext() ? down.next() : null;
    }

    /**
     * Integrates structs of a queue until the queue below it on the path can continue.
     *
     * @return the queue that has to run next: a queue that a struct needs, this queue if the work is spent, or null
     */
    private @Nullable InboxQueue run(Transaction transaction, InboxQueue queue) {
        queue.isReady = false;
        InboxQueue below = below();
        InboxQueue needed = null;
        List<InboxQueue.Segment> blocked = null; // another segment may hold other structs for the same clocks
        while (!queue.segments.isEmpty()) {
            InboxQueue.Segment head = queue.segments.element();
            long clock = head.clock();
            long end = head.update.rows().end(head.row);
            long state = store.end(queue.client);
            if (end > state) {
                if (clock > state) {
                    break; // only a struct of this client fills the gap, and it arrives through this queue
                }
                long missing = integration.missing(head.update, head.row);
                if (missing >= 0) {
                    InboxQueue other = waitFor(head, missing);
                    needed = needed == null ? other : needed;
                    blocked = blocked == null ? new ArrayList<>(1) : blocked;
                    blocked.add(queue.segments.remove());
                    continue;
                }
                integration.integrate(transaction, store.client(queue.client), head.update, head.row);
                wake(queue);
            }
            if (queue.advance()) {
                waiting--;
            }
            if (blocked != null) {
                queue.segments.addAll(blocked);
                blocked = null;
            }
            needed = null;
            if (isServed(below)) {
                list(queue);
                return null;
            }
            if (isSpent()) {
                return queue;
            }
        }
        if (blocked != null) {
            queue.segments.addAll(blocked);
        }
        return needed;
    }

    private InboxQueue waitFor(InboxQueue.Segment segment, long client) {
        long clock = integration.missingClock();
        InboxQueue other = queue(client);
        if (segment.waitsFor != client || segment.waitsClock != clock) {
            segment.waitsFor = client;
            segment.waitsClock = clock;
            other.add(new InboxQueue.Waiter(segment, clock));
        }
        return other;
    }

    /** Stores the structs of an update that could not be integrated, each once. */
    private void keep(Transaction transaction, Update u) {
        StructStore known = held;
        if (waiting > 0 && known == null) {
            StructStore all = new StructStore(true);
            all.apply(u.withoutDeletes());
            requeue(transaction, all);
        } else if (known != null && waiting > 0 && waits(u)) {
            Update news = known.reduce(u.withoutDeletes());
            if (news.isEmpty()) {
                forget(u);
            } else {
                known.apply(news);
                heldBytes += news.length();
                if (heldBytes > requeueAbove) {
                    requeue(transaction, known);
                }
            }
        }
        if (waiting == 0) {
            held = null;
            queues.clear();
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

    /** Removes an update from the queues because everything in it waits there already. */
    private void forget(Update u) {
        StructRows rows = u.rows();
        InboxQueue queue = null;
        for (int row = 0; row < rows.count(); row++) {
            if (queue == null || queue.client != rows.client(row)) {
                queue = queue(rows.client(row));
                Iterator<InboxQueue.Segment> all = queue.segments.iterator();
                while (all.hasNext()) {
                    InboxQueue.Segment segment = all.next();
                    if (segment.update == u) {
                        all.remove();
                        waiting--;
                        if (segment.waitsFor >= 0) {
                            queue(segment.waitsFor).forget(segment);
                        }
                    }
                }
            }
        }
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
        heldBytes = rest.length();
        requeueAbove = 2 * heldBytes + REQUEUE_AT_LEAST;
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
