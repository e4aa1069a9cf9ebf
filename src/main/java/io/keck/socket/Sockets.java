package io.keck.socket;

import io.keck.crdt.DecodeLimits;
import io.keck.room.RoomSettings;
import io.keck.room.Rooms;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/** All WebSockets of this node, and what each of them needs. Thread-safe. */
final class Sockets {
    /**
     * What one peer may send.
     *
     * @param maxMessageBytes the largest message; a larger one is closed with 1009
     * @param decode limits inside an update
     */
    record Limits(int maxMessageBytes, DecodeLimits decode) {}

    private static final long PING_AFTER_MS = 20_000;
    private static final long DEAD_AFTER_MS = 50_000;
    private static final long CLOSE_WITHIN_MS = 5_000;

    private final Rooms rooms;
    private final RoomSettings roomSettings;
    private final Limits limits;
    private final LongSupplier clock;
    private final Strikes strikes;
    private final Set<SocketConnection> open = ConcurrentHashMap.newKeySet();

    Sockets(Rooms rooms, RoomSettings roomSettings, Limits limits, LongSupplier clock) {
        this.rooms = rooms;
        this.roomSettings = roomSettings;
        this.limits = limits;
        this.clock = clock;
        this.strikes = new Strikes(clock);
    }

    Rooms rooms() {
        return rooms;
    }

    RoomSettings roomSettings() {
        return roomSettings;
    }

    Limits limits() {
        return limits;
    }

    LongSupplier clock() {
        return clock;
    }

    Strikes strikes() {
        return strikes;
    }

    void opened(SocketConnection connection) {
        open.add(connection);
    }

    void closed(SocketConnection connection) {
        open.remove(connection);
    }

    int size() {
        return open.size();
    }

    /** Looks after every connection; to be called about every second. */
    void tick() {
        open.forEach(c -> c.tick(PING_AFTER_MS, DEAD_AFTER_MS, CLOSE_WITHIN_MS));
    }
}
