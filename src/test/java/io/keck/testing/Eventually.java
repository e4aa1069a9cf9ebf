package io.keck.testing;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Waits for a condition by asking again and again: for what no event announces, such as a metric or an answer over HTTP. The
 * deadline ({@link KeckProcess#PATIENCE}) only ends tests that hang.
 */
public final class Eventually {
    private static final long AGAIN_NANOS = 25_000_000;

    private Eventually() {}

    /**
     * Waits until the condition holds.
     *
     * @param what completes "waited in vain for"
     */
    public static void await(String what, BooleanSupplier condition) {
        await(what, condition, () -> "");
    }

    /**
     * Waits until the condition holds.
     *
     * @param what completes "waited in vain for"
     * @param instead what is there instead, for the message of the failure
     */
    public static void await(String what, BooleanSupplier condition, Supplier<String> instead) {
        long deadline = System.nanoTime() + KeckProcess.PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("waited in vain for " + what + " " + instead.get());
            }
            LockSupport.parkNanos(AGAIN_NANOS);
        }
    }
}
