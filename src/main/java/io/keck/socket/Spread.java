package io.keck.socket;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Does the same to many, one after the other, evenly over a time: so that not all of them react in one moment. */
final class Spread {
    /** Lets time pass. */
    @FunctionalInterface
    interface Pause {
        /** Returns after about so many milliseconds. */
        void sleep(long millis) throws InterruptedException;
    }

    private final LongSupplier clock;
    private final Pause pause;

    /** @param clock milliseconds of a steady clock */
    Spread(LongSupplier clock, Pause pause) {
        this.clock = clock;
        this.pause = pause;
    }

    /**
     * Begins at once and ends before so many milliseconds are over, unless the clock jumps: then the rest comes at once. An
     * interrupt has the same effect, and stays set.
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
