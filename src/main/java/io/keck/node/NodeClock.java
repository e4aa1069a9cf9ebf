package io.keck.node;

import java.util.function.LongSupplier;

/** The clock of a process: it never goes back, and has no relation to the time of day. */
public final class NodeClock {
    private static final long NANOS_PER_MILLI = 1_000_000;

    private NodeClock() {}

    /** Milliseconds since an arbitrary moment; never falls. */
    public static LongSupplier millis() {
        return () -> System.nanoTime() / NANOS_PER_MILLI;
    }
}
