package io.keck.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.storage.DatabaseFactory;
import io.keck.testing.DebianPostgres;
import io.keck.testing.FreshDatabase;
import io.keck.testing.PostgresServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresBackupDrillTest extends BackupDrillContract {
    @TempDir
    private Path dir;

    @Override
    FreshDatabase database() {
        return FreshDatabase.postgres();
    }

    @Override
    DatabaseFactory live(FreshDatabase db) {
        DatabaseFactory live = factory(db.get().url());
        live.setScratchUrl(PostgresServer.shared().url());
        return live;
    }

    @Override
    List<String> left(FreshDatabase db) {
        return left(db.jdbi());
    }

    private static List<String> left(Jdbi jdbi) {
        return jdbi.withHandle(h -> h.createQuery("SELECT datname FROM pg_database WHERE datname LIKE 'keck_drill_%'")
                .mapTo(String.class)
                .list());
    }

    /** The server of the database is that of the scratch database where none is named. */
    @Test
    void dump_isRestoredAndDrilled() throws Exception {
        try (DebianPostgres server = DebianPostgres.start(dir)) {
            server.execute("postgres", "CREATE DATABASE keck");
            String url = server.address() + "/keck";
            Path archive = backups().resolve("all.keck");
            exportAll(archive);
            importAll(archive, url);
            Files.delete(archive);
            Path dump = backups().resolve("keck.dump");
            server.dump("keck", dump);
            DatabaseFactory live = factory(url);
            copyOfADatabase_isDrilled(dump, live, () -> {
                server.execute("keck", damage());
                server.dump("keck", dump);
            });
            cutFile_isSeen(dump, live);
            assertThat(left(Jdbi.create(server.jdbcUrl("keck"), "postgres", "")))
                    .isEmpty();
        }
    }

    /** Of a drill that was killed nothing stays longer than to the next one. */
    @Test
    void scratchDatabaseOfADrillThatWasKilled_isRemoved() throws Exception {
        db().jdbi().useHandle(h -> h.execute("CREATE DATABASE keck_drill_0123456789abcdef"));
        goodBackup_isGood_andNothingIsLeft();
    }
}
