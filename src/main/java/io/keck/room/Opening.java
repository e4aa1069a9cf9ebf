package io.keck.room;

import io.keck.failure.RoomGone;
import io.keck.failure.RoomMissing;
import io.keck.failure.TooLargeHere;
import io.keck.protocol.CloseReason;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Loads a room: asks the log for its contents, keeps what is to be done until they are there, and says why a room cannot
 * be opened. In the room's turns only, but for {@link #load}.
 */
final class Opening {
    private final String name;
    private final UpdateLog log;
    private final Life life;
    private final Overlays overlays;
    private final Consumer<Runnable> turns;
    private final Consumer<UpdateLog.Contents> opened;
    private final Consumer<CloseReason> failed;

    /** The id of the room while its contents are taken in; else 0. */
    private long loading;
    /** Tasks that came while the room was loading. */
    private final List<Runnable> waiting = new ArrayList<>();

    /**
     * Nothing is loaded yet.
     *
     * @param turns posts something to the turns of the room
     * @param opened takes the contents
     * @param failed closes the room, which could not be loaded
     */
    Opening(
            String name,
            RoomContext context,
            Life life,
            Overlays overlays,
            Consumer<Runnable> turns,
            Consumer<UpdateLog.Contents> opened,
            Consumer<CloseReason> failed) {
        this.name = name;
        this.log = context.log();
        this.life = life;
        this.overlays = overlays;
        this.turns = turns;
        this.opened = opened;
        this.failed = failed;
    }

    /** Begins to load. From any thread. */
    void load() {
        life.load();
        (life.isWanted() ? log.open(name) : log.find(name))
                .whenComplete((contents, error) -> turns.accept(() -> loaded(error == null ? contents : null, error)));
    }

    /** Keeps a task until the room is open. */
    void later(Runnable task) {
        waiting.add(task);
    }

    /** Runs the tasks that were kept. */
    void runWaiting() {
        List<Runnable> tasks = List.copyOf(waiting);
        waiting.clear();
        tasks.forEach(Runnable::run);
    }

    private void loaded(UpdateLog.@Nullable Contents contents, @Nullable Throwable error) {
        if (contents == null) {
            notLoaded(Replica.cause(error), error);
        } else {
            loading = contents.roomId();
            opened.accept(contents);
        }
    }

    private void notLoaded(@Nullable Throwable cause, @Nullable Throwable error) {
        if (cause instanceof RoomGone) {
            life.miss();
            failed.accept(CloseReason.held());
        } else if (cause instanceof TooLargeHere tooLarge) {
            life.exceedsNode(tooLarge);
            failed.accept(CloseReason.tooLargeHere());
        } else if (!(cause instanceof RoomMissing)) {
            overlays.outage().failed(name, "cannot be loaded", error);
            failed.accept(CloseReason.overload("this document cannot be loaded now, please try again"));
        } else if (life.abandon()) {
            life.miss();
            failed.accept(CloseReason.restart());
        } else {
            load(); // a connection came meanwhile, for which the room is created
        }
    }

    /**
     * Tells the log that the load is over, once: it remembers rooms that a node has not survived. Drops what waits.
     *
     * @param bytes of the heap that the room takes; 0 if it was not loaded
     */
    void ended(long bytes) {
        waiting.clear();
        if (loading != 0) {
            log.loaded(loading, bytes);
            loading = 0;
        }
    }
}
