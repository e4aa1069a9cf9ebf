package io.keck.webhook;

import io.keck.failure.Unavailable;
import io.keck.feed.ChangeLog;
import io.keck.feed.Cursors;
import io.keck.feed.Cursors.Cursor;
import io.keck.feed.Cursors.Endpoint;
import io.keck.metrics.FeedMetrics;
import io.keck.metrics.FeedMetrics.Outcome;
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
 * Delivers changes: a state machine that one thread advances {@link #step} by step; no step waits for a receiver.
 *
 * <p><b>One node</b> delivers, the holder of the {@link Lease}. The other nodes announce the rooms to which they have
 * written. Changes that were not announced, because a node died, are found by a scan of all rooms: a complete one when
 * a node takes over, then a slow one that never ends.
 *
 * <p><b>A delivery</b> is planned before it is sent: its last row ({@code planned}) is saved in the cursor of the room,
 * and only then is the delivery sent, under an id made of room and row. It is sent until the receiver accepts it, by
 * whichever node delivers, and the next one begins after it. A repeated delivery thus has the same id, and no row is
 * left out. Rows that are committed meanwhile wait for the next delivery: a room causes one delivery per
 * {@code spacing}, however much is typed, and fewer while many rooms change.
 *
 * <p><b>A receiver that is down</b> gets one delivery at a time, at growing intervals. A receiver that refuses the
 * delivery of one room holds up that room only. So does a damaged row: the rows before it are delivered; after a repair
 * the room no longer has its rows, and the receiver is told to read the whole room again.
 */
class Deliverer {
    private static final Logger LOG = LoggerFactory.getLogger(Deliverer.class);
    private static final int ROOMS_AT_ONCE = 256;
    /** Consecutive rooms that must fail before the endpoint counts as down. */
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
    /** The rooms to which this node has written since the endpoint was last read. */
    private final Set<Long> written = ConcurrentHashMap.newKeySet();

    private volatile boolean active;

    private Outbox outbox;

    private int failuresInRow;
    private long downAt;
    private long probeAt;

    private volatile long failingSince;

    /**
     * Creates a deliverer that has nothing to deliver yet.
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
     * Records that this node has written to a room. The record is kept until the endpoint is read again, even while
     * there is no endpoint, because another node may just have set one.
     */
    void written(long roomId) {
        written.add(roomId);
    }

    /** Whether an endpoint is set, as far as this node knows. */
    boolean isActive() {
        return active;
    }

    /**
     * The number of rooms with changes that the receiver has not accepted, as far as this node knows; 0 if another node
     * delivers.
     */
    int backlog() {
        return progress.backlog();
    }

    /** Seconds since the oldest change was written that the receiver has not accepted; 0 if there is none. */
    double oldestSeconds() {
        long since = progress.oldest();
        return since == 0 ? 0 : Math.max(0, wallClock.getAsLong() - since) / 1e3;
    }

    /** Seconds for which the receiver has accepted nothing although deliveries were sent; 0 while it accepts. */
    double failingSeconds() {
        long since = failingSince;
        return since == 0 ? 0 : (clock.getAsLong() - since) / 1e3;
    }

    // ------------------------------------------------------------------ one thread

    /** Does everything that is due now; does not wait for a receiver. */
    void step() {
        long now = clock.getAsLong();
        boolean held = lease.isHeld(now);
        List<Long> own =
                // taken before the endpoint is read: rooms written to later may belong to an endpoint that this read
                // does not see
                takeWritten();
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

    /** Drops all state, after a failure or when the lease has changed hands; everything pending is read again. */
    void forget() {
        outbox.close(); // deliveries under way will be sent again, by this node or another one
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
            return; // it was sent before the endpoint was known to be down
        }
        if (!isDown() && room.failures > 1) {
            return; // a room that fails repeatedly counts only once
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

    /**
     * Chooses one room to try: the one with the fewest failures, since the receiver may refuse the deliveries of one
     * room only.
     */
    private List<Room> probe(long now) {
        return progress.rooms().stream()
                .filter(room -> !room.isBusy && room.isWaiting() && !(room.isDamaged && room.nextAt > now))
                .min(Comparator.comparingInt(room -> room.failures))
                .map(List::of)
                .orElse(List.of());
    }

    /** Saves the cursors that have moved; returns false if another node has taken over. */
    private boolean save() {
        boolean saved = progress.save(this::save);
        if (!saved) {
            lease.lost();
            forget();
        }
        return saved;
    }

    /** Saves cursors; returns false if another node has taken over. A test overrides it to skip the check. */
    boolean save(List<Cursor> moved) {
        return cursors.save(lease.epoch(), moved);
    }
}
