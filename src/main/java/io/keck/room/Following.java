package io.keck.room;

import io.keck.failure.Unavailable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A watcher of the room that lives under a name: while the room is being opened, and then in it. Thread-safe. */
final class Following implements Lives.Errand<Boolean> {
    private final Watcher watcher;
    private @Nullable Room room;
    private boolean stopped;

    Following(Watcher watcher) {
        this.watcher = watcher;
    }

    @Override
    public void run(Room met, Replica.Position at, boolean stale, CompletableFuture<Boolean> done) {
        synchronized (this) {
            if (!stopped) {
                room = met;
                met.watchers().follow(watcher);
            }
        }
        done.complete(true);
    }

    /** Stops following; calls after the first do nothing. */
    void stop() {
        Room met;
        synchronized (this) {
            met = stopped ? null : room;
            stopped = true;
        }
        if (met != null) {
            met.unwatch(watcher);
        }
    }

    /** Ends the watcher because no room could be followed. */
    void failed(Throwable error) {
        synchronized (this) {
            if (stopped) {
                return;
            }
        }
        watcher.ended(
                Replica.cause(error) instanceof RuntimeException known
                        ? known
                        : new Unavailable("the document cannot be followed", false));
    }
}
