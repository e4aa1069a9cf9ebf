package io.keck.testing;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for what no frame of a client tells: a metric, an answer over HTTP. The deadline is only for what hangs. */
public final class Eventually {
    private static final long AGAIN_NANOS = 25_000_000;

    private Eventually() {}

    /** Waits until it is so; fails when it never is. */
    public static void await(String what, BooleanSupplier condition) {
        await(what, condition, () -> "");
    }

    /** Waits until it is so; fails with what is there instead when it never is. */
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
