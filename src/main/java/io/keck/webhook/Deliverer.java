package io.keck.webhook;

import io.keck.failure.Unavailable;
import io.keck.feed.ChangeLog;
import io.keck.feed.Cursors;
import io.keck.feed.Cursors.Cursor;
import io.keck.feed.Cursors.Endpoint;
import io.keck.feed.FeedMetrics;
import io.keck.feed.FeedMetrics.Outcome;
import io.keck.webhook.Outbox.Result;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
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
    /** So many rooms. */
    private static final int FAILURES_UNTIL_DOWN = 3;

    private final Cursors cursors;
    private final Sender sender;
    private final FeedMetrics metrics;
    private final Settings settings;
    private final LongSupplier clock;
    private final LongSupplier wallClock;
    private final Lease lease;
    private final Progress progress;
    private final Planner planner;
    private final Backoff backoff;
    /** Rooms to which this node has written something. */
    private final Set<Long> written = ConcurrentHashMap.newKeySet();

    private volatile boolean active;

    private Outbox outbox;

    private int failuresInRow;
    private long downAt;
    private long probeAt;

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
        this.sender = sender;
        this.metrics = metrics;
        this.settings = settings;
        this.lease = lease;
        this.clock = clock;
        this.wallClock = wallClock;
        this.backoff = new Backoff(settings.maxBackoff(), random);
        this.progress = new Progress(cursors, settings, wallClock);
        this.planner = new Planner(cursors, log, settings, progress, backoff);
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
        return progress.backlog();
    }

    /** Seconds since the oldest change was written that was not taken. */
    double oldestSeconds() {
        long since = progress.oldest();
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
        own.forEach(progress::mark);
        collect(now);
        progress.listen(now, lease.isShared());
        progress.scan(now);
        List<Delivery> planned = planner.plan(due(now), now, endpoint);
        if (save()) {
            outbox.send(planned, isDown() ? 1 : settings.concurrency());
        }
        progress.count(now);
        progress.sweep(now);
    }

    private Endpoint look(long now, List<Long> own) {
        try {
            return lease.look(now);
        } catch (Unavailable e) {
            written.addAll(own);
            throw e;
        }
    }

    /** Something goes wrong with the database: what is under way is asked for anew. */
    void forget() {
        outbox.close(); // what is under way, somebody will send again
        outbox = newOutbox();
        planner.clear();
        failuresInRow = 0;
        probeAt = 0;
        failingSince = 0;
        progress.clear(clock.getAsLong());
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
        } catch (Unavailable e) {
            written.addAll(own);
            throw e;
        }
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
        if (failuresInRow >= FAILURES_UNTIL_DOWN) {
            LOG.info("The webhook endpoint accepts deliveries again");
            progress.rooms().forEach(waiting -> {
                waiting.failures = 0;
                waiting.nextAt = Math.min(waiting.nextAt, now);
            });
        }
        failuresInRow = 0;
        failingSince = 0;
        progress.taken(room, now);
    }

    private void failed(Result result, long now) {
        Room room = result.delivery().room();
        metrics.delivered(Outcome.FAILED);
        planner.drop(room);
        room.failures++;
        room.nextAt = now + backoff.millis(room.failures);
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
            probeAt = now + backoff.millis(failuresInRow - FAILURES_UNTIL_DOWN + 1);
            for (Delivery waiting : outbox.takeBack()) {
                waiting.room().isBusy = false;
                planner.drop(waiting.room());
            }
            if (failuresInRow == FAILURES_UNTIL_DOWN) {
                LOG.warn(
                        "The webhook endpoint does not accept deliveries; changes are kept and retried: {}",
                        String.valueOf(result.failure()));
            }
        }
    }

    private boolean isDown() {
        return failuresInRow >= FAILURES_UNTIL_DOWN;
    }

    // ------------------------------------------------------------------ rooms that are due

    private List<Room> due(long now) {
        if (isDown()) {
            return now >= probeAt && outbox.size() == 0 ? probe(now) : List.of();
        }
        int most = ROOMS_AT_ONCE - outbox.size();
        List<Room> due = new ArrayList<>();
        for (Room room : progress.rooms()) {
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
        return progress.rooms().stream()
                .filter(room -> !room.isBusy && room.isWaiting() && !(room.isDamaged && room.nextAt > now))
                .min(Comparator.comparingInt(room -> room.failures))
                .map(List::of)
                .orElse(List.of());
    }

    /** Whether nobody has taken over. */
    private boolean save() {
        boolean saved = progress.save(this::save);
        if (!saved) {
            lease.lost();
            forget();
        }
        return saved;
    }

    /** Saves cursors. A test leaves that out. */
    boolean save(List<Cursor> moved) {
        return cursors.save(lease.epoch(), moved);
    }

    // ------------------------------------------------------------------ looking after
}
