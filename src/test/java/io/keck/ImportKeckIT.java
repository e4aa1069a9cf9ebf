package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.blob.BlobId;
import io.keck.crdt.Doc;
import io.keck.storage.octobase.OldKeck;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import io.keck.testing.Seeds;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command {@code import-keck}, as operators run it. */
class ImportKeckIT {
    private static final int INCOMPLETE = 2;
    private static final int NOT_WHOLE = 3;

    @TempDir
    private static Path files;

    private static PostgresServer postgres;

    @TempDir
    private Path dir;

    @BeforeAll
    static void startPostgres() {
        postgres = PostgresServer.start(files);
    }

    @AfterAll
    static void stopPostgres() {
        postgres.close();
    }

    private static byte[] text(long client, String text) {
        Doc doc = new Doc();
        doc.setClientId(client);
        doc.getText("t").insert(0, text);
        return doc.encodeStateAsUpdate();
    }

    private static KeckProcess.Setup importing(KeckProcess.Setup setup, OldKeck old, String... options) {
        String[] words = new String[options.length + 1];
        words[0] = "import-keck";
        System.arraycopy(options, 0, words, 1, options.length);
        return setup.env("KECK_IMPORT_FROM", old.url()).brief().command(words);
    }

    private static String run(KeckProcess.Setup setup, int exitCode) {
        try (KeckProcess command = setup.launch()) {
            int code = command.awaitExit(KeckProcess.PATIENCE);
            assertThat(code).as(command.log()).isEqualTo(exitCode);
            return command.log();
        }
    }

    @Test
    void aFile_isTakenOverIntoAFile() {
        try (OldKeck old = OldKeck.sqlite(dir.resolve("jwst.db"))) {
            old.row("docs", text(1, "from the old server"));
            old.row("caf\u00e9 au lait", text(2, "encoded"));
            BlobId blob = old.blob("docs", "a blob".getBytes(java.nio.charset.StandardCharsets.UTF_8));

            assertThat(run(importing(KeckProcess.in(dir), old, "--dry-run"), 0)).contains("2 can be imported");
            assertThat(dir.resolve("keck.db")).doesNotExist();
            assertThat(run(importing(KeckProcess.in(dir), old), 0))
                    .contains("Rooms:  2 imported", "Blobs:  1 copied", "Everything was imported.");
            assertThat(run(importing(KeckProcess.in(dir), old), 0)).contains("2 were up to date");

            try (KeckProcess keck = KeckProcess.in(dir).brief().start()) {
                assertThat(keck.get("/api/block/docs/export?format=json").body())
                        .isEqualTo("{\"t\":\"from the old server\"}");
                assertThat(keck.get("/api/block/caf%C3%A9%20au%20lait/text/t").body())
                        .isEqualTo("\"encoded\"");
                assertThat(keck.get("/api/blobs/docs/" + blob.text()).body()).isEqualTo("a blob");
                assertThat(run(importing(KeckProcess.in(dir), old), 1)).contains("in use by another Keck");
            }
        }
    }

    @Test
    void besideARunningServer_clientsOfOpenRoomsSeeWhatComes() {
        postgres.execute("CREATE DATABASE beside");
        try (OldKeck old = OldKeck.postgres(postgres);
                KeckProcess keck =
                        KeckProcess.on(postgres, "beside", dir).brief().start();
                SyncClient client = SyncClient.join(keck.room("open"))) {
            client.write(new Typist(7).type("new "));
            old.row("open", text(1, "old "));
            old.row("closed", text(2, "closed"));
            old.row("broken", new byte[] {1, 2, 3});
            String log = run(importing(KeckProcess.on(postgres, "beside", dir), old), INCOMPLETE);
            assertThat(log)
                    .contains("1 imported, 1 existed and were completed", "NOT imported: 1")
                    .contains("Workspace \"broken\", row 3 is not a valid update")
                    .doesNotContain("p@ss", "p%40ss");
            assertThat(client.awaitRead(1, 4)).isTrue();
            assertThat(keck.get("/api/block/open/text/t").body()).contains("old ", "new ");
            assertThat(keck.get("/api/block/closed/text/t").body()).isEqualTo("\"closed\"");
            assertThat(keck.get("/api/block/broken").statusCode()).isEqualTo(404);
        }
    }

    /** Imperfect documents in the source have an exit code of their own, and refused names can be replaced. */
    @Test
    void aSourceThatIsNotWhole_isTakenOver_andNeverCalledEverything() throws IOException {
        try (OldKeck old = OldKeck.sqlite(dir.resolve("jwst.db"))) {
            Doc doc = new Doc();
            doc.setClientId(7);
            doc.getText("t").insert(0, "first ");
            var state = doc.stateVector();
            doc.getText("t").insert(6, "second");
            old.row("waiting", doc.encodeStateAsUpdate(state));
            old.row("new\nline", text(1, "control"));
            BlobId blob = old.blob("new\nline", new byte[] {1});
            Path names = dir.resolve("names.json");

            String log = run(importing(KeckProcess.in(dir), old, "--dry-run"), INCOMPLETE);
            assertThat(log).contains("  \"new\\u000aline\": \"new-line\"", "NOT imported: 2");
            assertThat(dir.resolve("keck.db")).doesNotExist();
            Files.writeString(names, log.substring(log.lastIndexOf("{\n"), log.lastIndexOf('}') + 1));
            String[] options = {"--rename-file", names.toString()};
            log = run(importing(KeckProcess.in(dir), old, options), NOT_WHOLE);
            assertThat(log)
                    .contains("2 imported", "1 renamed", "1 documents are incomplete", "import.md")
                    .contains("Workspace \"waiting\" is incomplete in the source: 1 struct of 1 client waits for"
                            + " clocks 0 to 5"
                            + " of client 7.")
                    .contains("All documents were imported, but some are incomplete or contradictory in the source")
                    .doesNotContain("Everything");
            assertThat(run(importing(KeckProcess.in(dir), old, "--rename", "waiting=a\tb"), 1))
                    .contains("cannot be renamed to \"a\\u0009b\"", "Nothing was changed.");
            assertThat(run(KeckProcess.in(dir).brief().command("doctor"), 0))
                    .contains(
                            "room \"waiting\"",
                            "it is incomplete",
                            "Keck is well, but some documents are incomplete or contradictory");
            try (KeckProcess keck = KeckProcess.in(dir).brief().start()) {
                assertThat(keck.get("/api/block/new-line/text/t").body()).isEqualTo("\"control\"");
                assertThat(keck.send("GET", "/api/blobs/new-line/" + blob.text())
                                .statusCode())
                        .isEqualTo(200);
            }
        }
    }

    @Test
    void killedInTheMiddle_itGoesOn() throws SQLException, IOException {
        int rooms = 1_000;
        postgres.execute("CREATE DATABASE killed");
        try (OldKeck old = OldKeck.postgres(postgres);
                Connection database = DriverManager.getConnection(postgres.jdbcUrl("killed"), "postgres", "")) {
            old.inOneTransaction(() -> {
                for (int i = 0; i < rooms; i++) {
                    String name = i % 10 == 0 ? "w\n" + i : "w" + i; // every tenth has to be renamed
                    old.row(name, text(1, "one "));
                    old.row(name, text(2, "two "));
                    old.row(name, new byte[0]);
                    if (i % 10 == 1) {
                        old.row(name, text(1, "ONE "));
                    }
                }
            });
            Path names = dir.resolve("names.csv");
            Files.writeString(
                    names,
                    IntStream.range(0, rooms / 10)
                            .mapToObj(i -> "\"w\n" + 10 * i + "\",renamed" + i + "\n")
                            .collect(Collectors.joining()));
            String[] options = {"--rename-file", names.toString()};
            try (KeckProcess first = importing(KeckProcess.on(postgres, "killed", dir), old, options)
                    .launch()) {
                Eventually.await("some rooms", () -> rooms(database) >= 50);
                first.kill();
            }
            long there = rooms(database);
            assertThat(there).isLessThan(rooms);
            assertThat(run(importing(KeckProcess.on(postgres, "killed", dir), old, options), NOT_WHOLE))
                    .contains(rooms + " empty", "0 documents are incomplete, 100 are contradictory")
                    .contains("Rooms:  " + (rooms - there) + " imported, 0 existed and were completed, " + there
                            + " were up to date");
            assertThat(count(database, "SELECT count(*) FROM room_log")).isEqualTo(rooms);
            assertThat(count(database, "SELECT count(*) FROM rooms WHERE name LIKE 'renamed%'"))
                    .isEqualTo(rooms / 10);
        }
    }

    /** None while there are no tables yet. */
    private static long rooms(Connection database) {
        try {
            return count(database, "SELECT count(*) FROM rooms");
        } catch (SQLException e) {
            return 0;
        }
    }

    private static long count(Connection database, String sql) throws SQLException {
        try (var statement = database.createStatement();
                var rs = statement.executeQuery(sql)) {
            rs.next();
            return rs.getLong(1);
        }
    }

    @Test
    void manyMegabytes_passThroughASmallHeap() {
        Random random = new Random(Seeds.next("ImportKeckIT.heap"));
        String[] megabyte = new String[1];
        postgres.execute("CREATE DATABASE heap");
        try (OldKeck old = OldKeck.postgres(postgres)) {
            old.inOneTransaction(() -> {
                for (int room = 0; room < 40; room++) { // more than the heap altogether
                    megabyte[0] = random.ints(1 << 20, 'a', 'z' + 1)
                            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                            .toString();
                    old.row("many" + room, text(1, megabyte[0]));
                }
                for (int row = 1; row <= 40; row++) { // what one room of few megabytes may have, too
                    old.row("again", text(1, megabyte[0]));
                }
                for (int row = 1; row <= 6; row++) {
                    old.row("large", text(row, megabyte[0]));
                }
            });
            assertThat(run(importing(KeckProcess.on(postgres, "heap", dir), old).jvm("-Xmx72m"), 0))
                    .contains("Rooms:  42 imported");
        }
    }
}
