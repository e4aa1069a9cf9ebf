package io.keck.thread;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Recurring work on a thread of its own; everything periodic in Keck is a loop. A failed turn is logged and counted, and the
 * next turn follows; consecutive failures lengthen the pause up to five seconds or the usual pause. Only {@link #stop} ends
 * a loop. {@link #all} lists the loops of the process, and {@link #lateSeconds} tells how late each is.
 *
 * <p>Loops belong to the process and not to a node, since a stuck thread concerns everything that runs beside it.
 * Thread-safe.
 */
public final class Loop {
    /** One turn of a loop whose turns set the pause. */
    @FunctionalInterface
    public interface Turn {
        /** Returns the milliseconds until the next turn, 0 for none, or {@link #END} if no turn shall follow. */
        long run() throws InterruptedException;
    }

    /** The result of the last turn. */
    public static final long END = -1;

    /** Default of the milliseconds that a turn may take before the loop counts as stuck. */
    public static final long PATIENCE_MILLIS = 60_000;

    private static final long MAX_BACKOFF_MILLIS = 5_000;
    private static final long MIN_BACKOFF_MILLIS = 100;
    private static final int MAX_DOUBLINGS = 10;
    private static final Set<Loop> ALL = ConcurrentHashMap.newKeySet();

    private final String name;
    private final long patienceMillis;
    private final long usualMillis;
    private final Turn turn;
    private final LongSupplier nanos;
    private final Guard guard;
    private final Thread thread;
    /** The time at which the current or next turn has to be over, in nanoseconds of the clock. */
    private volatile long overBy;

    private volatile boolean isStopping;
    private volatile boolean isAwake;

    private Loop(String name, long firstMillis, long usualMillis, long patienceMillis, Turn turn, LongSupplier nanos) {
        this.name = name;
        this.usualMillis = usualMillis;
        this.patienceMillis = patienceMillis;
        this.turn = turn;
        this.nanos = nanos;
        this.guard = new Guard(name);
        this.thread = Threads.daemon(name, () -> run(firstMillis));
    }

    /**
     * Creates a loop with a fixed pause before each turn; it is not started.
     *
     * @param millis the pause, also before the first turn
     */
    public static Loop every(String name, long millis, Runnable work) {
        return every(name, millis, PATIENCE_MILLIS, work);
    }

    /**
     * Creates a loop with a fixed pause before each turn; it is not started.
     *
     * @param millis the pause, also before the first turn
     * @param patienceMillis how long a turn may take before the loop counts as stuck
     */
    public static Loop every(String name, long millis, long patienceMillis, Runnable work) {
        Turn turn = () -> {
            work.run();
            return millis;
        };
        return new Loop(name, millis, millis, patienceMillis, turn, System::nanoTime);
    }

    /**
     * Creates a loop whose turns say when the next one is due; it is not started. The first turn comes at once.
     *
     * @param patienceMillis how long a turn may take before the loop counts as stuck
     */
    public static Loop paced(String name, long patienceMillis, Turn turn) {
        return new Loop(name, 0, 0, patienceMillis, turn, System::nanoTime);
    }

    /** For tests: measures lateness by another clock, in nanoseconds. Pauses are real. */
    static Loop paced(String name, long patienceMillis, Turn turn, LongSupplier nanos) {
        return new Loop(name, 0, 0, patienceMillis, turn, nanos);
    }

    /** Starts the loop. Call it once. */
    public Loop start() {
        due(0);
        ALL.add(this);
        thread.start();
        return this;
    }

    private void run(long firstMillis) {
        pause(firstMillis);
        while (!isStopping) {
            long millis = turn();
            if (millis == END) {
                break;
            }
            pause(millis);
        }
        ALL.remove(this);
    }

    private long turn() {
        try {
            due(0);
            long millis = turn.run();
            guard.wentWell();
            return millis;
        } catch (InterruptedException e) {
            return isStopping ? END : 0; // only stop() ends a loop
        } catch (Throwable t) {
            guard.failed(t);
            return backoff();
        }
    }

    private long backoff() {
        long doubled = Math.max(usualMillis, MIN_BACKOFF_MILLIS) << Math.min(guard.failuresInARow() - 1, MAX_DOUBLINGS);
        return Math.min(doubled, Math.max(usualMillis, MAX_BACKOFF_MILLIS));
    }

    private void pause(long millis) {
        due(millis);
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        for (long left = until - System.nanoTime();
                left > 0 && !isStopping && !isAwake;
                left = until - System.nanoTime()) {
            LockSupport.parkNanos(this, left);
            if (Thread.interrupted() && isStopping) {
                return;
            }
        }
        isAwake = false;
    }

    private void due(long inMillis) {
        overBy = nanos.getAsLong() + TimeUnit.MILLISECONDS.toNanos(inMillis + patienceMillis);
    }

    /** Reports that a long turn makes progress and is not stuck; to be called from within the turn. */
    public void goesOn() {
        due(0);
    }

    /** Ends the pause, so that the next turn comes at once. */
    public void wake() {
        isAwake = true;
        LockSupport.unpark(thread);
    }

    /** Prevents further turns; does not wait for the current one. */
    public void stop() {
        isStopping = true;
        LockSupport.unpark(thread);
    }

    /** Stops the loop and interrupts the current turn if it takes longer than {@code millis}. */
    public void stop(long millis) throws InterruptedException {
        stop();
        join(millis);
    }

    /** Waits for the last turn, and interrupts it after {@code millis}. */
    public void join(long millis) throws InterruptedException {
        if (Thread.currentThread() == thread) {
            return;
        }
        thread.join(millis);
        if (thread.isAlive()) {
            thread.interrupt();
        }
    }

    /** The name of the loop and of its thread. */
    public String name() {
        return name;
    }

    /** Seconds by which the current turn is overdue; 0 or less while the loop is on time. */
    public double lateSeconds() {
        return (nanos.getAsLong() - overBy) / 1e9;
    }

    /** Whether the loop's thread has ended although the loop was not stopped. */
    public boolean isDead() {
        return !isStopping && !thread.isAlive();
    }

    /** All loops of this process that have started and not ended. */
    public static Set<Loop> all() {
        return ALL;
    }
}
