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
 * Loads a room: asks the log for its contents, queues tasks until they have arrived, and reports why a room cannot be
 * opened. Used only in the room's turns, apart from {@link #load}.
 */
final class Opening {
    private final String name;
    private final UpdateLog log;
    private final Life life;
    private final Overlays overlays;
    private final Consumer<Runnable> turns;
    private final Consumer<UpdateLog.Contents> opened;
    private final Consumer<CloseReason> failed;

    /** The id of the room while its contents are being applied; otherwise 0. */
    private long loading;
    /** Tasks that arrived while the room was loading. */
    private final List<Runnable> waiting = new ArrayList<>();

    /**
     * Creates the opening of a room that is not loaded yet.
     *
     * @param turns posts a task to the turns of the room
     * @param opened receives the contents
     * @param failed closes the room because it could not be loaded
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

    /** Begins to load; may be called from any thread. */
    void load() {
        life.load();
        (life.isWanted() ? log.open(name) : log.find(name))
                .whenComplete((contents, error) -> turns.accept(() -> loaded(error == null ? contents : null, error)));
    }

    /** Queues a task until the room is open. */
    void later(Runnable task) {
        waiting.add(task);
    }

    /** Runs the queued tasks. */
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
            load(); // a connection arrived meanwhile, for which the room is created
        }
    }

    /**
     * Tells the log, once, that the load has ended, because the log remembers rooms whose loading crashed a node. Drops
     * queued tasks.
     *
     * @param bytes the bytes of heap that the room takes; 0 if it was not loaded
     */
    void ended(long bytes) {
        waiting.clear();
        if (loading != 0) {
            log.loaded(loading, bytes);
            loading = 0;
        }
    }
}
