package io.keck.http;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.function.LongSupplier;

/**
 * Limits how many documents each address may create per hour by connecting or over HTTP. Each address has a token
 * bucket that holds one hour's documents and refills evenly. IPv6 clients count by /64 network, which providers assign
 * to one customer. Beyond {@link #MAX_ENTRIES} addresses the least recently used are forgotten. Thread-safe.
 */
public final class NewRooms {
    /** The sentence of the answer 429 beyond the limit. */
    public static final String SENTENCE = "Too many new documents were created from this address within an hour"
            + " (rooms.newPerAddress); existing documents can still be used.";

    static final int MAX_ENTRIES = 10_000;
    private static final double HOUR_MS = 3_600_000;

    private record Bucket(double left, long at) {}

    private final int perHour;
    private final LongSupplier clock;
    private final BiPredicate<String, String> isThere;
    private final Map<String, Bucket> buckets = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
            return size() > MAX_ENTRIES;
        }
    };

    /**
     * Creates full buckets.
     *
     * @param clock milliseconds of a steady clock
     * @param isThere tells whether an address may see a document with a name; may wait for the database, and is called
     *     only beyond the limit
     */
    public NewRooms(int perHour, LongSupplier clock, BiPredicate<String, String> isThere) {
        this.perHour = perHour;
        this.clock = clock;
        this.isThere = isThere;
    }

    /** Whether a document with this name exists for the address; may wait for the database. */
    public boolean isThere(String address, String name) {
        return isThere.test(address, name);
    }

    /**
     * Whether a client at this address may use the document with this name, because it exists or the address may create
     * another.
     */
    public boolean accepts(String address, String name) {
        return hasLeft(address) || isThere.test(address, name);
    }

    private synchronized boolean hasLeft(String address) {
        return filled(key(address)).left() >= 1;
    }

    /** Counts a document that a client at this address created. */
    public synchronized void began(String address) {
        String key = key(address);
        Bucket now = filled(key);
        buckets.put(key, new Bucket(Math.max(0, now.left() - 1), now.at()));
    }

    private Bucket filled(String key) {
        long now = clock.getAsLong();
        Bucket before = buckets.get(key);
        return before == null
                ? new Bucket(perHour, now)
                : new Bucket(Math.min(perHour, before.left() + (now - before.at()) * perHour / HOUR_MS), now);
    }

    /** The address, or the first four groups of an IPv6 address. */
    static String key(String address) {
        if (address.indexOf(':') < 0) {
            return address;
        }
        String bare = address.replaceAll("[\\[\\]]|%.*", "");
        int gap = bare.indexOf("::");
        String[] head = (gap < 0 ? bare : bare.substring(0, gap)).split(":", -1);
        StringBuilder key = new StringBuilder();
        for (int i = 0; i < 4; i++) {
            key.append(i < head.length && !head[i].isEmpty() ? head[i] : "0").append(':');
        }
        return key.toString();
    }
}
