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
 * The rooms that are loaded here, by name: at most one life of each name. Thread-safe.
 *
 * <p><b>The rule.</b> After the answer to an act that begins or ends a life (create, init, delete, and whatever else may
 * do so one day), everything that begins meets the lives as that act left them, on every node, or waits. It rests on
 * three things:
 *
 * <ol>
 *   <li><b>The node that acts</b> takes the ended life out of this map and closes its room before the act is answered
 *       ({@link #end}). It goes by the ids that the log said have ended, so it depends on no later read. A room of
 *       another life that other nodes may have ended asks the log about itself before the act is answered ({@link
 *       #settle}).
 *   <li><b>Every other node</b> carries nothing out in a room before the log has said, after the request came, that the
 *       life of this room goes on: the room was loaded since, or has looked since ({@link Requests#ask}). So a request,
 *       a watcher and a connection's seat all wait for the log's word, and a connection hears nothing from a room
 *       before that.
 *   <li><b>Whatever was bound to a life that has ended</b>, and was not carried out in it, is asked for again by name,
 *       with the moment when it came. Only the log's own word that there is no such room, asked for after that moment,
 *       refuses it ({@link LifeEndedException} against {@link RoomMissing}).
 * </ol>
 *
 * <p>Moments are compared by a counter: a request draws a number when it comes, a room draws one just before it asks
 * the log for its contents.
 */
final class Lives {
    /** How many ended lives a request may meet before it is refused: each took a whole act of a back end meanwhile. */
    private static final int ATTEMPTS = 10;

    private static final String NO_MEMORY = "this node has no memory for another document now, please try again";

    private final ConcurrentHashMap<String, Room> rooms = new ConcurrentHashMap<>();
    private final AtomicLong moments = new AtomicLong();
    private final RoomContext context;
    private final Rooms.Maker maker;
    private final Overlays overlays;
    private final HeldNames held;

    Lives(RoomContext context, Rooms.Maker maker, Overlays overlays) {
        this.context = context;
        this.maker = maker;
        this.overlays = overlays;
        this.held = new HeldNames(context.clock());
    }

    /** Something to do with the room of a name, once it is known to live. */
    @FunctionalInterface
    interface Errand<T extends @Nullable Object> {
        /**
         * Does it, in a turn of the room; a place in the room is kept until {@code done} completes. It may run again in
         * another life if {@code done} fails with {@link LifeEndedException}.
         *
         * @param stale whether the log did not answer, so that the life may have ended
         */
        void run(Room room, Replica.Position at, boolean stale, CompletableFuture<T> done);

        /** It is refused; also told as a failure of the stage. */
        default void refused(CloseReason reason) {}
    }

    /**
     * Carries an errand out.
     *
     * @param create whether the room is created where there is none
     * @param local whether the replica of this node will do as it is
     */
    <T extends @Nullable Object> CompletionStage<T> ask(String name, boolean create, boolean local, Errand<T> errand) {
        CompletableFuture<T> done = new CompletableFuture<>();
        if (loaded(name) == null && !context.hasRoomForAnother()) {
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
                errand.refused(CloseReason.overload("this document is recreated all the time, please try again"));
                done.completeExceptionally(new Unavailable(
                        "the document " + name + " was deleted " + ATTEMPTS + " times meanwhile", false));
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
                    errand.refused(CloseReason.deleted()); // final: it is none for a new room
                } else if (!(why instanceof LifeEndedException)) {
                    errand.refused(reason);
                }
                once.completeExceptionally(why);
            }
        });
    }

    /**
     * As far as this replica knows, clients have only connected to the room. A back end of another node may have made it
     * since, which changes nothing in the replica, so the log is asked: only its word is a 404.
     */
    private static final class NotMadeHereException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        NotMadeHereException() {
            super(null, null, false, false);
        }
    }

    /** Clients have only connected to it; unless the log, which did not answer, knows more. */
    private static RuntimeException isNotMade(String name, boolean stale) {
        return stale ? new Unavailable("the database does not answer", false) : new RoomMissing(name);
    }

    /**
     * The room of that name, with a place reserved in it.
     *
     * @param create whether it is created where there is none; else it may close at once
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
        });
        return room;
    }

    /** There is no such room: it takes no more connections, unless one came meanwhile for which it is created. */
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
            deleted(room.name()); // the room may know before the bus has told
        }
    }

    // ------------------------------------------------------------------ acts

    /** These lives of the name have ended: from now on nothing that comes meets them here. */
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
                met[0].retire(id); // one that is still loading may come to have this id
            }
        }
    }

    /**
     * Completes when a room that is loaded under this name has asked the log, after this call, whether its life goes on,
     * or the log does not answer; at once where none is loaded.
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
     * A life of that name may have ended elsewhere: the room that is loaded here finds out by itself, and the log is asked
     * whether the name is held before a socket is upgraded.
     */
    void deletedElsewhere(String name) {
        held.heldFor(name, context.settings().deletedNameHold());
        Room room = rooms.get(name);
        if (room != null) {
            room.lookAgain();
        }
    }

    // ------------------------------------------------------------------ names that are held

    /** A life of that name begins: the name is held no longer. Clients may have been there before. */
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

    /** A room of that name was deleted here. */
    void deleted(String name) {
        held.heldFor(name, context.settings().deletedNameHold());
        learn(name); // by the clock of the database
    }

    /** Whether the name may be held, as far as this node knows. */
    boolean mayBeHeld(String name) {
        return held.contains(name);
    }

    /** Whether the log says that the name is held; fails where it does not answer. Asks only where it may be. */
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
