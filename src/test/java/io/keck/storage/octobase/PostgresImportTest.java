package io.keck.storage.octobase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.storage.Storage;
import io.keck.storage.log.JdbiUpdateLog;
import io.keck.testing.FreshDatabase;
import io.keck.testing.PostgresDatabase;
import io.keck.testing.PostgresServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresImportTest extends ImporterContract {
    PostgresImportTest() {
        super(FreshDatabase.postgres());
    }

    @Override
    protected OldKeck source() {
        return OldKeck.postgres(PostgresServer.shared());
    }

    private static ImportReport take(OldKeck from, PostgresDatabase into, ImportListener listener)
            throws InterruptedException {
        Storage storage = into.storage(JdbiUpdateLog.Settings.DEFAULT);
        try (SourceDatabase source = SourceDatabase.open(from.url())) {
            Target target = Target.open(settings -> storage, Duration.ZERO);
            return new Importer(
                            source,
                            Importer.Target.of(target.log, target.blobs),
                            new Random(1),
                            Importer.Options.ALL,
                            listener)
                    .run(true);
        } finally {
            storage.stop();
        }
    }

    @Test
    void theTargetGoesAway_theImportEnds_andGoesOnAnotherTime(@TempDir Path dir) throws Exception {
        try (PostgresServer server = PostgresServer.start(dir);
                OldKeck file = OldKeck.sqlite(dir.resolve("file.db"))) {
            for (int i = 0; i < 6; i++) {
                file.row("w" + i, new byte[] {0, 0});
            }
            String name = takenInPart(server, file);
            server.start();
            try (PostgresDatabase ours = PostgresDatabase.migrated(server, name, server.address())) {
                ImportReport report = take(file, ours, new Quiet());
                assertThat(report.unchanged).isEqualTo(3);
                assertThat(report.imported).isEqualTo(3);
            }
        }
    }

    /** The third room is taken, and the server of the database with that name ends. */
    private static String takenInPart(PostgresServer server, OldKeck file) throws Exception {
        int[] rooms = new int[1];
        try (PostgresDatabase ours = PostgresDatabase.create(server)) {
            assertThatThrownBy(() -> take(file, ours, new Quiet() {
                        @Override
                        public void room(String workspace) {
                            if (++rooms[0] == 3) {
                                server.stop();
                            }
                        }
                    }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("run the command again");
            assertThat(rooms[0]).isEqualTo(3);
            return ours.name;
        }
    }

    private static class Quiet implements ImportListener {
        @Override
        public void progress(ImportReport report) {}

        @Override
        public void problem(String sentence) {}
    }
}
