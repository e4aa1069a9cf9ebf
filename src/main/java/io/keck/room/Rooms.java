package io.keck.room;

import io.keck.failure.Refused;
import io.keck.failure.Unavailable;
import io.keck.protocol.CloseReason;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The rooms that are loaded here, by name. Thread-safe. */
public final class Rooms {
    private final RoomContext context;
    private final Lives lives;
    private final Overlays overlays;
    private final Tailer tailer;
    private final Busiest busiest;
    private volatile boolean draining;
    private volatile Consumer<Bus.Kick> kicks = kick -> {};

    /** No rooms yet. */
    public Rooms(RoomContext context) {
        this(context, Maker.with(Safeguards.ON));
    }

    /** Makes the rooms of a node; a test makes rooms without a safeguard, or keeps those that are made. */
    @FunctionalInterface
    interface Maker {
        /** Makes a room that is still to be loaded, as the constructor of {@link Room} does. */
        Room make(String name, RoomContext context, Overlays overlays, Runnable onClosed);

        /** Makes rooms with these safeguards. */
        static Maker with(Safeguards safeguards) {
            return (name, context, overlays, onClosed) -> new Room(name, context, overlays, onClosed, safeguards);
        }
    }

    Rooms(RoomContext context, Maker maker) {
        this.context = context;
        this.overlays = new Overlays(context.settings().maxOverlays(), new OutageLog(context.clock()));
        this.lives = new Lives(context, maker, overlays);
        this.tailer = new Tailer(context);
        this.busiest = new Busiest(context.metrics());
        context.bus().listen(new Bus.NodeListener() {
            @Override
            public void back() {
                tailer.hurry();
            }

            @Override
            public void deleted(String name) {
                lives.deletedElsewhere(name);
            }

            @Override
            public void kicked(Bus.Kick kick) {
                kicks.accept(kick);
            }
        });
    }

    /**
     * Gives a connection its seat in the room of that name, which is loaded, or created, where needed. While this node
     * drains, the connection is closed instead.
     */
    public Seat join(String name, Connection connection) {
        Place place = new Place(connection, context.settings().maxInbound(), context.metrics()::nanos);
        var unused = lives.ask(name, true, false, place).whenComplete((seated, error) -> {
            if (draining) {
                connection.close(CloseReason.restart());
            }
        });
        if (draining) {
            connection.close(CloseReason.restart());
        }
        return place;
    }

    /** The rooms by name, and what is asked of them. */
    Lives lives() {
        return lives;
    }

    /** Whether a room of that name may be held, as far as this node knows; quick. */
    public boolean mayBeHeld(String name) {
        return lives.mayBeHeld(name);
    }

    /**
     * Whether the name is held: its document was deleted within {@link RoomSettings#deletedNameHold}, and no back end has
     * created another since. Asks the log, but only where {@link #mayBeHeld}; fails where the log does not answer.
     */
    public CompletionStage<Boolean> isHeld(String name) {
        return lives.isHeld(name);
    }

    /**
     * Deletes the room of that name on all nodes; false when there is none. Its sockets are told, and no socket creates
     * another for {@link RoomSettings#deletedNameHold}.
     */
    public CompletionStage<Boolean> delete(String name) {
        return delete(name, null);
    }

    /** The same under a key; fails with {@link Refused} where the name has seen it before. */
    CompletionStage<Boolean> delete(String name, @Nullable RequestKey key) {
        return context.log().delete(name, key).thenCompose(ended -> {
            if (ended.isPresent()) {
                lives.end(name, List.of(ended.get()));
                lives.deleted(name);
                context.bus().deleted(name);
            }
            return lives.settle(name).thenApply(settled -> ended.isPresent());
        });
    }

    /** A room of that name begins, in place of those. Completes when this node meets it. */
    CompletionStage<Void> begun(String name, UpdateLog.Begun life) {
        lives.end(name, life.ended());
        lives.begun(name);
        if (!life.ended().isEmpty()) {
            context.bus().deleted(name);
        } else {
            context.bus().publish(life.roomId(), new Bus.Event.Resync()); // clients of other nodes may be there already
        }
        return lives.settle(name);
    }

    /** Registers the single listener for connections that an operator on another node ends. */
    public void onKick(Consumer<Bus.Kick> listener) {
        kicks = listener;
    }

    /** The names of at most {@code limit} rooms that are loaded here, sorted, from the {@code offset}th on. */
    public List<String> names(int offset, int limit) {
        return lives.names(offset, limit);
    }

    /** How that room is; null when it is not loaded here. Completes in a turn of the room. */
    public CompletionStage<@Nullable RoomView> look(String name) {
        CompletableFuture<@Nullable RoomView> view = new CompletableFuture<>();
        Room room = lives.loaded(name);
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
     * Follows the room that lives under a name, until it ends. The room stays loaded meanwhile, but is not created where
     * there is none.
     *
     * @return ends that; to be run once, also after the room has ended
     */
    public Runnable watch(String name, Watcher watcher) {
        Following following = new Following(watcher);
        if (draining) {
            following.failed(new Unavailable("the server restarts", false));
            return following::stop;
        }
        var unused = lives.ask(name, false, false, following).whenComplete((there, error) -> {
            if (error != null) {
                following.failed(error);
            }
        });
        return following::stop;
    }

    /**
     * Completes when every life of that name that has ended before this call has ended on this node, too, and those who
     * followed it were told. Fails where there is no such room, or the log does not answer.
     */
    public CompletionStage<Boolean> find(String name) {
        return lives.ask(name, false, false, (room, at, stale, done) -> done.complete(!stale));
    }

    /**
     * Closes rooms that nobody is in, until so many bytes are given back or none is left.
     *
     * @return how many bytes that gives back, roughly
     */
    public long unloadIdle(long bytes) {
        long got = 0;
        for (Room room : lives.all()) {
            if (got >= bytes) {
                break;
            }
            if (!room.seats().areTaken()) {
                got += context.ledger().ofRoom(room.name());
                room.unloadIfIdle();
            }
        }
        return got;
    }

    /** Drops documents until so many bytes are given back, or none is left that can be dropped; answers how many that are. */
    public long dropDocuments(long bytes) {
        return context.budget().reclaim(bytes);
    }

    /** Whether there is memory for one more room; documents that nobody edits go for it at once. */
    public boolean hasRoomForAnother() {
        return context.hasRoomForAnother();
    }

    /** Whether so much of the heap is used for peers that no more rooms are loaded. */
    public boolean isCrowded() {
        return context.ledger().isTight();
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
        return lives.loaded(name) != null;
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
        for (Room room : lives.all()) {
            loaded++;
            occupied += room.seats().areTaken() ? 1 : 0;
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
        return lives.all().size();
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
        tailer.tick(lives.all());
    }

    /** Runs the ticks of the rooms that are due; to be called about once a second. */
    public void tick() {
        lives.all().forEach(Room::tick);
        if (overlays.outage().isOn()) {
            overlays.outage().tick(overlays.rooms(), census().waitingNanos() / 1_000_000);
        }
        busiest.look(lives.all());
    }

    /** Takes no more connections, ends the present ones, and completes when every update they sent is saved. */
    public CompletableFuture<Void> drain(CloseReason reason) {
        draining = true;
        List<CompletableFuture<Void>> saved = lives.all().stream()
                .map(room -> {
                    CompletableFuture<Void> done = new CompletableFuture<>();
                    room.drain(reason, () -> done.complete(null));
                    return done;
                })
                .toList();
        return CompletableFuture.allOf(saved.toArray(CompletableFuture[]::new));
    }
}
