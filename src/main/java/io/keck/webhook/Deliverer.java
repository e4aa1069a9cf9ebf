package io.keck.webhook;

import io.keck.feed.BlockHistory;
import io.keck.feed.ChangeLog;
import io.keck.feed.ChangeLog.Change;
import io.keck.feed.ChangeLog.Page;
import io.keck.feed.Cursors;
import io.keck.feed.Cursors.Cursor;
import io.keck.feed.Cursors.Endpoint;
import io.keck.feed.FeedMetrics;
import io.keck.feed.FeedMetrics.Outcome;
import io.keck.feed.FeedUnavailableException;
import io.keck.feed.Histories;
import io.keck.feed.RoomDamagedException;
import io.keck.webhook.Outbox.Result;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers changes: a state machine that one thread moves on, {@link #step} by step; nothing in it waits for a receiver.
 *
 * <p><b>One node</b> does it, the holder of the {@link Lease}. The others announce in which rooms they have written
 * something. What an announcement misses, because its node died, is found by a scan of all rooms: a whole one when a node
 * takes over, then a slow one that never ends.
 *
 * <p><b>A delivery</b> is decided on before it is made: its last row ({@code planned}) is saved in the room's cursor, and
 * only then is it sent, under the id of that row. It is sent until it is taken, by whichever node, and the next one begins
 * after it. So what comes twice comes with the same id, and nothing is left out. Rows that come meanwhile wait for the
 * next one: a room costs one delivery in {@code spacing}, however much is typed, and fewer while many rooms change.
 *
 * <p><b>A receiver that is away</b> is asked with one delivery at a time, ever more seldom. One that refuses the delivery
 * of one room alone holds up that room. So does a row that is damaged: what is before it is delivered; repaired, the room
 * has its rows no more, and the receiver is told to read it anew.
 */
class Deliverer {
    private static final Logger LOG = LoggerFactory.getLogger(Deliverer.class);
    private static final int ROOMS_AT_ONCE = 256;
    private static final int SCAN = 1_000;
    private static final long SCAN_EVERY = 5_000;
    private static final long NEWS_EVERY = 400;
    private static final int NEWS = 5_000;
    private static final long FORGET_AFTER = 60_000;
    private static final long FIRST_BACKOFF = 1_000;
    /** So many rooms. */
    private static final int FAILURES_UNTIL_DOWN = 3;

    private static final int MAX_DOUBLINGS = 20;
    /** So often a damaged room is looked at, at least. */
    private static final long DAMAGE_EVERY = 15_000;

    private final Cursors cursors;
    private final ChangeLog log;
    private final Sender sender;
    private final FeedMetrics metrics;
    private final Settings settings;
    private final LongSupplier clock;
    private final LongSupplier wallClock;
    private final RandomGenerator random;
    private final Lease lease;
    private final Documents documents;
    /** Rooms to which this node has written something. */
    private final Set<Long> written = ConcurrentHashMap.newKeySet();

    private volatile boolean active;

    private final Map<Long, Room> rooms = new LinkedHashMap<>();
    /** Cursors that moved, and are not saved yet. */
    private final Map<Long, Room> unsaved = new LinkedHashMap<>();

    private Outbox outbox;

    private long scanFrom;
    private long scanAt;
    private boolean scanned;
    private long newsAt;
    private long sweepAt;
    private int failuresInRow;
    private long downAt;
    private long probeAt;

    /** Between two deliveries of a room, as things are. */
    private long spacing;

    private volatile int backlog;
    private volatile long oldest;
    private volatile long failingSince;

    /**
     * Nothing to deliver yet.
     *
     * @param clock milliseconds of a steady clock
     * @param wallClock milliseconds since 1970
     */
    Deliverer(
            Cursors cursors,
            ChangeLog log,
            Sender sender,
            FeedMetrics metrics,
            Settings settings,
            Lease lease,
            LongSupplier clock,
            LongSupplier wallClock,
            RandomGenerator random) {
        this.cursors = cursors;
        this.log = log;
        this.sender = sender;
        this.metrics = metrics;
        this.settings = settings;
        this.lease = lease;
        this.clock = clock;
        this.wallClock = wallClock;
        this.random = random;
        this.spacing = settings.spacing();
        this.documents = new Documents(log, settings.documentHeap());
        this.outbox = newOutbox();
    }

    private Outbox newOutbox() {
        return new Outbox(sender, clock, lease::isHeld, FAILURES_UNTIL_DOWN);
    }

    // ------------------------------------------------------------------ from any thread

    /**
     * This node has written to that room. Remembered until the next look at the endpoint, also while there is none: another
     * node may have set one a moment ago.
     */
    void written(long roomId) {
        written.add(roomId);
    }

    /** Whether there is an endpoint, as far as this node knows. */
    boolean isActive() {
        return active;
    }

    /** How many rooms have something that was not taken, as far as this node, which delivers, knows. */
    int backlog() {
        return backlog;
    }

    /** Seconds since the oldest change was written that was not taken. */
    double oldestSeconds() {
        long since = oldest;
        return since == 0 ? 0 : Math.max(0, wallClock.getAsLong() - since) / 1e3;
    }

    /** Seconds for which the receiver has taken nothing though something was sent; 0 while it takes. */
    double failingSeconds() {
        long since = failingSince;
        return since == 0 ? 0 : (clock.getAsLong() - since) / 1e3;
    }

    // ------------------------------------------------------------------ one thread

    /** Does what there is to do, and does not wait for a receiver. */
    void step() {
        long now = clock.getAsLong();
        boolean held = lease.isHeld(now);
        List<Long> own =
                takeWritten(); // before the look: what comes later may be after an endpoint that it does not see
        Endpoint endpoint = look(now, own);
        active = !endpoint.url().isEmpty();
        if (lease.isNew() || (held && !lease.isHeld(now))) {
            forget();
        }
        if (!active) {
            if (lease.isShared() && !lease.hasLooked()) {
                written.addAll(own);
            }
            return;
        }
        if (!lease.isHeld(now)) {
            announce(own);
            return;
        }
        own.forEach(this::mark);
        collect(now);
        listen(now);
        scan(now);
        List<Delivery> planned = plan(now, endpoint);
        if (save()) {
            outbox.send(planned, isDown() ? 1 : settings.concurrency());
        }
        count(now);
        sweep(now);
    }

    private Endpoint look(long now, List<Long> own) {
        try {
            return lease.look(now);
        } catch (FeedUnavailableException e) {
            written.addAll(own);
            throw e;
        }
    }

    /** Something goes wrong with the database: what is under way is asked for anew. */
    void forget() {
        outbox.close(); // what is under way, somebody will send again
        outbox = newOutbox();
        rooms.clear();
        unsaved.clear();
        documents.clear();
        scanFrom = 0;
        scanAt = 0;
        newsAt = 0;
        scanned = false;
        failuresInRow = 0;
        probeAt = 0;
        failingSince = 0;
        count(clock.getAsLong());
    }

    private List<Long> takeWritten() {
        List<Long> taken = new ArrayList<>();
        for (var ids = written.iterator(); ids.hasNext(); ) {
            taken.add(ids.next());
            ids.remove();
        }
        return taken;
    }

    private void announce(List<Long> own) {
        if (own.isEmpty()) {
            return;
        }
        try {
            cursors.announce(own);
        } catch (FeedUnavailableException e) {
            written.addAll(own);
            throw e;
        }
    }

    private void mark(long roomId) {
        Room room = rooms.computeIfAbsent(roomId, Room::new);
        room.isDirty = true;
        if (room.waitingSince == 0) {
            room.waitingSince = wallClock.getAsLong();
        }
    }

    /** What other nodes have written. */
    private void listen(long now) {
        if (now < newsAt || !lease.isShared()) {
            return;
        }
        newsAt = now + NEWS_EVERY;
        List<Long> news = cursors.announced(NEWS);
        news.forEach(this::mark);
        if (news.size() == NEWS) {
            newsAt = now;
        }
    }

    private void scan(long now) {
        if (now < scanAt) {
            return;
        }
        Cursors.Slice slice = cursors.scan(scanFrom, SCAN);
        for (Cursor cursor : slice.waiting()) {
            Room room = rooms.get(cursor.roomId());
            if (room == null || !room.isKnown) {
                room = rooms.computeIfAbsent(cursor.roomId(), Room::new);
                room.learn(cursor);
            }
            room.isDirty = true;
        }
        scanFrom = slice.next();
        scanned |= scanFrom == 0;
        scanAt = scanned ? now + SCAN_EVERY : now;
    }

    // ------------------------------------------------------------------ results

    private void collect(long now) {
        for (Result result : outbox.results()) {
            result.delivery().room().isBusy = false;
            if (result.failure() == null) {
                taken(result.delivery(), now);
            } else {
                failed(result, now);
            }
        }
    }

    private void taken(Delivery delivery, long now) {
        Room room = delivery.room();
        metrics.delivered(delivery.isResync() ? Outcome.RESYNC : Outcome.OK);
        advance(room, now);
        if (failuresInRow >= FAILURES_UNTIL_DOWN) {
            LOG.info("The webhook's endpoint takes changes again");
            rooms.values().forEach(waiting -> {
                waiting.failures = 0;
                waiting.nextAt = Math.min(waiting.nextAt, now);
            });
        }
        failuresInRow = 0;
        failingSince = 0;
        room.nextAt = now + spacing;
    }

    private void advance(Room room, long now) {
        room.seq = room.planned;
        room.failures = 0;
        room.nextAt = now + spacing;
        room.waitingSince = room.isDirty ? wallClock.getAsLong() : 0;
        unsaved.put(room.id, room);
    }

    private void failed(Result result, long now) {
        Room room = result.delivery().room();
        metrics.delivered(Outcome.FAILED);
        documents.drop(room.id);
        room.failures++;
        room.nextAt = now + backoff(room.failures);
        failingSince = failingSince == 0 ? now : failingSince;
        if (isDown() && result.sentAt() < downAt) {
            return; // it was under way when that became known
        }
        if (!isDown() && room.failures > 1) {
            return; // so far it is this room alone
        }
        failuresInRow++;
        if (isDown()) {
            downAt = now;
            probeAt = now + backoff(failuresInRow - FAILURES_UNTIL_DOWN + 1);
            for (Delivery waiting : outbox.takeBack()) {
                waiting.room().isBusy = false;
                documents.drop(waiting.room().id);
            }
            if (failuresInRow == FAILURES_UNTIL_DOWN) {
                LOG.warn(
                        "The webhook's endpoint takes nothing, changes wait for it: {}",
                        String.valueOf(result.failure()));
            }
        }
    }

    private boolean isDown() {
        return failuresInRow >= FAILURES_UNTIL_DOWN;
    }

    private long backoff(int failures) {
        long pure = Math.min(settings.maxBackoff(), FIRST_BACKOFF << Math.min(failures - 1, MAX_DOUBLINGS));
        return (long) (pure * (0.8 + 0.4 * random.nextDouble()));
    }

    // ------------------------------------------------------------------ plans

    private List<Delivery> plan(long now, Endpoint endpoint) {
        List<Room> due = due(now);
        learn(due);
        List<Delivery> deliveries = new ArrayList<>();
        Map<Long, Long> after = new HashMap<>();
        for (Room room : due) {
            if (!room.isKnown) {
                rooms.remove(room.id); // there is no such room (any more)
            } else if (room.hasPlan()) {
                guarded(room, now, () -> again(room, endpoint, deliveries));
            } else {
                after.put(room.id, room.seq);
            }
        }
        Map<Long, Page> pages = after.isEmpty() ? Map.of() : cursors.next(after, settings.maxBytes());
        for (Room room : due) {
            Page page = pages.get(room.id);
            if (page != null) {
                guarded(room, now, () -> begin(room, page, now, endpoint, deliveries));
            } else if (after.containsKey(room.id)) {
                room.isDirty = false;
                room.waitingSince = 0;
                room.nextAt = now; // kept for a while: its next change needs no look at the cursor
            }
        }
        return deliveries;
    }

    private List<Room> due(long now) {
        if (isDown()) {
            return now >= probeAt && outbox.size() == 0 ? probe(now) : List.of();
        }
        int most = ROOMS_AT_ONCE - outbox.size();
        List<Room> due = new ArrayList<>();
        for (Room room : rooms.values()) {
            if (due.size() >= most) {
                break;
            }
            if (!room.isBusy && room.isWaiting() && room.nextAt <= now) {
                due.add(room);
            }
        }
        return due;
    }

    /** One room: that which failed least, since it may be one room alone that the receiver does not like. */
    private List<Room> probe(long now) {
        return rooms.values().stream()
                .filter(room -> !room.isBusy && room.isWaiting() && !(room.isDamaged && room.nextAt > now))
                .min(Comparator.comparingInt(room -> room.failures))
                .map(List::of)
                .orElse(List.of());
    }

    private void learn(Collection<Room> due) {
        List<Long> unknown =
                due.stream().filter(room -> !room.isKnown).map(room -> room.id).toList();
        for (Cursor cursor : cursors.find(unknown)) {
            Room room = rooms.get(cursor.roomId());
            if (room != null) {
                room.learn(cursor);
            }
        }
    }

    /** What one room is at fault with harms no other. */
    private void guarded(Room room, long now, Runnable task) {
        try {
            task.run();
        } catch (FeedUnavailableException e) {
            throw e;
        } catch (RoomDamagedException e) {
            if (!room.isDamaged) {
                LOG.error("Deliveries of it wait until it is repaired: {}", e.getMessage());
            }
            room.isDamaged = true;
            putOff(room, Math.min(now + backoff(room.failures + 1), now + DAMAGE_EVERY));
        } catch (RuntimeException | StackOverflowError e) {
            LOG.error("The changes of room {} cannot be told; it is tried again", room.id, e);
            putOff(room, now + backoff(room.failures + 1));
        }
    }

    private void putOff(Room room, long until) {
        documents.drop(room.id);
        room.isBusy = false;
        room.failures++;
        room.nextAt = until;
    }

    /** The delivery that was decided on, once more: the same rows, whatever came since. */
    private void again(Room room, Endpoint endpoint, List<Delivery> deliveries) {
        List<Change> changes = new ArrayList<>();
        for (long at = room.seq;
                at < room.planned;
                at = changes.get(changes.size() - 1).seq()) {
            Page page = log.read(room.id, at, room.planned, Long.MAX_VALUE);
            refuseDamage(room, page);
            if (page.isBroken() || page.changes().isEmpty()) {
                resync(room, endpoint, deliveries);
                return;
            }
            changes.addAll(page.changes());
        }
        deliveries.add(delivery(room, endpoint, derive(room, changes)));
    }

    private void begin(Room room, Page page, long now, Endpoint endpoint, List<Delivery> deliveries) {
        if (page.isBroken()) {
            room.planned = Math.max(page.head(), room.seq + 1);
            unsaved.put(room.id, room);
            resync(room, endpoint, deliveries);
            return;
        }
        refuseDamage(room, page);
        List<BlockHistory> histories = derive(room, page.changes());
        room.planned = page.changes().get(page.changes().size() - 1).seq();
        unsaved.put(room.id, room);
        if (histories.isEmpty()) {
            advance(room, now); // rows that only repeat others
        } else {
            deliveries.add(delivery(room, endpoint, histories));
        }
    }

    private static void refuseDamage(Room room, Page page) {
        if (page.damage() != null && page.changes().isEmpty()) {
            throw new RoomDamagedException(room.id, page.damage());
        }
    }

    private List<BlockHistory> derive(Room room, List<Change> changes) {
        Histories document = documents.take(room.id, room.name, room.seq);
        List<BlockHistory> all = new ArrayList<>();
        changes.forEach(change -> all.addAll(document.of(change)));
        documents.keep(room.id, document);
        return all;
    }

    private static Delivery delivery(Room room, Endpoint endpoint, List<BlockHistory> histories) {
        return delivery(room, endpoint, histories, false);
    }

    private static Delivery delivery(Room room, Endpoint endpoint, List<BlockHistory> histories, boolean isResync) {
        room.isBusy = true;
        room.isDamaged = false;
        byte[] body = BlockHistory.json(histories).getBytes(StandardCharsets.UTF_8);
        return new Delivery(room, endpoint, room.id + "-" + room.planned, body, isResync);
    }

    /** Rows that are gone: the receiver is told so. */
    private void resync(Room room, Endpoint endpoint, List<Delivery> deliveries) {
        LOG.warn(
                "The webhook's receiver was away for too long: changes of room {} up to {} are gone",
                room.id,
                room.planned);
        documents.drop(room.id);
        deliveries.add(delivery(room, endpoint, List.of(BlockHistory.resync(room.name)), true));
    }

    /** Whether nobody has taken over. */
    private boolean save() {
        if (unsaved.isEmpty()) {
            return true;
        }
        List<Cursor> moved = unsaved.values().stream().map(Room::cursor).toList();
        if (!save(moved)) {
            lease.lost();
            forget();
            return false;
        }
        unsaved.clear();
        return true;
    }

    /** Saves cursors. A test leaves that out. */
    boolean save(List<Cursor> moved) {
        return cursors.save(lease.epoch(), moved);
    }

    // ------------------------------------------------------------------ looking after

    private void count(long now) {
        int waiting = 0;
        int changing = 0;
        long since = 0;
        for (Room room : rooms.values()) {
            changing += room.isWaiting() || room.nextAt > now ? 1 : 0;
            if (room.isWaiting()) {
                waiting++;
                if (room.waitingSince > 0 && (since == 0 || room.waitingSince < since)) {
                    since = room.waitingSince;
                }
            }
        }
        backlog = waiting;
        oldest = since;
        spacing = settings.spacing(changing);
    }

    /** Forgets rooms in which nothing happens. */
    private void sweep(long now) {
        if (now < sweepAt) {
            return;
        }
        sweepAt = now + FORGET_AFTER / 4;
        rooms.values()
                .removeIf(
                        room -> !room.isWaiting() && !unsaved.containsKey(room.id) && now - room.nextAt > FORGET_AFTER);
    }
}
