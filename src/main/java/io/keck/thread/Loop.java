package io.keck.thread;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Work that recurs, on a thread of its own: everything periodic in Keck. Whatever a turn throws is logged, counted and
 * followed by the next turn; failures in a row make the pauses longer, up to five seconds or the usual pause. Nothing but
 * {@link #stop} ends a loop, and {@link #all} tells which loops the process has and how late each is.
 *
 * <p>Loops are known to the process and not to a node: a thread that is stuck concerns everything that runs beside it.
 * Thread-safe.
 */
public final class Loop {
    /** One turn of a loop that paces itself. */
    @FunctionalInterface
    public interface Turn {
        /** Returns milliseconds until the next turn, 0 for at once, {@link #END} when there is nothing more to do. */
        long run() throws InterruptedException;
    }

    /** What the last turn returns. */
    public static final long END = -1;

    /** How long a turn may take before the loop counts as stuck, unless another time is given. */
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
    /** When the turn that is due or under way has to be over. */
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
     * A loop with a fixed pause before each turn, that has not started.
     *
     * @param millis the pause, also before the first turn
     */
    public static Loop every(String name, long millis, Runnable work) {
        return every(name, millis, PATIENCE_MILLIS, work);
    }

    /**
     * The same.
     *
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
     * A loop whose turns say when the next one is due, that has not started. Its first turn comes at once.
     *
     * @param patienceMillis how long a turn may take before the loop counts as stuck
     */
    public static Loop paced(String name, long patienceMillis, Turn turn) {
        return new Loop(name, 0, 0, patienceMillis, turn, System::nanoTime);
    }

    /** For tests: another clock, of nanoseconds. Pauses are real. */
    static Loop paced(String name, long patienceMillis, Turn turn, LongSupplier nanos) {
        return new Loop(name, 0, 0, patienceMillis, turn, nanos);
    }

    /** Starts the loop, once. */
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

    /** Called by a turn that lasts long and is not stuck. */
    public void goesOn() {
        due(0);
    }

    /** Ends the pause: the next turn comes at once. */
    public void wake() {
        isAwake = true;
        LockSupport.unpark(thread);
    }

    /** No turn begins after the current one; does not wait for it. */
    public void stop() {
        isStopping = true;
        LockSupport.unpark(thread);
    }

    /** As {@link #stop()}, and interrupts the current turn if it takes longer than that. */
    public void stop(long millis) throws InterruptedException {
        stop();
        join(millis);
    }

    /** Waits for the last turn, and interrupts it if it takes longer than that. */
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

    /** Seconds since a turn should have been over; 0 or less while the loop is well. */
    public double lateSeconds() {
        return (nanos.getAsLong() - overBy) / 1e9;
    }

    /** Whether it can never take a turn again, though nobody has stopped it. */
    public boolean isDead() {
        return !isStopping && !thread.isAlive();
    }

    /** All loops of this process that have started and not ended. */
    public static Set<Loop> all() {
        return ALL;
    }
}
