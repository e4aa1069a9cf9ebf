package io.keck.access;

import org.jspecify.annotations.Nullable;

/**
 * The storage of a tenant's documents and blobs in the database: those whose names begin with the tenant and a slash.
 * Read in pages, so that each query is short. Methods may throw a {@link RuntimeException} if the database does not
 * answer. Thread-safe.
 */
public interface TenantSizes {
    /**
     * A page.
     *
     * @param count the number of documents, or of documents with blobs
     * @param bytes their stored bytes
     * @param last the name after which the next page begins; null on the last page
     */
    record Page(long count, long bytes, @Nullable String last) {}

    /**
     * Returns a page of documents by name, with the bytes of their snapshots and later changes.
     *
     * @param after the name after which the page begins; null for the first page
     */
    Page documents(String tenant, @Nullable String after, int limit);

    /** Returns a page of documents by name, with the bytes of their blobs. */
    Page blobs(String tenant, @Nullable String after, int limit);

    /** Returns a page of names with deleted documents that are still stored, with the bytes of all their ended lives. */
    Page deletedDocuments(String tenant, @Nullable String after, int limit);

    /** Returns a page of names with deleted documents, with the bytes of their blobs that are still stored. */
    Page deletedBlobs(String tenant, @Nullable String after, int limit);
}
