package io.keck.storage;

import io.keck.access.AuditEntry;
import io.keck.access.AuditStore;
import java.util.List;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jspecify.annotations.Nullable;

/** The audit log in the database. Thread-safe. */
final class JdbiAuditStore implements AuditStore {
    private final Jdbi jdbi;

    JdbiAuditStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    @Override
    public void add(List<AuditEntry> entries) {
        jdbi.useTransaction(h -> {
            PreparedBatch batch = h.prepareBatch("""
                    INSERT INTO audit_log (at, node, event, principal, document, line)
                    VALUES (:at, :node, :event, :principal, :document, :line)
                    """);
            for (AuditEntry entry : entries) {
                batch.bind("at", entry.at())
                        .bind("node", entry.node())
                        .bind("event", entry.event())
                        .bind("principal", entry.principal())
                        .bind("document", entry.document())
                        .bind("line", entry.line())
                        .add();
            }
            batch.execute();
        });
    }

    @Override
    public List<AuditEntry> before(long id, @Nullable String principal, @Nullable String document, int limit) {
        String sql = "SELECT id, at, node, event, principal, document, line FROM audit_log WHERE id < :id"
                + (principal == null ? "" : " AND principal = :principal")
                + (document == null ? "" : " AND document = :document")
                + " ORDER BY id DESC LIMIT :limit";
        return jdbi.withHandle(h -> {
            var query = h.createQuery(sql).bind("id", id).bind("limit", limit);
            if (principal != null) {
                query.bind("principal", principal);
            }
            if (document != null) {
                query.bind("document", document);
            }
            return query.map((rs, ctx) -> new AuditEntry(
                            rs.getLong(1),
                            rs.getLong(2),
                            rs.getString(3),
                            rs.getString(4),
                            rs.getString(5),
                            rs.getString(6),
                            rs.getString(7)))
                    .list();
        });
    }

    @Override
    public int forget(long before, int limit) {
        return jdbi.withHandle(h ->
                h.createUpdate("""
                        DELETE FROM audit_log
                        WHERE id IN (SELECT id FROM audit_log WHERE at < :before ORDER BY at LIMIT :limit)
                        """).bind("before", before).bind("limit", limit).execute());
    }
}
