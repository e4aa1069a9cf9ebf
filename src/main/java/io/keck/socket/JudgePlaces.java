package io.keck.socket;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Bounds how many credentials that came in messages are judged at the same time on this node. Each occupies a thread while a back
 * end, a key server or the database is asked. Those beyond the bound wait without a thread, in the order in which they came; how
 * many wait is bounded by the sockets, each of which has a few. Thread-safe.
 */
final class JudgePlaces {
    private final Queue<Waiting> waiting = new ArrayDeque<>();
    private int free;

    /**
     * One that waits.
     *
     * @param rejected runs if the executor does not accept the work
     */
    private record Waiting(Executor executor, Runnable work, Runnable rejected) {}

    /** Creates that many places, all of them free. */
    JudgePlaces(int places) {
        this.free = places;
    }

    /**
     * Runs work on a thread of an executor once a place is free.
     *
     * @param work must not throw
     * @param rejected runs if the executor does not accept the work because the server is going down
     */
    void run(Executor executor, Runnable work, Runnable rejected) {
        waiting(new Waiting(executor, work, rejected));
        next();
    }

    private synchronized void waiting(Waiting one) {
        waiting.add(one);
    }

    private synchronized @Nullable Waiting take() {
        if (free == 0 || waiting.isEmpty()) {
            return null;
        }
        free--;
        return waiting.remove();
    }

    private synchronized void leave() {
        free++;
    }

    private void next() {
        for (Waiting one = take(); one != null; one = take()) {
            Runnable work = one.work();
            try {
                one.executor().execute(() -> {
                    try {
                        work.run();
                    } finally {
                        leave();
                        next();
                    }
                });
            } catch (RejectedExecutionException e) {
                leave();
                one.rejected().run();
            }
        }
    }
}
