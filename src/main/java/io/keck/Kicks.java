package io.keck;

import io.keck.room.Bus;
import io.keck.socket.Sockets;
import io.keck.storage.JdbiKicks;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends connections on all nodes when an operator says so. Other nodes find it in the database, where they look when the bus
 * says that there is something: else every second while the bus is away, every few seconds while it is there. Each carries it out once. Thread-safe.
 */
final class Kicks {
    private static final Logger LOG = LoggerFactory.getLogger(Kicks.class);
    private static final int MANY = 10_000;
    /** Ticks, of half a second. */
    private static final int SELDOM = 6;

    private static final int OFTEN = 2;

    private final Sockets sockets;
    private final Bus bus;
    private final JdbiKicks database;
    private final BooleanSupplier isHealthy;
    private final SecureRandom random = new SecureRandom();
    private final AtomicBoolean asking = new AtomicBoolean();
    private final AtomicBoolean again = new AtomicBoolean();
    private final ExecutorService thread = Executors.newSingleThreadExecutor(r -> {
        Thread asker = new Thread(r, "kicks");
        asker.setDaemon(true);
        return asker;
    });
    private int ticks;
    private final Map<Long, Boolean> done = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Boolean> eldest) {
            return size() > MANY;
        }
    };

    /** @param isHealthy whether the database answers */
    Kicks(Sockets sockets, Bus bus, JdbiKicks database, BooleanSupplier isHealthy) {
        this.sockets = sockets;
        this.bus = bus;
        this.database = database;
        this.isHealthy = isHealthy;
    }

    /**
     * What came of it.
     *
     * @param here connections that ended on this node
     * @param toldBus whether the bus is healthy, so that other nodes know of it at once
     * @param toldDatabase whether they find it in the database
     */
    record Result(int here, boolean toldBus, boolean toldDatabase) {}

    /** Ends connections on all nodes: one of them, or all of the room where that is empty. */
    Result kick(String room, String connection) {
        Bus.Kick kick = new Bus.Kick(random.nextLong(), room, connection);
        isNew(kick);
        int here = sockets.kick(room, connection);
        LOG.info("An operator ended {} connections on this node", here);
        boolean stored = true;
        try {
            database.add(kick);
            bus.kick(kick); // they look into the database
        } catch (JdbiException e) {
            LOG.warn("A kick could not be stored in the database; other nodes will not hear of it: {}", e.getMessage());
            stored = false;
        }
        return new Result(here, bus.isHealthy(), stored);
    }

    private synchronized boolean isNew(Bus.Kick kick) {
        return done.put(kick.id(), true) == null;
    }

    /** Another node says that there is one: what it is stands in the database. */
    void told(Bus.Kick hint) {
        again.set(true);
        look();
    }

    private void carryOut(Bus.Kick kick) {
        if (isNew(kick)) {
            int here = sockets.kick(kick.room(), kick.connection());
            LOG.info("An operator on another node ended {} connections on this node", here);
        }
    }

    /** Looks into the database when it is time; to be called twice a second, by one thread. */
    void tick() {
        int every = bus.isHealthy() ? SELDOM : OFTEN;
        if (++ticks < every || !isHealthy.getAsBoolean() || !asking.compareAndSet(false, true)) {
            return;
        }
        ticks = 0;
        run();
    }

    private void look() {
        if (asking.compareAndSet(false, true)) {
            run();
        }
    }

    private void run() {
        thread.execute(() -> {
            try {
                again.set(false);
                database.poll().forEach(this::carryOut);
            } catch (JdbiException e) {
                LOG.debug("The database did not tell of kicks", e);
            } finally {
                asking.set(false);
            }
            if (again.get()) { // a hint came while the database was asked
                look();
            }
        });
    }
}
