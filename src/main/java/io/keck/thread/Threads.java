package io.keck.thread;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one place that makes threads. Each has a name that a thread dump can be read by, logs what ends it, and does not keep
 * the process alive, except for one that says so. Stateless.
 */
public final class Threads {
    private static final Logger LOG = LoggerFactory.getLogger(Threads.class);
    private static final long IDLE_SECONDS = 60;

    private Threads() {}

    /** A thread that has not started. */
    public static Thread daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.setUncaughtExceptionHandler(Threads::uncaught);
        return thread;
    }

    /** A thread that has not started and without whose end the process does not end. */
    public static Thread keepingAlive(String name, Runnable work) {
        Thread thread = daemon(name, work);
        thread.setDaemon(false);
        return thread;
    }

    /**
     * A pool with an unbounded queue. Threads are made when there is work, are named {@code name-1} and so on (a single one
     * just {@code name}), and end after a minute without work.
     */
    public static ExecutorService pool(String name, int threads) {
        return new Pool(threads, factory(name, threads == 1));
    }

    private static final class Pool extends ThreadPoolExecutor {
        Pool(int threads, ThreadFactory factory) {
            super(threads, threads, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), factory);
            allowCoreThreadTimeOut(true);
        }

        /** Comes before the pool replaces the thread; the handler of uncaught errors comes after. */
        @Override
        protected void afterExecute(Runnable work, @Nullable Throwable error) {
            OutOfMemory.check(error);
        }
    }

    /** A pool that starts work at a given time: for load that has to come in a rhythm. What recurs is a {@link Loop}. */
    public static ScheduledExecutorService scheduler(String name, int threads) {
        return new ScheduledThreadPoolExecutor(threads, factory(name, threads == 1));
    }

    private static ThreadFactory factory(String name, boolean isSingle) {
        AtomicInteger number = new AtomicInteger();
        return work -> daemon(isSingle ? name : name + "-" + number.incrementAndGet(), work);
    }

    /** Logs what ended a thread. */
    static void uncaught(Thread thread, Throwable error) {
        OutOfMemory.check(error);
        LOG.error("Unexpected error in the thread {}, which ends", thread.getName(), error);
    }
}
