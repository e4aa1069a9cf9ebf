package io.keck.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.storage.database.Dialect;
import io.keck.testing.FreshDatabase;
import org.junit.jupiter.api.Test;

class PostgresTenantSizesTest extends TenantSizesContract {
    PostgresTenantSizesTest() {
        super(FreshDatabase.postgres(), Dialect.POSTGRES);
    }

    /** With many rooms of others, a page of one tenant costs what it has, and no more. */
    @Test
    void page_isARangeOfAnIndex() {
        jdbi().useHandle(h -> {
            h.execute("INSERT INTO rooms (name, head, created_at)"
                    + " SELECT 't' || (n % 1000) || '/' || n, 1, 1 FROM generate_series(1, 20000) n");
            h.execute("ANALYZE rooms");
            String plan = String.join(
                    "\n",
                    h.createQuery("EXPLAIN SELECT r.name FROM rooms r WHERE r.deleted_at IS NULL"
                                    + " AND r.name COLLATE \"C\" > 't7/' AND r.name COLLATE \"C\" < 't70'"
                                    + " ORDER BY r.name COLLATE \"C\" LIMIT 100")
                            .mapTo(String.class)
                            .list());
            assertThat(plan).contains("rooms_tenant").doesNotContain("Seq Scan");
        });
    }
}
