package io.keck;

import io.dropwizard.lifecycle.Managed;
import io.keck.heap.HeapLedger;
import io.keck.protocol.CloseReason;
import io.keck.room.Bus;
import io.keck.room.DocumentBudget;
import io.keck.room.RoomContext;
import io.keck.room.RoomMetrics;
import io.keck.room.RoomSettings;
import io.keck.room.Rooms;
import io.keck.room.UpdateLog;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.eclipse.jetty.util.component.LifeCycle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What rooms need at run time and do not know: threads for their turns, a clock, the tick, and an end in good order. When
 * the server begins to stop, while its connectors still work, sockets are told to come back elsewhere and everything they
 * sent is committed.
 */
final class RoomRuntime implements Managed, LifeCycle.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(RoomRuntime.class);
    private static final long TICK_MS = 500;
    /** How long an upgrade waits for the database to say whether a name is held. */
    private static final long HELD_MS = 2_000;

    private final ExecutorService turns;
    private final ExecutorService documents;
    private final ScheduledExecutorService ticks =
            Executors.newSingleThreadScheduledExecutor(r -> new Thread(r, "room-tick"));
    private final List<Runnable> tickers = new CopyOnWriteArrayList<>();
    private final Rooms rooms;
    private final long drainMillis;
    private volatile boolean draining;
    /** By an operator. */
    private volatile boolean held;

    private Runnable farewell = () -> {};
    private long tailMillis;
    private volatile boolean started;
    private volatile long tickedAt = System.nanoTime();

    /** @param documentHeap bytes that documents may take */
    RoomRuntime(
            UpdateLog log,
            Bus bus,
            RoomSettings settings,
            RoomMetrics metrics,
            long documentHeap,
            long drainMillis,
            HeapLedger ledger) {
        int threads = Math.max(2, Runtime.getRuntime().availableProcessors());
        this.turns = Executors.newFixedThreadPool(threads, r -> new Thread(r, "room-turn"));
        this.documents = Executors.newFixedThreadPool(threads, r -> new Thread(r, "room-document"));
        this.rooms = new Rooms(new RoomContext(
                log,
                bus,
                turns,
                documents,
                new DocumentBudget(documentHeap, ledger),
                clock(),
                new TimeOrderedIds(),
                settings,
                metrics,
                ledger));
        this.drainMillis = drainMillis;
        tickers.add(rooms::tick);
        ledger.onReclaim(rooms::dropDocuments);
        ledger.onReclaim(rooms::unloadIdle);
        tickers.add(ledger::relieve);
    }

    /** Milliseconds that only ever rise. */
    static LongSupplier clock() {
        return () -> System.nanoTime() / 1_000_000;
    }

    Rooms rooms() {
        return rooms;
    }

    /** Whether a name is held, see {@link Rooms#isHeld}. A database that does not answer leaves that open: then it is not. */
    boolean isHeld(String name) {
        try {
            return rooms.mayBeHeld(name)
                    && rooms.isHeld(name).toCompletableFuture().get(HELD_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    boolean isDraining() {
        return draining || held;
    }

    /** Takes no more connections while it is held, though the node stays up. */
    void hold(boolean now) {
        held = now;
    }

    boolean isStarted() {
        return started;
    }

    long nanosSinceTick() {
        return System.nanoTime() - tickedAt;
    }

    void everyTick(Runnable ticker) {
        tickers.add(ticker);
    }

    /** When the node stops, this comes first: it sends clients away in good order. What is left then is sent away at once. */
    void beforeDrain(Runnable task) {
        farewell = task;
    }

    /** From the start on, compares the rooms with a log to which other nodes write, too. */
    void tail(long everyMillis) {
        tailMillis = everyMillis;
    }

    @Override
    public void start() {
        every(TICK_MS, this::tick);
        if (tailMillis > 0) {
            every(tailMillis, () -> guarded(rooms::tail));
        }
        started = true;
    }

    private void every(long millis, Runnable task) {
        var unused = ticks.scheduleWithFixedDelay(task, millis, millis, TimeUnit.MILLISECONDS);
    }

    private void tick() {
        tickers.forEach(RoomRuntime::guarded);
        tickedAt = System.nanoTime();
    }

    private static void guarded(Runnable ticker) {
        try {
            ticker.run();
        } catch (RuntimeException e) {
            LOG.error("A periodic task of the rooms failed; it runs again with the next tick", e);
        }
    }

    @Override
    public void lifeCycleStopping(LifeCycle event) {
        draining = true;
        LOG.info("Stopping: asking the clients of {} rooms to reconnect elsewhere", rooms.size());
        guarded(farewell);
        try {
            rooms.drain(CloseReason.restart()).get(drainMillis, TimeUnit.MILLISECONDS);
            LOG.info("Everything is saved");
        } catch (TimeoutException e) {
            LOG.error(
                    "Not all updates were committed within {} ms; updates that no other client has seen may be lost",
                    drainMillis);
        } catch (ExecutionException e) {
            LOG.error("Unexpected error while saving the rooms", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void stop() throws InterruptedException {
        ticks.shutdownNow();
        documents.shutdown();
        turns.shutdown();
        if (!turns.awaitTermination(5, TimeUnit.SECONDS)) {
            turns.shutdownNow();
        }
    }
}
