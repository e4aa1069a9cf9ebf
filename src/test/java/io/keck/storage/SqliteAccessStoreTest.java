package io.keck.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.access.AccessStore;
import io.keck.access.Revocation;
import io.keck.testing.FreshDatabase;
import org.junit.jupiter.api.Test;

class SqliteAccessStoreTest extends JdbiAccessStoreContract {
    SqliteAccessStoreTest() {
        super(FreshDatabase.sqlite());
    }

    /** A principal that shows newer credentials for ever more documents fills a minute's share, and no revocation waits for it. */
    @Test
    void extensionsOfOneMinute_areBounded_andLeaveRoomForRevocations() {
        db.jdbi().useHandle(h -> h.createUpdate("""
                        INSERT INTO access_revocations (version, kind, subject, issued_before, created_at)
                        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000)
                        SELECT -n, 'extension', 'alice', 0, :now FROM numbers
                        """).bind("now", now()).execute());
        AccessStore store = store();
        assertThatThrownBy(() -> store.revoke(Revocation.Kind.EXTENSION, "alice\nboard", now() + 900_000))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("10000");
        assertThat(store.revoke(Revocation.Kind.TOKEN, "1", 0).before()).isEqualTo(now());
        pass(60_001);
        assertThat(store.revoke(Revocation.Kind.EXTENSION, "alice\nboard", now() + 900_000)
                        .subject())
                .isEqualTo("alice\nboard");
    }
}
