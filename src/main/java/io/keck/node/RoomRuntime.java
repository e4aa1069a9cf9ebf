package io.keck.node;

import io.dropwizard.lifecycle.Managed;
import io.keck.access.Grant;
import io.keck.access.Right;
import io.keck.heap.HeapLedger;
import io.keck.http.NewRooms;
import io.keck.metrics.RoomMetrics;
import io.keck.protocol.CloseReason;
import io.keck.room.Bus;
import io.keck.room.DocumentBudget;
import io.keck.room.Held;
import io.keck.room.Postponed;
import io.keck.room.RoomContext;
import io.keck.room.RoomMemory;
import io.keck.room.RoomSettings;
import io.keck.room.Rooms;
import io.keck.room.TurnThreads;
import io.keck.room.UpdateLog;
import io.keck.socket.SocketFactory;
import io.keck.thread.Loop;
import io.keck.thread.Threads;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.eclipse.jetty.util.component.LifeCycle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the rooms of a node: threads for their turns, the clock, the tick, and an orderly shutdown. When the server begins to
 * stop, while its connectors still work, clients are asked to reconnect elsewhere and everything they sent is committed.
 * Thread-safe.
 */
public final class RoomRuntime implements Managed, LifeCycle.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(RoomRuntime.class);
    private static final long TICK_MS = 500;
    /** Milliseconds between two beats while rooms put work off. */
    private static final long BEAT_MS = 20;
    /** Milliseconds until the next beat while no room puts work off. */
    private static final long IDLE_BEAT_MS = 10_000;

    private static final long HELD_LOOK_MS = 5_000;
    /** Milliseconds that an upgrade waits for the database to answer a question about a name. */
    private static final long LOOKUP_MS = 2_000;

    private final ExecutorService turns;
    private final ExecutorService documents;
    private final Node node;
    private final Postponed postponed = Postponed.untilBeat(() -> wakeBeats());
    private final Loop beats =
            Loop.paced("room-beat", Loop.PATIENCE_MILLIS, () -> postponed.beat() ? BEAT_MS : IDLE_BEAT_MS);
    private final Loop ticks = Loop.every("room-tick", TICK_MS, this::tick);
    private final @Nullable Loop tail;
    private final @Nullable Loop heldLook;
    private final Rooms rooms;
    private final long drainMillis;
    private volatile boolean draining;
    /** Whether an operator has drained the node, which keeps running. */
    private volatile boolean drainedByOperator;

    private volatile boolean started;
    private volatile long tickedAt = System.nanoTime();

    /**
     * Creates rooms whose ticks have not started.
     *
     * @param node runs the ticks of the rooms and of the wings
     * @param documentHeap the most heap that documents of back ends may take, in bytes
     * @param ledger the ledger of the heap, relieved at each tick
     * @param held holds updates under another principal's client ids; null where authorship is only recorded
     */
    public RoomRuntime(
            Node node,
            UpdateLog log,
            Bus bus,
            RoomSettings settings,
            RoomMetrics metrics,
            long documentHeap,
            long drainMillis,
            HeapLedger ledger,
            @Nullable Held held) {
        int threads = Math.max(2, Runtime.getRuntime().availableProcessors());
        this.node = node;
        this.turns = Threads.pool("room-turn", threads);
        this.documents = Threads.pool("room-document", threads);
        RoomContext context = new RoomContext(
                log,
                bus,
                new TurnThreads(turns, documents),
                new RoomMemory(ledger, new DocumentBudget(documentHeap, ledger)),
                NodeClock.millis(),
                new TimeOrderedIds(),
                settings,
                metrics);
        RoomContext beating = context.with(postponed);
        this.rooms = new Rooms(held == null ? beating : beating.with(held));
        this.heldLook =
                held != null && held.isStrict() ? Loop.every("held-look", HELD_LOOK_MS, rooms::lookAtHeld) : null;
        this.tail = log.isShared() ? Loop.every("room-tail", settings.compareEveryWithoutBus(), rooms::tail) : null;
        this.drainMillis = drainMillis;
        node.everyTick("rooms", rooms::tick);
        ledger.onReclaim(rooms::dropDocuments);
        ledger.onReclaim(rooms::unloadIdle);
        node.everyTick("ledger", ledger::relieve);
    }

    public Rooms rooms() {
        return rooms;
    }

    /** Whether a room of that name exists; false if the database does not answer in time. */
    public boolean exists(String name) {
        try {
            return rooms.find(Grant.ofKeck(name, Right.READ))
                    .toCompletableFuture()
                    .get(LOOKUP_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Whether a name is held, see {@link Rooms#isHeld}; false if the database does not answer in time. */
    boolean isHeld(String name) {
        try {
            return rooms.mayBeHeld(name)
                    && rooms.isHeld(name).toCompletableFuture().get(LOOKUP_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    boolean isDraining() {
        return draining || drainedByOperator;
    }

    /** Refuses or accepts new connections, while the node stays up. */
    void drainByOperator(boolean now) {
        drainedByOperator = now;
    }

    boolean isStarted() {
        return started;
    }

    long nanosSinceTick() {
        return System.nanoTime() - tickedAt;
    }

    /** Decides which connections this node accepts. */
    public SocketFactory.Gatekeeper gatekeeper(BooleanSupplier databaseAnswers, NewRooms newRooms) {
        return new SocketFactory.Gatekeeper() {
            @Override
            public boolean isHeld(String room) {
                return RoomRuntime.this.isHeld(room);
            }

            @Override
            public boolean mayBegin(String address, String room) {
                return newRooms.accepts(address, room);
            }

            @Override
            public boolean exists(String room) {
                return RoomRuntime.this.exists(room);
            }

            @Override
            public boolean accepts(String room) {
                return !isDraining()
                        && (rooms.isOpen(room) || (databaseAnswers.getAsBoolean() && rooms.hasRoomForAnother()));
            }
        };
    }

    @Override
    public void start() {
        ticks.start();
        beats.start();
        if (tail != null) {
            tail.start();
        }
        if (heldLook != null) {
            heldLook.start();
        }
        started = true;
    }

    private void wakeBeats() {
        beats.wake();
    }

    private void tick() {
        node.tick();
        tickedAt = System.nanoTime();
    }

    @Override
    public void lifeCycleStopping(LifeCycle event) {
        draining = true;
        LOG.info("Stopping: asking the clients of {} rooms to reconnect elsewhere", rooms.size());
        node.farewell();
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
        ticks.stop();
        beats.stop();
        if (tail != null) {
            tail.stop();
        }
        if (heldLook != null) {
            heldLook.stop();
        }
        documents.shutdown();
        turns.shutdown();
        if (!turns.awaitTermination(5, TimeUnit.SECONDS)) {
            turns.shutdownNow();
        }
    }
}
