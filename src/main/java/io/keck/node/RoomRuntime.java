package io.keck.node;

import io.dropwizard.lifecycle.Managed;
import io.keck.heap.HeapLedger;
import io.keck.http.NewRooms;
import io.keck.metrics.RoomMetrics;
import io.keck.protocol.CloseReason;
import io.keck.room.Bus;
import io.keck.room.DocumentBudget;
import io.keck.room.RoomContext;
import io.keck.room.RoomSettings;
import io.keck.room.Rooms;
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
 * What rooms need at run time and do not know: threads for their turns, a clock, the tick, and an end in good order. When
 * the server begins to stop, while its connectors still work, sockets are told to come back elsewhere and everything they
 * sent is committed.
 */
public final class RoomRuntime implements Managed, LifeCycle.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(RoomRuntime.class);
    private static final long TICK_MS = 500;
    /** How long an upgrade waits for the database to say whether a name is held. */
    private static final long HELD_MS = 2_000;

    private final ExecutorService turns;
    private final ExecutorService documents;
    private final Node node;
    private final Loop ticks = Loop.every("room-tick", TICK_MS, this::tick);
    private final @Nullable Loop tail;
    private final Rooms rooms;
    private final long drainMillis;
    private volatile boolean draining;
    /** By an operator. */
    private volatile boolean held;

    private volatile boolean started;
    private volatile long tickedAt = System.nanoTime();

    /**
     * Rooms that have no turns yet.
     *
     * @param node gets the ticks of the rooms, and gives those of everything else
     * @param documentHeap bytes that documents may take
     * @param ledger of the heap, which is relieved at each tick
     */
    public RoomRuntime(
            Node node,
            UpdateLog log,
            Bus bus,
            RoomSettings settings,
            RoomMetrics metrics,
            long documentHeap,
            long drainMillis,
            HeapLedger ledger) {
        int threads = Math.max(2, Runtime.getRuntime().availableProcessors());
        this.node = node;
        this.turns = Threads.pool("room-turn", threads);
        this.documents = Threads.pool("room-document", threads);
        this.rooms = new Rooms(new RoomContext(
                log,
                bus,
                turns,
                documents,
                new DocumentBudget(documentHeap, ledger),
                NodeClock.millis(),
                new TimeOrderedIds(),
                settings,
                metrics,
                ledger));
        this.tail = log.isShared() ? Loop.every("room-tail", settings.tailAlone(), rooms::tail) : null;
        this.drainMillis = drainMillis;
        node.everyTick("rooms", rooms::tick);
        ledger.onReclaim(rooms::dropDocuments);
        ledger.onReclaim(rooms::unloadIdle);
        node.everyTick("ledger", ledger::relieve);
    }

    public Rooms rooms() {
        return rooms;
    }

    /** Whether there is a room of that name; false where the database does not answer. */
    public boolean exists(String name) {
        try {
            return rooms.find(name).toCompletableFuture().get(HELD_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
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

    /** Which connections this node takes. */
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
        if (tail != null) {
            tail.start();
        }
        started = true;
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
        if (tail != null) {
            tail.stop();
        }
        documents.shutdown();
        turns.shutdown();
        if (!turns.awaitTermination(5, TimeUnit.SECONDS)) {
            turns.shutdownNow();
        }
    }
}
