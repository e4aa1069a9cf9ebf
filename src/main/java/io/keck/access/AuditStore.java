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
     * Entries with a number below that, the newest first.
     *
     * @param principal of whom; null for anybody
     * @param document of which; null for any
     */
    List<AuditEntry> before(long id, @Nullable String principal, @Nullable String document, int limit);

    /** Deletes as many entries as that of before that time, the oldest first; how many there were. */
    int forget(long before, int limit);
}
