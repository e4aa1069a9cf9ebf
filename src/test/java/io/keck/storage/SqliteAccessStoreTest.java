package io.keck.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.access.AccessStore;
import io.keck.access.AccessStoreContract;
import io.keck.access.Revocation;
import io.keck.testing.SqliteFile;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteAccessStoreTest extends AccessStoreContract {
    @TempDir
    Path dir;

    private SqliteFile database;

    @BeforeEach
    void open() throws Exception {
        database = new SqliteFile(dir.resolve("keck.db"));
    }

    @AfterEach
    void close() throws Exception {
        database.close();
    }

    @Override
    protected AccessStore store() {
        return new JdbiAccessStore(database.jdbi, database.clock);
    }

    @Override
    protected AccessStore other() {
        return store();
    }

    @Override
    protected void pass(long millis) {
        database.clock.now += millis;
    }

    @Override
    protected long now() {
        return database.clock.millis();
    }

    /** A principal that shows newer credentials for ever more documents fills a minute's share, and no revocation waits for it. */
    @Test
    void extensionsOfOneMinute_areBounded_andLeaveRoomForRevocations() {
        database.jdbi.useHandle(h -> h.createUpdate("""
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
