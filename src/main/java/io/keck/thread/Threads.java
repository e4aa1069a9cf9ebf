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
 * Creates all threads of Keck. Each thread has a name for thread dumps and logs the error that ends it. No thread keeps the
 * process alive, except those of {@link #keepingAlive}. Stateless.
 */
public final class Threads {
    private static final Logger LOG = LoggerFactory.getLogger(Threads.class);
    private static final long IDLE_SECONDS = 60;

    private Threads() {}

    /** Creates a daemon thread; it is not started. */
    public static Thread daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.setUncaughtExceptionHandler(Threads::uncaught);
        return thread;
    }

    /** Creates a thread that keeps the process alive until it ends; it is not started. */
    public static Thread keepingAlive(String name, Runnable work) {
        Thread thread = daemon(name, work);
        thread.setDaemon(false);
        return thread;
    }

    /**
     * Creates a pool with an unbounded queue. Its threads start when there is work, are named {@code name-1} and so on (a
     * single one is named {@code name}), and end after a minute without work.
     */
    public static ExecutorService pool(String name, int threads) {
        return new Pool(threads, factory(name, threads == 1));
    }

    private static final class Pool extends ThreadPoolExecutor {
        Pool(int threads, ThreadFactory factory) {
            super(threads, threads, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), factory);
            allowCoreThreadTimeOut(true);
        }

        /** Runs before the pool replaces the thread; the handler of uncaught errors would run after that. */
        @Override
        protected void afterExecute(Runnable work, @Nullable Throwable error) {
            OutOfMemory.check(error);
        }
    }

    /**
     * Creates a pool that starts work at given times, for generating load at a steady rate. Recurring work is a
     * {@link Loop}.
     */
    public static ScheduledExecutorService scheduler(String name, int threads) {
        return new ScheduledThreadPoolExecutor(threads, factory(name, threads == 1));
    }

    private static ThreadFactory factory(String name, boolean isSingle) {
        AtomicInteger number = new AtomicInteger();
        return work -> daemon(isSingle ? name : name + "-" + number.incrementAndGet(), work);
    }

    /** Logs the error that ended a thread. */
    static void uncaught(Thread thread, Throwable error) {
        OutOfMemory.check(error);
        LOG.error("Unexpected error in the thread {}, which ends", thread.getName(), error);
    }
}
