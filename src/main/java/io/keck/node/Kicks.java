package io.keck.node;

import io.dropwizard.lifecycle.Managed;
import io.keck.room.Bus;
import io.keck.room.Rooms;
import io.keck.socket.Sockets;
import io.keck.storage.Storage;
import io.keck.storage.nodes.JdbiKicks;
import io.keck.thread.Loop;
import io.keck.thread.OutOfMemory;
import io.keck.wing.Host;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes connections on all nodes when an operator asks for it. The database holds the kicks; a message over the bus only
 * makes other nodes look there at once. Without a message they look every second while the bus is away, and every few
 * seconds while it is healthy. Each node carries out a kick once. Thread-safe.
 */
public final class Kicks implements Managed {
    private static final Logger LOG = LoggerFactory.getLogger(Kicks.class);
    private static final int MANY = 10_000;
    private static final long LOOK_MILLIS = 500;
    /** Ticks of the loop between two queries while the bus is healthy. */
    private static final int SELDOM = 6;
    /** Ticks of the loop between two queries while the bus is away. */
    private static final int OFTEN = 2;

    private final Sockets sockets;
    private final Bus bus;
    private final JdbiKicks database;
    private final BooleanSupplier isHealthy;
    private final SecureRandom random = new SecureRandom();
    private final Loop loop = Loop.every("kicks", LOOK_MILLIS, this::look);
    private final AtomicBoolean hinted = new AtomicBoolean();
    private int looks;
    private final Map<Long, Boolean> done = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Boolean> eldest) {
            return size() > MANY;
        }
    };

    /**
     * Builds the kicks of a node, which learns of kicks on other nodes over the bus and, if the database is shared,
     * from the database.
     */
    public static Kicks build(Host host, Rooms rooms, Sockets sockets, Bus bus, Storage storage) {
        Kicks kicks = new Kicks(sockets, bus, storage.kicks(), storage.database()::isResponsive);
        rooms.onKick(kicks::noticed);
        if (storage.database().isShared()) {
            host.manage(kicks);
        }
        return kicks;
    }

    /** @param isHealthy whether the database answers */
    Kicks(Sockets sockets, Bus bus, JdbiKicks database, BooleanSupplier isHealthy) {
        this.sockets = sockets;
        this.bus = bus;
        this.database = database;
        this.isHealthy = isHealthy;
    }

    /**
     * The result of a kick.
     *
     * @param here the number of connections closed on this node
     * @param toldBus whether the bus is healthy, so that other nodes learn of the kick at once
     * @param toldDatabase whether other nodes find the kick in the database
     */
    record Result(int here, boolean toldBus, boolean toldDatabase) {}

    /** Closes connections on all nodes: the given one, or all of the room if {@code connection} is empty. */
    Result kick(String room, String connection) {
        Bus.Kick kick = new Bus.Kick(random.nextLong(), room, connection);
        isNew(kick);
        int here = sockets.kick(room, connection);
        LOG.info("An operator closed {} connections on this node", here);
        boolean stored = true;
        try {
            database.add(kick);
            bus.kick(kick); // other nodes then read the kick from the database
        } catch (JdbiException e) {
            LOG.warn("A kick could not be stored in the database; other nodes will not hear of it: {}", e.getMessage());
            stored = false;
        }
        return new Result(here, bus.isHealthy(), stored);
    }

    private synchronized boolean isNew(Bus.Kick kick) {
        return done.put(kick.id(), true) == null;
    }

    /** Notes that another node has stored a kick; its content is read from the database. */
    void noticed(Bus.Kick hint) {
        hinted.set(true);
        loop.wake();
    }

    private void carryOut(Bus.Kick kick) {
        if (isNew(kick)) {
            int here = sockets.kick(kick.room(), kick.connection());
            LOG.info("An operator on another node closed {} connections on this node", here);
        }
    }

    private void look() {
        int every = bus.isHealthy() ? SELDOM : OFTEN;
        boolean isDue = ++looks >= every || hinted.getAndSet(false);
        if (!isDue || !isHealthy.getAsBoolean()) {
            return;
        }
        looks = 0;
        try {
            database.poll().forEach(this::carryOut);
        } catch (JdbiException e) {
            OutOfMemory.check(e);
            LOG.debug("Kicks could not be read from the database", e);
        }
    }

    @Override
    public void start() {
        loop.start();
    }

    @Override
    public void stop() {
        loop.stop();
    }
}
