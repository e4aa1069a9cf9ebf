package io.keck.http;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.function.LongSupplier;

/**
 * How many documents each address may begin in an hour, whether by connecting or over HTTP: a bucket of an hour's documents
 * that fills evenly. An IPv6 client counts by its /64, which is what one customer has. Addresses beyond {@link #MAX_ENTRIES} are
 * forgotten, the longest unused first. Thread-safe.
 */
public final class NewRooms {
    /** What is answered beyond the limit, with status 429. */
    public static final String SENTENCE = "Too many new documents were begun from this address within an hour"
            + " (rooms.newPerAddress); documents that are there can be used.";

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
     * Nothing was begun yet.
     *
     * @param clock milliseconds of a steady clock
     * @param isThere whether there is a document for that address and of that name; may wait for the database, and is only
     *     asked beyond the limit
     */
    public NewRooms(int perHour, LongSupplier clock, BiPredicate<String, String> isThere) {
        this.perHour = perHour;
        this.clock = clock;
        this.isThere = isThere;
    }

    /** Whether there is a document for that address and of that name; may wait for the database. */
    public boolean isThere(String address, String name) {
        return isThere.test(address, name);
    }

    /** Whether somebody at that address may use the document of that name: there is one, or he may begin one more. */
    public boolean accepts(String address, String name) {
        return hasLeft(address) || isThere.test(address, name);
    }

    private synchronized boolean hasLeft(String address) {
        return filled(key(address)).left() >= 1;
    }

    /** Somebody at that address has begun a document. */
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

    /** The address, or the first four groups of one of IPv6. */
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
