package io.keck.auth;

import io.keck.access.TenantSizes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tenants and their quotas. The tenant of a document is the part of its name before the first slash; a name without a slash
 * has no tenant.
 *
 * <p>The stored size of a tenant is measured in the background, in pages, and only while the tenant is used: no request waits
 * for it. Between two measurements this node adds the sizes of its own writes; those of other nodes appear with the next
 * measurement. So a quota can be exceeded by the writes of about half a minute, and a tenant that was never measured has no
 * quota for the first seconds. Bounded; thread-safe.
 */
final class Tenants {
    private static final Logger LOG = LoggerFactory.getLogger(Tenants.class);
    /** How often a tenant in use is measured again. */
    static final long MEASURE_AGAIN_MILLIS = 30_000;
    /** Database queries in one turn. */
    static final int PAGES_PER_TURN = 20;

    static final int PAGE = 100;
    private static final int MAX_TENANTS = 10_000;

    /**
     * The bounds of all documents of a tenant together. Connections and requests are counted on each node.
     *
     * @param bytes the size of snapshots, later changes and blobs, of deleted documents too as long as they are stored
     */
    record Quota(long documents, long bytes, int connections, int requestsPerSecond) {
        static final Quota NONE = new Quota(Long.MAX_VALUE, Long.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE);

        private boolean isMeasured() {
            return documents != Long.MAX_VALUE || bytes != Long.MAX_VALUE;
        }
    }

    /** The last measurement of a tenant, and later writes. */
    private static final class Known {
        long documents;
        long bytes;
        /** Writes of this node since the last measurement began, and those between its beginning and its end. */
        long newDocuments;

        long newBytes;
        long documentsBefore;
        long bytesBefore;
        boolean wasUsed = true;
        long dueAt = Long.MIN_VALUE;
    }

    /** Reads pages of one kind of what a tenant has stored. */
    private interface Part {
        TenantSizes.Page page(String tenant, @Nullable String after, int limit);
    }

    /** A measurement in progress. */
    private static final class Measuring {
        final String tenant;
        /** The index of the part that is read, among {@link #parts}. */
        int part;

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
    private final List<Part> parts;
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
     * Creates the tenants without measuring any.
     *
     * @param usual the quota of each tenant that {@code named} does not name
     * @param steady milliseconds of a steady clock
     */
    Tenants(Quota usual, Map<String, Quota> named, TenantSizes sizes, LongSupplier steady) {
        this.usual = usual;
        this.named = Map.copyOf(named);
        this.parts = List.of(sizes::documents, sizes::blobs, sizes::deletedDocuments, sizes::deletedBlobs);
        this.steady = steady;
    }

    /** Returns the tenant of a document; null if it has none. */
    static @Nullable String of(@Nullable String document) {
        int slash = document == null ? -1 : document.indexOf('/');
        return slash <= 0 || document == null ? null : document.substring(0, slash);
    }

    Quota quota(String tenant) {
        return named.getOrDefault(tenant, usual);
    }

    /** Whether any quota requires measurements. */
    boolean areMeasured() {
        return usual.isMeasured() || named.values().stream().anyMatch(Quota::isMeasured);
    }

    /** Whether the tenant has reached its number of documents. */
    synchronized boolean hasAllDocuments(String tenant) {
        long quota = quota(tenant).documents();
        if (quota == Long.MAX_VALUE) {
            return false;
        }
        Known of = used(tenant);
        return of.documents + of.documentsBefore + of.newDocuments >= quota;
    }

    /** Whether the tenant has reached its stored size. */
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

    /** Runs one turn of the loop: measures due tenants with at most {@value #PAGES_PER_TURN} queries. */
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
                LOG.warn("Measuring what tenants have stored failed; the last figures stay in use: {}", e.toString());
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

    /** Adds a page of results; returns whether it was the last. */
    private boolean page(Measuring now) {
        TenantSizes.Page page = parts.get(now.part).page(now.tenant, now.after, PAGE);
        now.documents += now.part == 0 ? page.count() : 0; // the first part is that of documents that were not deleted
        now.bytes += page.bytes();
        now.after = page.last();
        if (page.last() == null) {
            now.part++;
        }
        return now.part == parts.size();
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
