package io.keck.room;

import io.keck.protocol.CloseReason;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** The rooms that are loaded here, by name. Thread-safe. */
public final class Rooms {
    private final ConcurrentHashMap<String, Room> rooms = new ConcurrentHashMap<>();
    private final UpdateLog log;
    private final Executor executor;
    private final LongSupplier clock;
    private final Supplier<UUID> ids;
    private final RoomSettings settings;
    private final Maker maker;
    private volatile boolean draining;

    /**
     * No rooms yet.
     *
     * @param executor runs the rooms' turns
     * @param clock milliseconds of a steady clock
     * @param ids random ids for batches
     */
    public Rooms(UpdateLog log, Executor executor, LongSupplier clock, Supplier<UUID> ids, RoomSettings settings) {
        this(log, executor, clock, ids, settings, Room::new);
    }

    /** How a room is made; a test makes ones that it can watch. */
    @FunctionalInterface
    interface Maker {
        /** Makes one, as the constructor of {@link Room} does. */
        Room make(
                String name,
                UpdateLog log,
                Executor executor,
                LongSupplier clock,
                Supplier<UUID> ids,
                RoomSettings settings,
                Runnable onClosed);
    }

    Rooms(
            UpdateLog log,
            Executor executor,
            LongSupplier clock,
            Supplier<UUID> ids,
            RoomSettings settings,
            Maker maker) {
        this.log = log;
        this.executor = executor;
        this.clock = clock;
        this.ids = ids;
        this.settings = settings;
        this.maker = maker;
    }

    /**
     * Gives a connection its seat in the room of that name, which is loaded, or created, where needed. While this node
     * drains, the connection is closed instead.
     */
    public Seat join(String name, Connection connection) {
        boolean[] created = new boolean[1];
        Room room = rooms.compute(name, (key, present) -> {
            if (present != null && present.reserve()) {
                return present;
            }
            Room fresh = newRoom(name);
            fresh.reserve();
            created[0] = true;
            return fresh;
        });
        if (created[0]) {
            room.load();
        }
        Seat seat = room.sit(connection);
        if (draining) {
            connection.close(CloseReason.restart());
        }
        return seat;
    }

    private Room newRoom(String name) {
        Room[] self = new Room[1];
        Room room = maker.make(name, log, executor, clock, ids, settings, () -> rooms.remove(name, self[0]));
        self[0] = room;
        return room;
    }

    /** Whether the room is loaded, or being loaded, here. */
    public boolean isOpen(String name) {
        return rooms.containsKey(name);
    }

    /** How many rooms are loaded here. */
    public int size() {
        return rooms.size();
    }

    /** Lets every room do what time demands; to be called about once a second. */
    public void tick() {
        rooms.values().forEach(Room::tick);
    }

    /** Takes no more connections, ends those that are there, and completes when every update they sent is saved. */
    public CompletableFuture<Void> drain(CloseReason reason) {
        draining = true;
        List<CompletableFuture<Void>> saved = rooms.values().stream()
                .map(room -> {
                    CompletableFuture<Void> done = new CompletableFuture<>();
                    room.drain(reason, () -> done.complete(null));
                    return done;
                })
                .toList();
        return CompletableFuture.allOf(saved.toArray(CompletableFuture[]::new));
    }
}
