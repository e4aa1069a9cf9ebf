package io.keck.room;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives a state machine its turns: tasks may be posted from any thread and run one after the other, never two at a time,
 * in the order in which they came. After the tasks of a turn its end is run, where work of the turn is put together.
 * Thread-safe. A test hands in an executor that it runs by hand.
 */
public final class Mailbox {
    /** So many tasks make one turn at most; then other rooms get the thread. */
    private static final int TURN = 256;

    private static final Logger LOG = LoggerFactory.getLogger(Mailbox.class);

    private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private final Executor executor;
    private final Runnable endOfTurn;
    private final Runnable onFailure;
    private final LongSupplier nanos;
    private final AtomicLong busy = new AtomicLong();
    /** Of the turn that is under way. */
    private long began;

    /**
     * A mailbox without tasks.
     *
     * @param endOfTurn runs after the tasks of each turn, under the same exclusion
     * @param onFailure runs, under the same exclusion, after a task or the end of a turn threw something: what it was
     *     at may be half done
     */
    public Mailbox(Executor executor, Runnable endOfTurn, Runnable onFailure) {
        this(executor, endOfTurn, onFailure, () -> 0);
    }

    /** @param nanos measures how long turns take; always 0 where nobody wants to know */
    Mailbox(Executor executor, Runnable endOfTurn, Runnable onFailure, LongSupplier nanos) {
        this.nanos = nanos;
        this.executor = executor;
        this.endOfTurn = endOfTurn;
        this.onFailure = onFailure;
    }

    /** Queues a task for the next turn. */
    public void post(Runnable task) {
        tasks.add(task);
        schedule();
    }

    /** Nanoseconds that all turns took together. */
    long busyNanos() {
        return busy.getOpaque();
    }

    /** When this turn began, by the clock that was given; to be asked in turns. */
    long began() {
        return began;
    }

    private void schedule() {
        if (scheduled.compareAndSet(false, true)) {
            executor.execute(this::turn);
        }
    }

    private void turn() {
        began = nanos.getAsLong();
        try {
            for (int i = 0; i < TURN; i++) {
                Runnable task = tasks.poll();
                if (task == null) {
                    break;
                }
                run(task);
            }
            run(endOfTurn);
        } finally {
            busy.setOpaque(busy.getPlain() + nanos.getAsLong() - began);
            scheduled.set(false);
            if (!tasks.isEmpty()) {
                schedule();
            }
        }
    }

    private void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            LOG.error("A task of a room failed; the room is given up and loaded again", e);
            onFailure.run();
            if (e instanceof OutOfMemoryError exhausted) {
                throw exhausted; // the thread decides whether the process goes on
            }
        }
    }
}
