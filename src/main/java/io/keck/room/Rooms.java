package io.keck.room;

import io.keck.access.Grant;
import io.keck.access.Right;
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

    /** Creates a node without loaded rooms. */
    public Rooms(RoomContext context) {
        this(context, Maker.with(Safeguards.ON));
    }

    /** Creates the rooms of a node; tests create rooms without a safeguard, or record the created rooms. */
    @FunctionalInterface
    interface Maker {
        /** Creates a room that is not loaded yet, like the constructor of {@link Room}. */
        Room make(String name, RoomContext context, Overlays overlays, Runnable onClosed);

        /** Returns a maker of rooms with these safeguards. */
        static Maker with(Safeguards safeguards) {
            return (name, context, overlays, onClosed) -> new Room(name, context, overlays, onClosed, safeguards);
        }
    }

    Rooms(RoomContext context, Maker maker) {
        this.context = context;
        this.overlays = new Overlays(context.settings().maxUnsavedTotal(), new OutageLog(context.clock()));
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
     * Gives a connection its seat in the room of its grant, which is loaded or created if necessary. While this node
     * drains, the connection is closed instead. The messages that the connection may send are judged before they come
     * here.
     *
     * @throws io.keck.failure.Forbidden if the grant does not allow reading
     */
    public Seat join(Grant grant, Connection connection) {
        grant.demand(Right.READ);
        Place place = new Place(connection, context.settings().maxInbound(), context.metrics()::nanos);
        var unused = lives.ask(grant.document(), true, false, place).whenComplete((seated, error) -> {
            if (draining) {
                connection.close(CloseReason.restart());
            }
        });
        if (draining) {
            connection.close(CloseReason.restart());
        }
        return place;
    }

    /** What applications of clients send to back ends by connections to this node. */
    public ClientMessages clientMessages() {
        return context.clientMessages();
    }

    /** The registry of rooms by name. */
    Lives lives() {
        return lives;
    }

    /** Whether the name may be held according to the cache of this node; fast. */
    public boolean mayBeHeld(String name) {
        return lives.mayBeHeld(name);
    }

    /**
     * Whether the name is held: its document was deleted within {@link RoomSettings#deletedNameHold}, and no back end
     * has created another since. Asks the log only if {@link #mayBeHeld}; fails if the log does not answer.
     */
    public CompletionStage<Boolean> isHeld(String name) {
        return lives.isHeld(name);
    }

    /**
     * Deletes a room on all nodes; returns false if there is none. Its sockets are closed, and no socket can create
     * another for {@link RoomSettings#deletedNameHold}. Fails with {@link Refused} if the key was used for the name
     * before.
     */
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

    /** Adopts a new life of a name in place of ended ones; completes when this node uses it. */
    CompletionStage<Void> begun(String name, UpdateLog.Begun life) {
        lives.end(name, life.ended());
        lives.begun(name);
        if (!life.ended().isEmpty()) {
            context.bus().deleted(name);
        } else {
            // clients may be connected to other nodes already
            context.bus().publish(life.roomId(), new Bus.Event.Resync());
        }
        return lives.settle(name);
    }

    /** Registers the single listener for connections that an operator on another node closes. */
    public void onKick(Consumer<Bus.Kick> listener) {
        kicks = listener;
    }

    /** The sorted names of rooms loaded on this node: at most {@code limit}, from index {@code offset} on. */
    public List<String> names(int offset, int limit) {
        return lives.names(offset, limit);
    }

    /** The state of a room; null if it is not loaded on this node. Completes in a turn of the room. */
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

    /** The documents of these rooms; each call demands a grant. */
    public Documents documents() {
        return new RoomDocuments(this, context);
    }

    /** Returns the updates that strict authorship holds; null if this node has no store for them. */
    public @Nullable HeldContent held() {
        Held held = context.held();
        return held == null ? null : new RoomHeldContent(lives, held);
    }

    /**
     * Makes the loaded rooms check whether held updates can be applied without a decision. Call it every few seconds. Does
     * nothing unless authorship is strict.
     */
    public void lookAtHeld() {
        Held held = context.held();
        if (held == null || !held.isStrict()) {
            return;
        }
        var unused = held.store()
                .rooms()
                .thenAccept(ids -> lives.all().forEach(room -> {
                    Replica.Position at = room.position();
                    if (at != null && ids.contains(at.roomId())) {
                        room.inTurn(() -> room.members()
                                .heldEdits()
                                .look(held, room.members().owners()));
                    }
                }));
    }

    /**
     * Follows the room that lives under the name of a grant until it ends. The room stays loaded meanwhile, but is not
     * created if there is none.
     *
     * @return stops following; must be run once, even after the room has ended
     * @throws io.keck.failure.Forbidden if the grant does not allow reading
     */
    public Runnable watch(Grant grant, Watcher watcher) {
        grant.demand(Right.READ);
        Following following = new Following(watcher);
        if (draining) {
            following.failed(new Unavailable("the server restarts", false));
            return following::stop;
        }
        var unused = lives.ask(grant.document(), false, false, following).whenComplete((there, error) -> {
            if (error != null) {
                following.failed(error);
            }
        });
        return following::stop;
    }

    /**
     * Completes when every life of the name that ended before this call has ended on this node, too, and its watchers
     * were told. Fails if there is no such room.
     *
     * @return whether the room certainly exists; false if the log did not answer. A damaged room exists, although what is
     *     read of it counts as stale
     * @throws io.keck.failure.Forbidden if the grant does not allow reading
     */
    public CompletionStage<Boolean> find(Grant grant) {
        grant.demand(Right.READ);
        return lives.ask(
                grant.document(),
                false,
                false,
                (room, at, stale, done) -> done.complete(!stale || room.damage() != null));
    }

    /**
     * Returns the room id of the life that the name of a grant has. Fails if there is no such room or the log does not
     * answer.
     *
     * @throws io.keck.failure.Forbidden if the grant does not allow reading
     */
    public CompletionStage<Long> epoch(Grant grant) {
        grant.demand(Right.READ);
        return lives.ask(grant.document(), false, false, (room, at, stale, done) -> {
            if (stale) {
                done.completeExceptionally(new Unavailable("the database does not answer", false));
            } else {
                done.complete(at.roomId());
            }
        });
    }

    /**
     * Closes rooms without connections until {@code bytes} bytes are freed or none is left.
     *
     * @return the approximate bytes that this frees
     */
    public long unloadIdle(long bytes) {
        long got = 0;
        for (Room room : lives.all()) {
            if (got >= bytes) {
                break;
            }
            if (!room.seats().areTaken()) {
                got += context.memory().ledger().ofRoom(room.name());
                room.unloadIfIdle();
            }
        }
        return got;
    }

    /**
     * Drops documents until {@code bytes} bytes are freed or none is left that can be dropped; returns the bytes freed.
     */
    public long dropDocuments(long bytes) {
        return context.memory().documents().reclaim(bytes);
    }

    /** Whether there is memory for one more room; documents without edits in progress are dropped for it. */
    public boolean hasRoomForAnother() {
        return context.memory().hasRoomForAnother();
    }

    /** Whether memory is so short that no more rooms are loaded. */
    public boolean isCrowded() {
        return context.memory().ledger().isTight();
    }

    /** The approximate bytes of heap that documents take. */
    public long documentBytes() {
        return context.memory().documents().bytes();
    }

    /** The number of documents in memory. */
    public int documentCount() {
        return context.memory().documents().size();
    }

    /** Whether a room is loaded or being loaded on this node. */
    public boolean isOpen(String name) {
        return lives.loaded(name) != null;
    }

    boolean isDraining() {
        return draining;
    }

    /**
     * Figures of all rooms at one moment.
     *
     * @param loaded the number of rooms loaded or being loaded
     * @param occupied the number of those with connections
     * @param waitingNanos the age of the oldest uncommitted update in nanoseconds; 0 if there is none
     */
    public record Census(int loaded, int occupied, long waitingNanos) {}

    /** Counts over all rooms; fast, but not meant for every message. */
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

    /** The part of a thread that the busiest room used recently, 0 to 1; a room cannot use more than one thread. */
    public double busiest() {
        return busiest.share();
    }

    /** The number of rooms loaded on this node. */
    public int size() {
        return lives.all().size();
    }

    /** The approximate bytes of unsaved updates that clients have seen. */
    public long unsavedBytes() {
        return overlays.bytes();
    }

    /** Whether the unsaved updates of all rooms exceed the limit, so that rooms stop reading from writers. */
    public boolean isFull() {
        return overlays.isFull();
    }

    /** The number of rooms in unsaved mode. */
    public int unsavedRooms() {
        return overlays.rooms();
    }

    /**
     * Compares the rooms with the log if other nodes write to it, too; does nothing before the next comparison is due.
     * Must be called by one thread, at least as often as {@link RoomSettings#compareEveryWithoutBus}.
     */
    public void tail() {
        tailer.tick(lives.all());
    }

    /** Runs the due ticks of rooms; must be called about once a second. */
    public void tick() {
        lives.all().forEach(Room::tick);
        if (overlays.outage().isOn()) {
            overlays.outage().tick(overlays.rooms(), census().waitingNanos() / 1_000_000);
        }
        busiest.look(lives.all());
    }

    /** Refuses new connections, closes the present ones, and completes when all their updates are saved. */
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
