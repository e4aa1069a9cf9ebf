package io.keck.room;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Threads that write whole documents out, into files if they are large. A room lends its turns to one of them for that time,
 * and only once a thread is free, so that only its own export delays it. Waiting exports start in order of arrival.
 * Thread-safe.
 */
public final class Exports {
    private final Executor threads;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private int free;

    /**
     * Creates exports with all threads free.
     *
     * @param threads run the exports; they may wait for a disk, and run nothing else
     * @param count the number of these threads
     */
    public Exports(Executor threads, int count) {
        this.threads = threads;
        this.free = count;
    }

    /**
     * Runs a task when a thread is free; the thread counts as taken until {@link #leave}.
     *
     * @param task must be short, and passes the work to {@link #run}
     */
    void enter(Runnable task) {
        synchronized (this) {
            if (free == 0) {
                waiting.add(task);
                return;
            }
            free--;
        }
        task.run();
    }

    /** Runs work on the thread that was taken. */
    void run(Runnable task) {
        threads.execute(task);
    }

    /** Frees the thread. */
    void leave() {
        Runnable next = next();
        if (next != null) {
            next.run();
        }
    }

    private synchronized @Nullable Runnable next() {
        Runnable next = waiting.poll();
        if (next == null) {
            free++;
        }
        return next;
    }
}
