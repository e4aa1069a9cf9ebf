package io.keck.room;

import io.keck.protocol.CloseReason;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The rooms that are loaded here, by name. Thread-safe. */
public final class Rooms {
    private final ConcurrentHashMap<String, Room> rooms = new ConcurrentHashMap<>();
    private final RoomContext context;
    private final Maker maker;
    private final Overlays overlays;
    private final Tailer tailer;
    private final HeldNames held;
    private final Busiest busiest;
    private volatile boolean draining;
    private volatile Consumer<Bus.Kick> kicks = kick -> {};

    /** No rooms yet. */
    public Rooms(RoomContext context) {
        this(context, Room::new);
    }

    /** How a room is made; a test makes ones that it can watch. */
    @FunctionalInterface
    interface Maker {
        /** Makes one, as the constructor of {@link Room} does. */
        Room make(String name, RoomContext context, Overlays overlays, Runnable onClosed);
    }

    Rooms(RoomContext context, Maker maker) {
        this.context = context;
        this.maker = maker;
        this.overlays = new Overlays(context.settings().maxOverlays(), new OutageLog(context.clock()));
        this.tailer = new Tailer(context);
        this.busiest = new Busiest(context.metrics());
        context.bus().listen(new Bus.NodeListener() {
            @Override
            public void back() {
                tailer.hurry();
            }

            @Override
            public void deleted(String name) {
                lookFor(name);
            }

            @Override
            public void kicked(Bus.Kick kick) {
                kicks.accept(kick);
            }
        });
        this.held = new HeldNames(context.clock(), context.settings().holdDeleted());
    }

    /**
     * Gives a connection its seat in the room of that name, which is loaded, or created, where needed. While this node
     * drains, the connection is closed instead.
     */
    public Seat join(String name, Connection connection) {
        Seat seat = lend(name, true).sit(connection);
        if (draining) {
            connection.close(CloseReason.restart());
        }
        return seat;
    }

    /**
     * The room of that name, with a place reserved in it.
     *
     * @param create whether it is created where there is none; else it may close at once
     */
    Room lend(String name, boolean create) {
        boolean[] created = new boolean[1];
        Room room = rooms.compute(name, (key, present) -> {
            if (present != null && present.reserve()) {
                if (create) {
                    present.want();
                }
                return present;
            }
            Room fresh = newRoom(name);
            fresh.reserve();
            if (create) {
                fresh.want();
            }
            created[0] = true;
            return fresh;
        });
        if (created[0]) {
            room.load();
        }
        return room;
    }

    /** There is no such room: it takes no more connections, unless somebody wants it created meanwhile. */
    private boolean abandon(Room room) {
        boolean[] done = {true};
        rooms.computeIfPresent(room.name(), (key, present) -> {
            if (present == room && room.isWanted()) {
                done[0] = false;
                return present;
            }
            room.shut();
            return present == room ? null : present;
        });
        return done[0];
    }

    private Room newRoom(String name) {
        Room[] self = new Room[1];
        Room room = maker.make(name, context, overlays, () -> closed(self[0]));
        self[0] = room;
        room.whenMissing(() -> abandon(room));
        return room;
    }

    private void closed(Room room) {
        rooms.remove(room.name(), room);
        if (room.wasDeleted()) {
            var unused = context.log().find(room.name()).whenComplete((successor, error) -> {
                if (Journal.cause(error) instanceof UpdateLog.RoomGoneException) {
                    held.add(room.name());
                }
            });
        }
    }

    /** Whether a room of that name was deleted a moment ago, as far as this node knows: nobody may make it anew yet. */
    public boolean isHeld(String name) {
        return held.contains(name);
    }

    /**
     * Deletes the room of that name on all nodes; false when there is none. Its sockets are told, and nobody may make it
     * anew for {@link RoomSettings#holdDeleted}.
     */
    public CompletionStage<Boolean> delete(String name) {
        return context.log().delete(name).thenApply(deleted -> {
            if (deleted) {
                held.add(name);
                context.bus().deleted(name);
            }
            lookFor(name);
            return deleted;
        });
    }

    /** Who is told when an operator on another node ends connections; there is one at most. */
    public void onKick(Consumer<Bus.Kick> listener) {
        kicks = listener;
    }

    /** The names of the rooms that are loaded here, sorted: so many after the first few. */
    public List<String> names(int offset, int limit) {
        return rooms.keySet().stream().sorted().skip(offset).limit(limit).toList();
    }

    /** How that room is; null when it is not loaded here. Completes in a turn of the room. */
    public CompletionStage<@Nullable RoomView> look(String name) {
        CompletableFuture<@Nullable RoomView> view = new CompletableFuture<>();
        Room room = rooms.get(name);
        if (room == null) {
            view.complete(null);
        } else {
            room.look(view::complete);
        }
        return view;
    }

    /** The documents of these rooms. */
    public Documents documents() {
        return new RoomDocuments(this, context);
    }

    /**
     * Follows a room, which stays loaded meanwhile, but is not created where there is none.
     *
     * @return ends that; to be closed once, also after the room has ended
     */
    public Runnable watch(String name, Watcher watcher) {
        if (draining) {
            watcher.ended(new Documents.UnavailableException("the server restarts", false));
            return () -> {};
        }
        Room room = lend(name, false);
        room.watch(watcher);
        return () -> room.unwatch(watcher);
    }

    /** The room of that name was replaced by another. */
    void replaced(String name) {
        context.bus().deleted(name);
        lookFor(name);
    }

    /** Lets a room that may have been deleted look for itself. */
    private void lookFor(String name) {
        Room room = rooms.get(name);
        if (room != null) {
            room.deleted();
        }
    }

    /** Bytes of heap that documents take, roughly. */
    public long documentBytes() {
        return context.budget().bytes();
    }

    /** How many documents are in memory. */
    public int documentCount() {
        return context.budget().size();
    }

    /** Whether the room is loaded, or being loaded, here. */
    public boolean isOpen(String name) {
        return rooms.containsKey(name);
    }

    boolean isDraining() {
        return draining;
    }

    /**
     * The rooms at one moment.
     *
     * @param loaded in memory, or being loaded
     * @param occupied of them, those that somebody is in
     * @param waitingNanos how long the oldest update that is not committed has been waiting; 0 while none is
     */
    public record Census(int loaded, int occupied, long waitingNanos) {}

    /** Looks at every room; quick, but not for every message. */
    public Census census() {
        long now = context.metrics().nanos();
        int loaded = 0;
        int occupied = 0;
        long longest = 0;
        for (Room room : rooms.values()) {
            loaded++;
            occupied += room.isOccupied() ? 1 : 0;
            long since = room.waitingSince();
            longest = since == 0 ? longest : Math.max(longest, now - since);
        }
        return new Census(loaded, occupied, longest);
    }

    /** The part of a thread's time that the busiest room took lately: 1 is all that a room can get. */
    public double busiest() {
        return busiest.share();
    }

    /** How many rooms are loaded here. */
    public int size() {
        return rooms.size();
    }

    /** Bytes of updates that are not saved though clients have seen them, roughly. */
    public long unsavedBytes() {
        return overlays.bytes();
    }

    /** Whether all rooms together hold so much unsaved that writers are read no further. */
    public boolean isFull() {
        return overlays.isFull();
    }

    /** How many rooms go on unsaved. */
    public int unsavedRooms() {
        return overlays.rooms();
    }

    /**
     * Compares the rooms with the log, where other nodes write, too; does nothing until it is time for it again. To be
     * called by one thread, at least as often as {@link RoomSettings#tailAlone}.
     */
    public void tail() {
        tailer.tick(rooms.values());
    }

    /** Lets every room do what time demands; to be called about once a second. */
    public void tick() {
        rooms.values().forEach(Room::tick);
        if (overlays.outage().isOn()) {
            overlays.outage().tick(overlays.rooms(), census().waitingNanos() / 1_000_000);
        }
        busiest.look(rooms.values());
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
