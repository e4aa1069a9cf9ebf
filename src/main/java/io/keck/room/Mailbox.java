package io.keck.room;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives a state machine its turns: tasks may be posted from any thread and run one at a time in the order of posting.
 * After the tasks of a turn a callback runs, which can combine the work of the turn. Thread-safe. Tests pass an
 * executor that they run by hand.
 */
public final class Mailbox {
    /** The largest number of tasks in one turn; then other rooms get the thread. */
    private static final int TURN = 256;

    private static final Logger LOG = LoggerFactory.getLogger(Mailbox.class);

    private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private final Executor executor;
    private final Runnable endOfTurn;
    private final Runnable onFailure;
    private final LongSupplier nanos;
    private final AtomicLong busy = new AtomicLong();
    /** The beginning of the current turn. */
    private long began;
    /** Receives the turns after the current one; null if they are not lent. */
    private @Nullable Consumer<Runnable> borrower;

    /**
     * Creates a mailbox without tasks.
     *
     * @param endOfTurn runs after the tasks of each turn, under the same exclusion
     * @param onFailure runs, under the same exclusion, after a task or the end of a turn threw an exception and may
     *     have left its work half done
     */
    public Mailbox(Executor executor, Runnable endOfTurn, Runnable onFailure) {
        this(executor, endOfTurn, onFailure, () -> 0);
    }

    /** @param nanos the clock that measures turns; always 0 if nothing is measured */
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

    /** The total nanoseconds of all turns. */
    long busyNanos() {
        return busy.getOpaque();
    }

    /** The beginning of the current turn by the given clock; may be called only in a turn. */
    long began() {
        return began;
    }

    /**
     * Lends the turns after the current one to another thread; tasks that are posted meanwhile wait. Must be called in a turn, at
     * most once in each.
     *
     * @param to called when the current turn has ended, with a task that gives the turns back and must be run once, from any
     *     thread. Until then the borrower has the state machine to itself. Must not throw
     */
    void lend(Consumer<Runnable> to) {
        borrower = to;
    }

    private void giveBack() {
        scheduled.set(false);
        if (!tasks.isEmpty()) {
            schedule();
        }
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
                Runnable task = borrower == null ? tasks.poll() : null;
                if (task == null) {
                    break;
                }
                run(task);
            }
            run(endOfTurn);
        } finally {
            busy.setOpaque(busy.getPlain() + nanos.getAsLong() - began);
            Consumer<Runnable> next = borrower;
            borrower = null;
            if (next == null) {
                giveBack();
            } else {
                next.accept(this::giveBack);
            }
        }
    }

    private void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            LOG.error("A task of a room failed; closing the room so that it is loaded again", e);
            onFailure.run();
            if (e instanceof OutOfMemoryError exhausted) {
                throw exhausted; // the thread decides whether the process continues
            }
        }
    }
}
