package io.keck.heap;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Bytes a second for one address: see {@link Addresses#network} for what counts as one. What has come or gone is counted
 * afterwards, however large it was, and whoever is beyond the rate waits until that is paid for (a token bucket that may go into
 * debt): nothing is refused, and what is larger than the bucket passes, too. Thread-safe. Remembers a bounded number of
 * addresses; one that was forgotten begins with a full bucket.
 */
public final class AddressFlow {
    /** Seconds whose bytes may pass at once after a pause. */
    public static final int BURST_SECONDS = 10;

    private static final int MAX_ADDRESSES = 20_000;
    private static final double MILLIS = 1_000;

    private final double perSecond;
    private final LongSupplier clock;
    private final AtomicLong held = new AtomicLong();
    private final Map<String, Bucket> buckets = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
            return size() > MAX_ADDRESSES;
        }
    };

    private static final class Bucket {
        double bytes;
        long at;
    }

    /**
     * All buckets are full.
     *
     * @param perSecond bytes; 0 for no limit
     * @param clock milliseconds of a steady clock
     */
    public AddressFlow(long perSecond, LongSupplier clock) {
        this.perSecond = perSecond;
        this.clock = clock;
    }

    /** Without a limit. */
    public static AddressFlow unlimited() {
        return new AddressFlow(0, () -> 0);
    }

    /** Whether there is a limit. */
    public boolean isLimited() {
        return perSecond > 0;
    }

    /** Counts bytes that have come from that address or go there; milliseconds until they are paid for. */
    public long pass(String address, long bytes) {
        if (perSecond <= 0) {
            return 0;
        }
        synchronized (this) {
            Bucket bucket = now(address);
            bucket.bytes -= bytes;
            if (bucket.bytes >= 0) {
                return 0;
            }
            held.addAndGet(Math.min(bytes, (long) Math.ceil(-bucket.bytes)));
            return millis(bucket);
        }
    }

    /** Milliseconds until that address is within its rate; 0 where it is. */
    public long wait(String address) {
        if (perSecond <= 0) {
            return 0;
        }
        synchronized (this) {
            return millis(now(address));
        }
    }

    private long millis(Bucket bucket) {
        return bucket.bytes >= 0 ? 0 : (long) Math.ceil(-bucket.bytes * MILLIS / perSecond);
    }

    private Bucket now(String address) {
        long now = clock.getAsLong();
        double full = perSecond * BURST_SECONDS;
        Bucket bucket = buckets.computeIfAbsent(Addresses.network(address), key -> {
            Bucket made = new Bucket();
            made.bytes = full;
            made.at = now;
            return made;
        });
        bucket.bytes = Math.min(full, bucket.bytes + (now - bucket.at) / MILLIS * perSecond);
        bucket.at = now;
        return bucket;
    }

    /** Bytes that came or went beyond the rate of their address, so that what follows them had to wait. */
    public long held() {
        return held.get();
    }
}
