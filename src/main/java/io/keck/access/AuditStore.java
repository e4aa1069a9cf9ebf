package io.keck.access;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The table of the audit log, which all nodes share. Every method may throw a {@link RuntimeException} when the database does
 * not answer. Thread-safe.
 */
public interface AuditStore {
    /** Adds entries, all or none. */
    void add(List<AuditEntry> entries);

    /**
     * Returns entries with a number below {@code id}, the newest first.
     *
     * @param principal of the entries; null for all
     * @param document of the entries; null for all
     */
    List<AuditEntry> before(long id, @Nullable String principal, @Nullable String document, int limit);

    /** Deletes up to {@code limit} entries that are older than a time, the oldest first. Returns their number. */
    int forget(long before, int limit);
}
