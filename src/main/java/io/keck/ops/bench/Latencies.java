package io.keck.ops.bench;

import java.util.concurrent.atomic.AtomicLongArray;

/** Counts durations in buckets that are 3 % wide, from 1 µs to some hours. Thread-safe. */
final class Latencies {
    /** Bits of the number of buckets per doubling. */
    private static final int FINE_BITS = 5;

    private static final int FINE = 1 << FINE_BITS;
    private static final int BUCKETS = 40 * FINE;

    private final AtomicLongArray counts = new AtomicLongArray(BUCKETS);

    void add(long nanos) {
        counts.incrementAndGet(bucket(Math.max(0, nanos / 1_000)));
    }

    private static int bucket(long micros) {
        if (micros < FINE) {
            return (int) micros;
        }
        int shift = 63 - Long.numberOfLeadingZeros(micros) - FINE_BITS;
        return Math.min(BUCKETS - 1, (shift + 1) * FINE + (int) ((micros >>> shift) - FINE));
    }

    /** The middle of a bucket, microseconds. */
    private static long micros(int bucket) {
        if (bucket < FINE) {
            return bucket;
        }
        int shift = bucket / FINE - 1;
        return ((long) (bucket % FINE + FINE) << shift) + (1L << shift) / 2;
    }

    long count() {
        long sum = 0;
        for (int i = 0; i < BUCKETS; i++) {
            sum += counts.get(i);
        }
        return sum;
    }

    /** The quantile of the durations, in milliseconds; 0 if there are none. */
    double quantile(double part) {
        long rank = (long) Math.ceil(part * count());
        long seen = 0;
        for (int i = 0; i < BUCKETS; i++) {
            seen += counts.get(i);
            if (seen > 0 && seen >= rank) {
                return micros(i) / 1e3;
            }
        }
        return 0;
    }
}
