package io.keck.socket;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Applies an action to many things, spread evenly over a time, so that they do not all react at the same moment. */
final class Spread {
    /** Lets time pass; tests replace it. */
    @FunctionalInterface
    interface Pause {
        /** Returns after about {@code millis} milliseconds. */
        void sleep(long millis) throws InterruptedException;
    }

    private final LongSupplier clock;
    private final Pause pause;

    /** @param clock a steady clock in milliseconds */
    Spread(LongSupplier clock, Pause pause) {
        this.clock = clock;
        this.pause = pause;
    }

    /**
     * Begins at once and ends within {@code millis} milliseconds. If the clock jumps or the thread is interrupted, the rest
     * follows at once; the interrupt stays set.
     */
    <T> void over(long millis, List<T> all, Consumer<T> action) {
        long start = clock.getAsLong();
        boolean interrupted = false;
        for (int i = 0; i < all.size(); i++) {
            long due = start + millis * i / all.size();
            try {
                for (long left = due - clock.getAsLong(); left > 0 && !interrupted; left = due - clock.getAsLong()) {
                    pause.sleep(left);
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
            action.accept(all.get(i));
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
