package io.keck.room;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Threads that write whole documents down, into files if need be. A room lends its turns to one of them for that time, and
 * does so only once a thread is free: then nothing but its own export holds it up. The others wait in the order in which they
 * came. Thread-safe.
 */
public final class Exports {
    private final Executor threads;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private int free;

    /**
     * All threads are free.
     *
     * @param threads that may wait for a disk, and have nothing else to do
     * @param count of these threads
     */
    public Exports(Executor threads, int count) {
        this.threads = threads;
        this.free = count;
    }

    /**
     * Runs a task when a thread is free; the thread counts as taken until {@link #leave}.
     *
     * @param task is short; it hands to {@link #run} what is to be done
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

    /** Does something on the thread that was taken. */
    void run(Runnable task) {
        threads.execute(task);
    }

    /** The thread is free. */
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
