package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.Doc;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command {@code import-from}, as operators run it. */
class ImportFromIT {
    private static final int LEFT_OUT = 2;
    private static final String SQLITE = "hocuspocus-sqlite";
    private static final String POSTGRES = "hocuspocus-postgres";

    @TempDir
    private Path dir;

    private static String run(KeckProcess.Setup setup, int exitCode, String... words) {
        String[] command = new String[words.length + 1];
        command[0] = "import-from";
        System.arraycopy(words, 0, command, 1, words.length);
        try (KeckProcess process = setup.brief().command(command).launch()) {
            int code = process.awaitExit(KeckProcess.PATIENCE);
            assertThat(code).as(process.log()).isEqualTo(exitCode);
            return process.log();
        }
    }

    @Test
    void aFileOfHocuspocus_isTakenOverIntoAFile() throws IOException {
        Path source = Files.copy(
                Path.of("src", "test", "resources", "stores", "hocuspocus.sqlite"), dir.resolve("db.sqlite"));
        String file = source.toString();
        assertThat(run(KeckProcess.in(dir), 0, SQLITE, file, "--dry-run"))
                .contains("24 would be imported", "Nothing was written.");
        assertThat(dir.resolve("keck.db")).doesNotExist();
        assertThat(run(KeckProcess.in(dir), 0, SQLITE, file, "--rename", "*=moved-*"))
                .contains("24 imported, 0 up to date", "Everything was imported and verified.");
        try (KeckProcess keck = KeckProcess.in(dir).brief().start()) {
            assertThat(keck.get("/api/documents/moved-doc-0?format=json").statusCode())
                    .isEqualTo(200);
            assertThat(run(KeckProcess.in(dir), 1, SQLITE, file)).contains("in use by another Keck");
        }
    }

    private static byte[] text(long client, String text) {
        Doc doc = new Doc();
        doc.setClientId(client);
        doc.getText("t").insert(0, text);
        return doc.encodeStateAsUpdate();
    }

    private static void store(Connection database, Map<String, byte[]> documents) throws SQLException {
        try (var statement = database.createStatement()) {
            statement.execute("CREATE TABLE documents (name varchar(255) PRIMARY KEY, data bytea NOT NULL)");
            statement.execute("CREATE ROLE reader LOGIN PASSWORD 'p@ss'");
            statement.execute("GRANT SELECT ON documents TO reader");
        }
        try (var insert = database.prepareStatement("INSERT INTO documents VALUES (?, ?)")) {
            for (Map.Entry<String, byte[]> document : documents.entrySet()) {
                insert.setString(1, document.getKey());
                insert.setBytes(2, document.getValue());
                insert.executeUpdate();
            }
        }
    }

    /** Clients of documents that are open get what is imported; what differs is changed only where that is wanted. */
    @Test
    void besideARunningServer_openDocumentsGetWhatComes() throws SQLException, IOException {
        try (PostgresServer postgres = PostgresServer.start(Files.createDirectory(dir.resolve("postgres")))) {
            postgres.execute("CREATE DATABASE old");
            postgres.execute("CREATE DATABASE here");
            try (Connection old = DriverManager.getConnection(postgres.jdbcUrl("old"), "postgres", "");
                    KeckProcess keck =
                            KeckProcess.on(postgres, "here", dir).brief().start();
                    SyncClient waiting = SyncClient.join(keck.room("waiting"));
                    SyncClient editing = SyncClient.join(keck.room("editing"))) {
                editing.write(new Typist(7).type("new "));
                Eventually.await(
                        "the edit", () -> keck.get("/api/block/editing/text/t").statusCode() == 200);
                store(
                        old,
                        Map.of(
                                "waiting", text(1, "old "),
                                "editing", text(1, "old "),
                                "closed", text(2, "closed"),
                                "broken", new byte[] {1, 2, 3}));
                String url = "postgres://reader:p%40ss@127.0.0.1:" + postgres.port() + "/old";
                String log = run(
                        KeckProcess.on(postgres, "here", dir).env("KECK_IMPORT_FROM", url), LEFT_OUT, POSTGRES, "-");
                assertThat(log)
                        .contains("2 imported, 0 up to date, 1 differ, 1 left out")
                        .contains("Document \"broken\" was left out. Its content is not a valid update")
                        .contains("Document \"editing\" differs. Its room here lacks 1 structs")
                        .doesNotContain("p@ss", "p%40ss");
                assertThat(waiting.awaitRead(1, 4)).isTrue();
                assertThat(keck.get("/api/block/closed/text/t").body()).isEqualTo("\"closed\"");
                assertThat(keck.get("/api/block/broken").statusCode()).isEqualTo(404);
                assertThat(keck.get("/api/block/editing/text/t").body()).isEqualTo("\"new \"");

                log = run(
                        KeckProcess.on(postgres, "here", dir).env("KECK_IMPORT_FROM", url),
                        LEFT_OUT,
                        POSTGRES,
                        "-",
                        "--merge");
                assertThat(log).contains("0 imported, 2 up to date, 1 completed, 0 differ, 1 left out");
                assertThat(editing.awaitRead(1, 4)).isTrue();
                assertThat(keck.get("/api/block/editing/text/t").body()).contains("old ", "new ");
            }
        }
    }
}
