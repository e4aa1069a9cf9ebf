package io.keck.api;

import io.keck.access.Grant;
import io.keck.access.Right;
import io.keck.failure.RoomMissing;
import io.keck.failure.TooCostly;
import io.keck.failure.Unavailable;
import io.keck.feed.ChangeLog;
import io.keck.heap.AddressFlow;
import io.keck.heap.AddressShares;
import io.keck.heap.HeapLedger;
import io.keck.metrics.FeedMetrics;
import io.keck.room.DocumentLimits;
import io.keck.room.Watcher;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** All event streams of this node: one {@link RoomFeed} per room that has readers. Thread-safe. */
public class EventStreams {
    /**
     * The largest number of marks of costly rooms; beyond it the oldest mark is dropped and its room is tried again.
     */
    private static final int MAX_COSTLY = 10_000;

    /** The steps of integration that the document of a room may take. */
    private final long maxSteps;

    private final Map<Long, Long> costly = new LinkedHashMap<>();

    /** Follows rooms, as {@link io.keck.room.Rooms#watch} does. */
    @FunctionalInterface
    public interface Rooms {
        /** Follows a room until the returned action is run. */
        Runnable watch(Grant grant, Watcher watcher);

        /** Completes as {@link io.keck.room.Rooms#find} does. */
        default CompletionStage<Boolean> find(Grant grant) {
            return CompletableFuture.completedStage(true);
        }
    }

    private final Rooms rooms;
    private final ChangeLog log;
    private final FeedMetrics metrics;
    private final Executor executor;
    private final LongSupplier clock;
    private final int limit;
    private final AddressShares shares;
    private final HeapLedger ledger;
    private final AddressFlow sent;
    private final ConcurrentHashMap<String, RoomFeed> feeds = new ConcurrentHashMap<>();
    private final Set<RoomFeed> finishing = ConcurrentHashMap.newKeySet();
    private final AtomicInteger streams = new AtomicInteger();
    private volatile boolean closed;

    /**
     * Creates streams.
     *
     * @param executor runs the turns of feeds, which wait for the database
     * @param clock a steady clock in milliseconds
     * @param limit the largest number of concurrent streams
     */
    public EventStreams(
            Rooms rooms, ChangeLog log, FeedMetrics metrics, Executor executor, LongSupplier clock, int limit) {
        this(
                rooms,
                log,
                metrics,
                executor,
                clock,
                limit,
                new AddressShares(limit, limit),
                HeapLedger.unlimited(),
                AddressFlow.unlimited(),
                DocumentLimits.DEFAULT.maxSteps());
    }

    /**
     * Creates streams.
     *
     * @param shares the limits of streams, in all and per address
     * @param ledger the ledger of the heap
     * @param sent bytes a second of addresses
     * @param maxSteps the steps of integration that the document of a room may take, see
     *     {@link DocumentLimits#maxSteps}
     */
    EventStreams(
            Rooms rooms,
            ChangeLog log,
            FeedMetrics metrics,
            Executor executor,
            LongSupplier clock,
            int limit,
            AddressShares shares,
            HeapLedger ledger,
            AddressFlow sent,
            long maxSteps) {
        this.sent = sent;
        this.maxSteps = maxSteps;
        this.shares = shares;
        this.ledger = ledger;
        this.rooms = rooms;
        this.log = log;
        this.metrics = metrics;
        this.executor = executor;
        this.clock = clock;
        this.limit = limit;
    }

    /** Opens a stream; returns false at the limit of streams. Otherwise the reader is called back later. */
    boolean open(Grant grant, RoomFeed.Reader reader, @Nullable String lastEventId) {
        grant.demand(Right.READ);
        if (streams.incrementAndGet() > limit) {
            streams.decrementAndGet();
            return false;
        }
        join(grant.document(), reader, lastEventId);
        return true;
    }

    void join(String room, RoomFeed.Reader reader, @Nullable String lastEventId) {
        if (closed) {
            left();
            reader.refused(new Unavailable("the server is restarting", false));
            return;
        }
        if (!feeds.containsKey(room)) {
            joinNow(room, reader, lastEventId);
            return;
        }
        // the feed may follow a life that has ended elsewhere: then it is over before this completes
        var unused = rooms.find(ofFeed(room)).whenComplete((there, error) -> {
            Throwable cause = error == null ? null : DocumentCalls.cause(error);
            if (cause instanceof RoomMissing missing) {
                left();
                reader.refused(missing);
            } else {
                joinNow(room, reader, lastEventId);
            }
        });
    }

    /** The feed of a room needs no grant of a caller: each of its readers has one. */
    private static Grant ofFeed(String room) {
        return Grant.ofKeck(room, Right.READ);
    }

    private void joinNow(String room, RoomFeed.Reader reader, @Nullable String lastEventId) {
        boolean[] isFirst = new boolean[1];
        RoomFeed feed = feeds.computeIfAbsent(room, name -> {
            isFirst[0] = true;
            return new RoomFeed(name, this, log);
        });
        feed.join(reader, lastEventId, isFirst[0]);
    }

    /** The number of open streams. */
    public int size() {
        return streams.get();
    }

    /** Keeps connections alive and closes stuck ones; must be called about once a second. */
    public void tick() {
        feeds.values().forEach(RoomFeed::tick);
        finishing.forEach(RoomFeed::tick);
    }

    /** Ends all streams; readers reconnect elsewhere. */
    public void close() {
        closed = true;
        feeds.values().forEach(feed -> feed.ended(new Unavailable("the server is restarting", false)));
        finishing.forEach(feed -> feed.ended(new Unavailable("the server is restarting", false)));
    }

    /** The limits of streams, in all and per address. */
    AddressShares shares() {
        return shares;
    }

    /** The ledger of the heap. */
    HeapLedger ledger() {
        return ledger;
    }

    /** Bytes a second of addresses. */
    AddressFlow sent() {
        return sent;
    }

    // ---- for feeds

    Runnable watch(String room, Watcher watcher) {
        return rooms.watch(ofFeed(room), watcher);
    }

    FeedMetrics metrics() {
        return metrics;
    }

    long now() {
        return clock.getAsLong();
    }

    /** Whether readers are notified of lost rows. A test switches this off. */
    boolean looksForGaps() {
        return true;
    }

    /** The log that the streams read. */
    ChangeLog log() {
        return log;
    }

    void execute(Runnable turn) {
        try {
            executor.execute(turn);
        } catch (RejectedExecutionException e) {
            turn.run(); // the server is shutting down, and the only remaining task is to end
        }
    }

    void left() {
        streams.decrementAndGet();
    }

    /** Called when the life of a feed's room has ended and its streams still get the last events. */
    void finishing(String room, RoomFeed feed) {
        finishing.add(feed);
        feeds.remove(room, feed);
    }

    void over(String room, RoomFeed feed) {
        finishing.remove(feed);
        feeds.remove(room, feed);
    }

    /** Called when a room took too many steps: its streams are refused for a while. */
    synchronized void isCostly(long roomId) {
        costly.put(roomId, now() + TooCostly.RETRY_MILLIS);
        if (costly.size() > MAX_COSTLY) {
            costly.remove(costly.keySet().iterator().next());
        }
    }

    /** The milliseconds for which streams of a room are still refused; 0 if they are not. */
    synchronized long costlyFor(long roomId) {
        return Math.max(0, costly.getOrDefault(roomId, 0L) - now());
    }

    /** The steps that the document of a room may take. */
    long maxSteps() {
        return maxSteps;
    }
}
