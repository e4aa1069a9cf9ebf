package io.keck.storage.octobase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.testing.PostgresServer;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresImportTest extends ImporterContract {
    @TempDir
    private static Path dir;

    private static PostgresServer server;
    private static int databases;

    private String database;

    @BeforeAll
    static void startServer() {
        server = PostgresServer.start(dir);
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @Override
    protected OldKeck source() {
        database = "target" + ++databases;
        server.execute("CREATE DATABASE " + database);
        return OldKeck.postgres(server);
    }

    @Override
    protected String targetUrl() {
        return server.url(database);
    }

    private ImportReport take(OldKeck from, ImportListener listener) {
        try (SourceDatabase source = SourceDatabase.open(from.url())) {
            return new Importer(
                            source,
                            Importer.Target.of(target.log, target.blobs),
                            new Random(1),
                            Importer.Options.ALL,
                            listener)
                    .run(true);
        }
    }

    @Test
    void theTargetGoesAway_theImportEnds_andGoesOnAnotherTime() {
        try (OldKeck file = OldKeck.sqlite(dir.resolve("file.db"))) {
            for (int i = 0; i < 6; i++) {
                file.row("w" + i, new byte[] {0, 0});
            }
            int[] rooms = new int[1];
            assertThatThrownBy(() -> take(file, new Quiet() {
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
            server.start();
            target.close();
            target = target(Target.FOREVER);
            ImportReport report = take(file, new Quiet());
            assertThat(report.unchanged).isEqualTo(3);
            assertThat(report.imported).isEqualTo(3);
        }
    }

    private static class Quiet implements ImportListener {
        @Override
        public void progress(ImportReport report) {}

        @Override
        public void problem(String sentence) {}
    }
}
