package io.keck.access;

import org.jspecify.annotations.Nullable;

/**
 * What the documents and blobs of a tenant take in the database: all whose names begin with the tenant and a slash. Asked in
 * pages, so that no question takes long. Methods may throw a {@link RuntimeException} when the database does not answer.
 * Thread-safe.
 */
public interface TenantSizes {
    /**
     * A page.
     *
     * @param count of documents, or of documents with blobs
     * @param bytes that are stored of them
     * @param last the name to go on after; null where there are no more
     */
    record Page(long count, long bytes, @Nullable String last) {}

    /**
     * Documents by name, and the bytes of their snapshots and of later changes.
     *
     * @param after the name to go on after; null to begin
     */
    Page documents(String tenant, @Nullable String after, int limit);

    /** The same for the bytes of blobs, by the document they belong to. */
    Page blobs(String tenant, @Nullable String after, int limit);
}
