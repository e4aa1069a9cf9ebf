package io.keck.storage;

import io.keck.access.TenantSizes;
import io.keck.storage.database.Dialect;
import java.util.List;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Measures the storage of tenants by ranges of names, in indexes that sort by bytes (change sets 22-tenants and 28-deleted-of-tenants). Lengths
 * are read without the stored bytes. Thread-safe.
 */
final class JdbiTenantSizes implements TenantSizes {
    private static final String DOCUMENT = """
            coalesce((SELECT length(s.state) FROM room_snapshots s WHERE s.room_id = r.id), 0)
            + coalesce((SELECT sum(length(l.payload)) FROM room_log l
                        WHERE l.room_id = r.id
                          AND l.seq > coalesce((SELECT s.seq FROM room_snapshots s WHERE s.room_id = r.id), 0)), 0)""";

    private static final String BLOBS = """
            coalesce((SELECT sum(c.size) FROM blobs b JOIN blob_contents c ON c.id = b.content_id
                      WHERE b.space_id = r.id), 0)""";

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
                SELECT r.name, DOCUMENT AS bytes
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
                SELECT r.name, BLOBS AS bytes
                FROM blob_spaces r
                WHERE r.deleted_at IS NULL AND NAME > :after AND NAME < :end
                ORDER BY NAME
                LIMIT :limit
                """);
    }

    /** A name may have several ended lives. */
    @Override
    public Page deletedDocuments(String tenant, @Nullable String after, int limit) {
        return page(tenant, after, limit, """
                SELECT NAME, sum(DOCUMENT) AS bytes
                FROM rooms r
                WHERE r.deleted_at IS NOT NULL AND r.emptied_at IS NULL AND NAME > :after AND NAME < :end
                GROUP BY NAME
                ORDER BY NAME
                LIMIT :limit
                """);
    }

    @Override
    public Page deletedBlobs(String tenant, @Nullable String after, int limit) {
        return page(tenant, after, limit, """
                SELECT NAME, sum(BLOBS) AS bytes
                FROM blob_spaces r
                WHERE r.deleted_at IS NOT NULL AND NAME > :after AND NAME < :end
                GROUP BY NAME
                ORDER BY NAME
                LIMIT :limit
                """);
    }

    private Page page(String tenant, @Nullable String after, int limit, String sql) {
        List<Row> rows = jdbi.withHandle(h -> h.createQuery(
                        sql.replace("NAME", name).replace("DOCUMENT", DOCUMENT).replace("BLOBS", BLOBS))
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
