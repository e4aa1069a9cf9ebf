package io.keck.auth;

import io.keck.access.TenantSizes;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tenants and their quotas. The tenant of a document is what stands before the first slash of its name; a name without one
 * belongs to no tenant.
 *
 * <p>What a tenant has stored is measured in the background, in pages, and only while it is used: no request waits for it.
 * Between two measurements this node adds what it takes in itself; what other nodes take in is seen with the next one. So
 * a quota can be exceeded by what comes in within about half a minute, and a tenant that was never measured has none for
 * the first seconds. Bounded; thread-safe.
 */
final class Tenants {
    private static final Logger LOG = LoggerFactory.getLogger(Tenants.class);
    /** A tenant in use is measured again after that. */
    static final long MEASURE_AGAIN_MILLIS = 30_000;
    /** Questions to the database in one turn. */
    static final int PAGES_PER_TURN = 20;

    static final int PAGE = 100;
    private static final int MAX_TENANTS = 10_000;

    /**
     * What all documents of a tenant may take; the two last ones on each node.
     *
     * @param bytes of snapshots, later changes and blobs
     */
    record Quota(long documents, long bytes, int connections, int requestsPerSecond) {
        static final Quota NONE = new Quota(Long.MAX_VALUE, Long.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE);

        private boolean isMeasured() {
            return documents != Long.MAX_VALUE || bytes != Long.MAX_VALUE;
        }
    }

    /** What is known of a tenant. */
    private static final class Known {
        long documents;
        long bytes;
        /** What this node has taken in since the last measurement began, and between that and its end. */
        long newDocuments;

        long newBytes;
        long documentsBefore;
        long bytesBefore;
        boolean wasUsed = true;
        long dueAt = Long.MIN_VALUE;
    }

    /** A measurement under way. */
    private static final class Measuring {
        final String tenant;
        boolean areBlobs;

        @Nullable
        String after;

        long documents;
        long bytes;

        Measuring(String tenant) {
            this.tenant = tenant;
        }
    }

    private final Quota usual;
    private final Map<String, Quota> named;
    private final TenantSizes sizes;
    private final LongSupplier steady;
    private final Map<String, Known> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Known> eldest) {
            return size() > MAX_TENANTS;
        }
    };
    /** Used by the loop alone. */
    private @Nullable Measuring measuring;

    private boolean isFailing;

    /**
     * Without measurements.
     *
     * @param usual the quota of each tenant that {@code named} does not name
     * @param steady milliseconds of a steady clock
     */
    Tenants(Quota usual, Map<String, Quota> named, TenantSizes sizes, LongSupplier steady) {
        this.usual = usual;
        this.named = Map.copyOf(named);
        this.sizes = sizes;
        this.steady = steady;
    }

    /** The tenant of a document; null where it has none. */
    static @Nullable String of(@Nullable String document) {
        int slash = document == null ? -1 : document.indexOf('/');
        return slash <= 0 || document == null ? null : document.substring(0, slash);
    }

    Quota quota(String tenant) {
        return named.getOrDefault(tenant, usual);
    }

    /** Whether any tenant has a quota for which something has to be measured. */
    boolean areMeasured() {
        return usual.isMeasured() || named.values().stream().anyMatch(Quota::isMeasured);
    }

    /** Whether it has as many documents as it may have. */
    synchronized boolean hasAllDocuments(String tenant) {
        long quota = quota(tenant).documents();
        if (quota == Long.MAX_VALUE) {
            return false;
        }
        Known of = used(tenant);
        return of.documents + of.documentsBefore + of.newDocuments >= quota;
    }

    /** Whether it has stored as much as it may. */
    synchronized boolean hasAllBytes(String tenant) {
        long quota = quota(tenant).bytes();
        if (quota == Long.MAX_VALUE) {
            return false;
        }
        Known of = used(tenant);
        return of.bytes + of.bytesBefore + of.newBytes >= quota;
    }

    synchronized void madeDocument(String tenant) {
        if (quota(tenant).isMeasured()) {
            used(tenant).newDocuments++;
        }
    }

    synchronized void stored(String tenant, long bytes) {
        if (quota(tenant).isMeasured()) {
            used(tenant).newBytes += bytes;
        }
    }

    private Known used(String tenant) {
        Known of = known.computeIfAbsent(tenant, any -> new Known());
        of.wasUsed = true;
        return of;
    }

    /** Measures what is due; one turn of the loop, which asks the database {@value #PAGES_PER_TURN} times at most. */
    void turn() {
        try {
            for (int i = 0; i < PAGES_PER_TURN; i++) {
                Measuring now = measuring == null ? next() : measuring;
                measuring = now;
                if (now == null) {
                    return;
                }
                if (page(now)) {
                    finish(now);
                    measuring = null;
                }
            }
            isFailing = false;
        } catch (RuntimeException e) {
            if (!isFailing) {
                LOG.warn(
                        "What tenants have stored cannot be measured now; the last figures are used: {}", e.toString());
            }
            isFailing = true;
        }
    }

    private synchronized @Nullable Measuring next() {
        long now = steady.getAsLong();
        for (Map.Entry<String, Known> entry : known.entrySet()) {
            Known of = entry.getValue();
            if (of.wasUsed && of.dueAt <= now) {
                of.wasUsed = false;
                of.dueAt = now + MEASURE_AGAIN_MILLIS;
                of.documentsBefore += of.newDocuments;
                of.bytesBefore += of.newBytes;
                of.newDocuments = 0;
                of.newBytes = 0;
                return new Measuring(entry.getKey());
            }
        }
        return null;
    }

    /** Adds a page; whether it was the last. */
    private boolean page(Measuring now) {
        TenantSizes.Page page =
                now.areBlobs ? sizes.blobs(now.tenant, now.after, PAGE) : sizes.documents(now.tenant, now.after, PAGE);
        now.documents += now.areBlobs ? 0 : page.count();
        now.bytes += page.bytes();
        now.after = page.last();
        boolean wasLast = page.last() == null;
        boolean isOver = wasLast && now.areBlobs;
        now.areBlobs |= wasLast;
        return isOver;
    }

    private synchronized void finish(Measuring now) {
        Known of = known.get(now.tenant);
        if (of == null) {
            return;
        }
        of.documents = now.documents;
        of.bytes = now.bytes;
        of.documentsBefore = 0;
        of.bytesBefore = 0;
    }
}
