package io.keck.node;

import java.util.function.LongSupplier;

/** The steady clock of the process, unrelated to the time of day. */
public final class NodeClock {
    private static final long NANOS_PER_MILLI = 1_000_000;

    private NodeClock() {}

    /** Returns a clock of milliseconds since an arbitrary moment; it never goes back. Thread-safe. */
    public static LongSupplier millis() {
        return () -> System.nanoTime() / NANOS_PER_MILLI;
    }
}
