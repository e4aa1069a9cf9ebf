package io.keck.thread;

import io.keck.room.Mailbox;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * A small program that exhausts its memory on a thread of a given kind, for {@link OutOfMemoryIT}: {@code on|off
 * heap|direct|array thread|pool|loop|mailbox|foreign}. Prints {@code alive} when it has survived that.
 */
final class Exhausted {
    private static final int PIECE = 1 << 20;

    private Exhausted() {}

    public static void main(String[] args) throws InterruptedException {
        if (args[0].equals("on")) {
            OutOfMemory.endsTheProcess();
        }
        CountDownLatch done = new CountDownLatch(1);
        Runnable work = () -> {
            try {
                exhaust(args[1]);
            } finally {
                done.countDown();
            }
        };
        run(args[2], work);
        done.await();
        ended(args[2]);
        System.out.println("alive " + OutOfMemory.tooLarge());
    }

    private static Thread thread;
    private static ExecutorService pool;
    private static Loop loop;

    private static void run(String where, Runnable work) {
        switch (where) {
            case "thread" -> {
                thread = Threads.daemon("test", work);
                thread.start();
            }
            case "foreign" -> {
                thread = new Thread(work); // as of a library that knows nothing of Keck
                thread.start();
            }
            case "pool" -> {
                pool = Threads.pool("test", 1);
                pool.execute(work);
            }
            case "mailbox" -> {
                pool = Threads.pool("test", 1);
                new Mailbox(pool, () -> {}, () -> {}).post(work);
            }
            case "loop" ->
                loop = Loop.paced("test", 1_000, () -> {
                            work.run();
                            return Loop.END;
                        })
                        .start();
            default -> throw new IllegalArgumentException(where);
        }
    }

    /** Waits for whatever the error comes to, after the work. */
    private static void ended(String where) throws InterruptedException {
        if (thread != null) {
            thread.join();
        } else if (pool != null) {
            pool.shutdown();
            if (!pool.awaitTermination(1, TimeUnit.MINUTES)) {
                throw new IllegalStateException(where);
            }
        } else {
            loop.stop(60_000);
        }
    }

    /** Throws an OutOfMemoryError, and holds nothing afterwards. */
    private static void exhaust(String what) {
        List<Object> held = new ArrayList<>();
        while (true) {
            held.add(
                    switch (what) {
                        case "heap" -> new byte[PIECE];
                        case "direct" -> ByteBuffer.allocateDirect(PIECE);
                        case "array" -> new byte[Integer.MAX_VALUE];
                        default -> throw new IllegalArgumentException(what);
                    });
        }
    }
}
