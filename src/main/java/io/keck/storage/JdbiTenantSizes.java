package io.keck.storage;

import io.keck.access.TenantSizes;
import io.keck.storage.database.Dialect;
import java.util.List;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Measures the storage of tenants by ranges of names, in indexes that sort by bytes (change set 22-tenants). Lengths
 * are read without the stored bytes. Thread-safe.
 */
final class JdbiTenantSizes implements TenantSizes {
    private final Jdbi jdbi;
    private final String name;

    JdbiTenantSizes(Jdbi jdbi, Dialect dialect) {
        this.jdbi = jdbi;
        // SQLite sorts text by bytes anyway
        this.name = dialect.isShared() ? "r.name COLLATE \"C\"" : "r.name";
    }

    private record Row(String name, long bytes) {}

    @Override
    public Page documents(String tenant, @Nullable String after, int limit) {
        return page(tenant, after, limit, """
                SELECT r.name,
                       coalesce((SELECT length(s.state) FROM room_snapshots s WHERE s.room_id = r.id), 0)
                       + coalesce((SELECT sum(length(l.payload)) FROM room_log l
                                   WHERE l.room_id = r.id
                                     AND l.seq > coalesce((SELECT s.seq FROM room_snapshots s
                                                           WHERE s.room_id = r.id), 0)), 0) AS bytes
                FROM rooms r
                WHERE r.deleted_at IS NULL AND (r.unmade = 0 OR r.head > 0)
                  AND NAME > :after AND NAME < :end
                ORDER BY NAME
                LIMIT :limit
                """);
    }

    @Override
    public Page blobs(String tenant, @Nullable String after, int limit) {
        return page(tenant, after, limit, """
                SELECT r.name,
                       coalesce((SELECT sum(c.size) FROM blobs b JOIN blob_contents c ON c.id = b.content_id
                                 WHERE b.space_id = r.id), 0) AS bytes
                FROM blob_spaces r
                WHERE r.deleted_at IS NULL AND NAME > :after AND NAME < :end
                ORDER BY NAME
                LIMIT :limit
                """);
    }

    private Page page(String tenant, @Nullable String after, int limit, String sql) {
        List<Row> rows = jdbi.withHandle(h -> h.createQuery(sql.replace("NAME", name))
                .bind("after", after == null ? tenant + "/" : after)
                .bind("end", tenant + "0") // the character after the slash
                .bind("limit", limit)
                .map((rs, ctx) -> new Row(rs.getString(1), rs.getLong(2)))
                .list());
        long bytes = rows.stream().mapToLong(Row::bytes).sum();
        String last = rows.size() < limit ? null : rows.get(rows.size() - 1).name();
        return new Page(rows.size(), bytes, last);
    }
}
