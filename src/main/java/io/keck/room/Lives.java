package io.keck.room;

import io.keck.failure.RoomMissing;
import io.keck.failure.Unavailable;
import io.keck.protocol.CloseReason;
import io.keck.protocol.RoomName;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Maps names to the rooms that are loaded on this node, at most one life of each name. Thread-safe.
 *
 * <p><b>The rule.</b> After the answer to an act that begins or ends a life (create, init, delete), every request,
 * socket and stream that begins on any node sees the lives as that act left them, or waits. Three mechanisms keep this
 * rule:
 *
 * <ol>
 *   <li><b>The node that acts</b> takes the ended life out of this map and closes its room before the act is answered
 *       ({@link #end}). It uses the ids that the log reported as ended, so it depends on no later read. A room of
 *       another life, which other nodes may have ended, asks the log about itself before the act is answered
 *       ({@link #settle}).
 *   <li><b>Every other node</b> carries out nothing in a room before the log has confirmed, after the request arrived,
 *   that the life of this room continues: the room was loaded since, or has asked since ({@link Requests#ask}). So a
 *   request, a watcher and a connection's seat all wait for the log, and a connection receives nothing from a room
 *   before that.
 *   <li><b>A request that was bound to an ended life</b> and was not carried out in it is repeated by name, with its
 *   original moment of arrival. It is refused only if the log, asked after that moment, has no room with the name
 *   ({@link LifeEndedException} as opposed to {@link RoomMissing}).
 * </ol>
 *
 * <p>Moments are values of a counter: a request draws a number when it arrives, a room draws one just before it asks
 * the log for its contents.
 */
final class Lives {
    /**
     * The number of ended lives that a request may meet before it is refused; each of them took an act of a back end.
     */
    private static final int ATTEMPTS = 10;

    private static final String NO_MEMORY = "this node has no memory for another document now, please try again";

    private final ConcurrentHashMap<String, Room> rooms = new ConcurrentHashMap<>();
    private final AtomicLong moments = new AtomicLong();
    private final RoomContext context;
    private final Rooms.Maker maker;
    private final Overlays overlays;
    private final HeldNames held;
    private final EndedHere endedHere;

    Lives(RoomContext context, Rooms.Maker maker, Overlays overlays) {
        this.context = context;
        this.maker = maker;
        this.overlays = overlays;
        this.held = new HeldNames(context.clock());
        this.endedHere = new EndedHere(context.clock(), context.settings().deletedNameHold());
    }

    /** Work for the room of a name, done once the room is known to live. */
    @FunctionalInterface
    interface Errand<T extends @Nullable Object> {
        /**
         * Does the work in a turn of the room; a seat keeps the room loaded until {@code done} completes. It may run
         * again in another life if {@code done} fails with {@link LifeEndedException}.
         *
         * @param stale whether the log did not answer, in which case the life may have ended
         */
        void run(Room room, Replica.Position at, boolean stale, CompletableFuture<T> done);

        /** Called if the errand is refused; the stage fails as well. */
        default void refused(CloseReason reason) {}
    }

    /**
     * Carries an errand out.
     *
     * @param create whether the room is created if none exists
     * @param local whether the current replica of this node suffices
     */
    <T extends @Nullable Object> CompletionStage<T> ask(String name, boolean create, boolean local, Errand<T> errand) {
        CompletableFuture<T> done = new CompletableFuture<>();
        if (loaded(name) == null && !context.memory().hasRoomForAnother()) {
            errand.refused(CloseReason.overload(NO_MEMORY));
            done.completeExceptionally(new Unavailable(NO_MEMORY, false));
            return done;
        }
        boolean mayCreate = create && RoomName.problemOfNew(name).isEmpty();
        ask(name, mayCreate, local, errand, moments.incrementAndGet(), 1, done);
        return done;
    }

    private <T extends @Nullable Object> void ask(
            String name,
            boolean create,
            boolean local,
            Errand<T> errand,
            long moment,
            int attempt,
            CompletableFuture<T> done) {
        CompletableFuture<T> once = new CompletableFuture<>();
        Room room = lend(name, create);
        var unused = once.whenComplete((value, failure) -> {
            room.release();
            Throwable error = Replica.cause(failure);
            if (error == null) {
                done.complete(value);
            } else if (error instanceof NotMadeHereException) {
                ask(name, create, false, errand, moment, attempt, done);
            } else if (!(error instanceof LifeEndedException)) {
                done.completeExceptionally(error);
            } else if (attempt < ATTEMPTS) {
                ask(name, create, local, errand, moment, attempt + 1, done);
            } else {
                errand.refused(CloseReason.overload(
                        "this document is deleted and recreated repeatedly, please try" + " again"));
                done.completeExceptionally(new Unavailable(
                        "the document " + name + " was deleted " + ATTEMPTS + " times during the request", false));
            }
        });
        room.request(local, new Request(moment) {
            @Override
            void served(Replica.Position at, boolean unsaved) {
                if (create || room.isMade()) {
                    errand.run(room, at, stale || unsaved, once);
                } else {
                    once.completeExceptionally(local ? new NotMadeHereException() : isNotMade(name, stale));
                }
            }

            @Override
            void refused(RuntimeException why, CloseReason reason) {
                if (why instanceof RoomMissing && RoomName.problemOfNew(name).isPresent()) {
                    errand.refused(CloseReason.deleted()); // final: no room can be created under this name
                } else if (!(why instanceof LifeEndedException)) {
                    errand.refused(reason);
                }
                once.completeExceptionally(why);
            }
        });
    }

    /**
     * According to this replica, clients have only connected to the room. A back end of another node may have created
     * it since, which does not change the replica, so the log is asked: only the log decides about a 404.
     */
    private static final class NotMadeHereException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        NotMadeHereException() {
            super(null, null, false, false);
        }
    }

    /** The failure for a room to which clients have only connected; unavailable if the log did not answer. */
    private static RuntimeException isNotMade(String name, boolean stale) {
        return stale ? new Unavailable("the database does not answer", false) : new RoomMissing(name);
    }

    /**
     * Returns the room with a name, with a seat taken in it.
     *
     * @param create whether the room is created if none exists; otherwise it may close at once
     */
    private Room lend(String name, boolean create) {
        boolean[] created = new boolean[1];
        Room room = rooms.compute(name, (key, present) -> {
            if (present != null && present.seats().take()) {
                if (create) {
                    present.life().want();
                }
                return present;
            }
            Room fresh = newRoom(name);
            fresh.seats().take();
            if (create) {
                fresh.life().want();
            }
            created[0] = true;
            return fresh;
        });
        if (created[0]) {
            room.load();
        }
        return room;
    }

    private Room newRoom(String name) {
        Room[] self = new Room[1];
        Room room = maker.make(name, context, overlays, () -> closed(self[0]));
        self[0] = room;
        room.life().belongsTo(new Life.Home() {
            @Override
            public long moment() {
                return moments.incrementAndGet();
            }

            @Override
            public boolean abandon() {
                return Lives.this.abandon(room);
            }

            @Override
            public EndedHere endedHere() {
                return endedHere;
            }
        });
        return room;
    }

    /**
     * Called if the log has no such room: the room takes no more connections, unless one arrived meanwhile for which
     * the room is created.
     */
    private boolean abandon(Room room) {
        boolean[] done = {true};
        rooms.computeIfPresent(room.name(), (key, present) -> {
            if (present == room && room.life().isWanted()) {
                done[0] = false;
                return present;
            }
            room.seats().shut();
            return present == room ? null : present;
        });
        return done[0];
    }

    private void closed(Room room) {
        rooms.remove(room.name(), room);
        if (room.wasDeleted()) {
            deleted(room.name()); // the room may learn it before the bus reports it
        }
    }

    // ------------------------------------------------------------------ acts

    /** Ends lives of a name: nothing that arrives from now on sees them on this node. */
    void end(String name, Collection<Long> ids) {
        for (long id : ids) {
            Room[] met = new Room[1];
            rooms.computeIfPresent(name, (key, present) -> {
                met[0] = present;
                if (present.isLife(id)) {
                    present.seats().shut();
                    return null;
                }
                return present;
            });
            if (met[0] != null) {
                met[0].retire(id); // a room that is still loading may get this id
            }
        }
    }

    /**
     * Completes when the room loaded under this name has asked the log, after this call, whether its life continues, or
     * the log does not answer; at once if none is loaded.
     */
    CompletionStage<Void> settle(String name) {
        Room room = rooms.get(name);
        if (room == null) {
            return CompletableFuture.completedStage(null);
        }
        CompletableFuture<Void> done = new CompletableFuture<>();
        room.request(false, new Request(moments.incrementAndGet()) {
            @Override
            void served(Replica.Position at, boolean unsaved) {
                done.complete(null);
            }

            @Override
            void refused(RuntimeException why, CloseReason reason) {
                done.complete(null);
            }
        });
        return done;
    }

    /**
     * Called when a life of a name may have ended on another node: the room loaded here asks the log, and the log is
     * asked whether the name is held before a socket is upgraded.
     */
    void deletedElsewhere(String name) {
        held.heldFor(name, context.settings().deletedNameHold());
        Room room = rooms.get(name);
        if (room != null) {
            room.lookAgain();
        }
    }

    // ------------------------------------------------------------------ names that are held

    /** Called when a life of a name begins: the name is no longer held. Clients may have been connected before. */
    void begun(String name) {
        held.heldFor(name, 0);
        Room room = rooms.get(name);
        if (room != null) {
            room.wasMade();
        }
    }

    /** Asks the log how long the name is held. */
    private void learn(String name) {
        var unused = context.log().heldMillis(name).thenAccept(millis -> held.heldFor(name, millis));
    }

    /** Called when a room with this name was deleted on this node. */
    void deleted(String name) {
        held.heldFor(name, context.settings().deletedNameHold());
        learn(name); // the hold is measured by the clock of the database
    }

    /** Whether the name may be held according to the cache of this node. */
    boolean mayBeHeld(String name) {
        return held.contains(name);
    }

    /**
     * Whether the log holds the name; fails if the log does not answer. The log is asked only if the cache says that
     * the name may be held.
     */
    CompletionStage<Boolean> isHeld(String name) {
        if (!held.contains(name)) {
            return CompletableFuture.completedStage(false);
        }
        return context.log().heldMillis(name).thenApply(millis -> {
            held.heldFor(name, millis);
            return millis > 0;
        });
    }

    // ------------------------------------------------------------------ all of them

    Collection<Room> all() {
        return rooms.values();
    }

    List<String> names(int offset, int limit) {
        return rooms.keySet().stream().sorted().skip(offset).limit(limit).toList();
    }

    @Nullable
    Room loaded(String name) {
        return rooms.get(name);
    }
}
