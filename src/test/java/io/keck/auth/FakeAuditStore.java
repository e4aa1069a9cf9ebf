package io.keck.auth;

import io.keck.access.AuditEntry;
import io.keck.access.AuditStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** In memory, and can be switched off. */
final class FakeAuditStore implements AuditStore {
    private final List<AuditEntry> all = new ArrayList<>();
    private long last;
    volatile boolean isDown;

    private void answer() {
        if (isDown) {
            throw new UncheckedIOException(new IOException("the database does not answer"));
        }
    }

    @Override
    public synchronized void add(List<AuditEntry> entries) {
        answer();
        for (AuditEntry e : entries) {
            all.add(new AuditEntry(++last, e.at(), e.node(), e.event(), e.principal(), e.document(), e.line()));
        }
    }

    @Override
    public synchronized List<AuditEntry> before(
            long id, @Nullable String principal, @Nullable String document, int limit) {
        answer();
        return all.stream()
                .filter(entry -> entry.id() < id)
                .filter(entry -> principal == null || entry.principal().equals(principal))
                .filter(entry -> document == null || entry.document().equals(document))
                .sorted(Comparator.comparingLong(AuditEntry::id).reversed())
                .limit(limit)
                .toList();
    }

    @Override
    public synchronized int forget(long before, int limit) {
        answer();
        List<AuditEntry> old = all.stream()
                .filter(entry -> entry.at() < before)
                .sorted(Comparator.comparingLong(AuditEntry::at))
                .limit(limit)
                .toList();
        all.removeAll(old);
        return old.size();
    }
}
