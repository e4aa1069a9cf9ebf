package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.blob.BlobId;
import io.keck.crdt.Doc;
import io.keck.storage.archive.ArchiveReader;
import io.keck.storage.archive.Entry;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.NodeClients;
import io.keck.testing.PostgresServer;
import io.keck.testing.Seeds;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands {@code export} and {@code import}, as operators run them. */
class ArchiveIT {
    private static final int LEFT_OUT = 2;
    private static final boolean LONG = Boolean.getBoolean("keck.campaign");

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

    private static String run(KeckProcess.Setup setup, int exitCode, String... words) {
        try (KeckProcess command = setup.brief().command(words).launch()) {
            int code = command.awaitExit(KeckProcess.PATIENCE);
            assertThat(code).as(command.log()).isEqualTo(exitCode);
            return command.log();
        }
    }

    private static byte[] send(KeckProcess keck, String method, String path, byte[] body) {
        try {
            HttpResponse<byte[]> answer = KeckProcess.HTTP.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + keck.port() + path))
                            .timeout(KeckProcess.PATIENCE)
                            .method(method, HttpRequest.BodyPublishers.ofByteArray(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofByteArray());
            assertThat(answer.statusCode()).as(path).isEqualTo(200);
            return answer.body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void init(KeckProcess keck, String room, String text) {
        Doc doc = new Doc();
        doc.getText("t").insert(0, text);
        send(keck, "POST", "/api/block/" + room + "/init", doc.encodeStateAsUpdate());
    }

    private static BlobId blob(KeckProcess keck, String room, byte[] bytes) {
        send(keck, "POST", "/api/blobs/" + room, bytes);
        try {
            return BlobId.of(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] bytes(Random random, int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }

    /** What readers of these rooms see. */
    private static List<String> show(KeckProcess keck, int rooms) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < rooms; i++) {
            String path = "/api/block/room" + i;
            all.add(keck.get(path + "/text/t?format=delta").body());
            all.add(keck.get(path + "/map/m").body());
            all.add(keck.get(path + "/array/a").body());
        }
        return all;
    }

    @Test
    void roomsOfRealYjs_goFromSqliteToPostgresAndBack() {
        long seed = Seeds.next("ArchiveIT.yjs");
        Random random = new Random(seed);
        int rooms = 4;
        byte[] large = bytes(random, 700_000);
        Path first = dir.resolve("first.keck");
        Path second = dir.resolve("second.keck");
        postgres.execute("CREATE DATABASE archive");
        List<String> expected;
        BlobId id;
        try (NodeClients clients = NodeClients.start();
                KeckProcess keck = KeckProcess.in(dir).brief().start()) {
            for (int i = 0; i < rooms; i++) {
                clients.open("a" + i, keck, "room" + i);
                clients.open("b" + i, keck, "room" + i);
                clients.scribble(seed + i, LONG ? 200 : 60, "a" + i, "b" + i);
                clients.awaitEqual("a" + i, "b" + i);
            }
            id = blob(keck, "room1", large);
            blob(keck, "room1", new byte[0]);
            blob(keck, "room2", bytes(random, 10));
            clients.closeClients();
            expected = show(keck, rooms);
            assertThat(run(KeckProcess.in(dir), 0, "export", "--to", first.toString()))
                    .contains("Exported 4 rooms and 3 blobs"); // beside the server
        }
        try (KeckProcess keck = KeckProcess.on(postgres, "archive", dir).brief().start()) {
            init(keck, "other", "stays");
            assertThat(run(KeckProcess.on(postgres, "archive", dir), 0, "import", "--from", first.toString()))
                    .contains("Imported 4 rooms, 0 existed", "3 blobs"); // beside the server
            assertThat(show(keck, rooms)).isEqualTo(expected);
            assertThat(send(keck, "GET", "/api/blobs/room1/" + id.text(), new byte[0]))
                    .isEqualTo(large);
            assertThat(run(KeckProcess.on(postgres, "archive", dir), 0, "import", "--from", first.toString()))
                    .contains("Imported 0 rooms, 0 existed and were completed, 4 were up to date; 0 blobs, 3");
            assertThat(run(KeckProcess.on(postgres, "archive", dir), 0, "export", "--to", second.toString()))
                    .contains("Exported 5 rooms and 3 blobs");
        }
        Path back = dir.resolve("back.db");
        KeckProcess.Setup there = KeckProcess.in(dir).env("DATABASE_URL", "jdbc:sqlite:" + back);
        assertThat(run(there, 0, "import", "--from", second.toString())).contains("Imported 5 rooms");
        try (KeckProcess keck = KeckProcess.in(dir)
                .env("DATABASE_URL", "jdbc:sqlite:" + back)
                .brief()
                .start()) {
            assertThat(show(keck, rooms)).isEqualTo(expected);
            assertThat(send(keck, "GET", "/api/blobs/room1/" + id.text(), new byte[0]))
                    .isEqualTo(large);
            assertThat(keck.get("/api/block/other/text/t").body()).isEqualTo("\"stays\"");
        }
    }

    @Test
    void oneRoom_getsAnotherName_andWhatIsThereStays() {
        Path file = dir.resolve("one.keck");
        try (KeckProcess keck = KeckProcess.in(dir).brief().start()) {
            init(keck, "a", "one");
            init(keck, "b", "two");
            run(KeckProcess.in(dir), 0, "export", "--room", "a", "--to", file.toString());
            run(KeckProcess.in(dir), 1, "export", "--to", file.toString()); // is there already
        }
        assertThat(run(KeckProcess.in(dir), 0, "import", "--from", file.toString(), "--room", "a", "--as", "c"))
                .contains("Imported 1 rooms");
        assertThat(run(KeckProcess.in(dir), LEFT_OUT, "import", "--from", file.toString(), "--room", "nobody"))
                .contains("\"nobody\" is not in the file");
        assertThat(run(KeckProcess.in(dir), 0, "import", "--from", file.toString(), "--room", "a", "--as", "b"))
                .contains("1 existed and were completed");
        try (KeckProcess keck = KeckProcess.in(dir).brief().start()) {
            assertThat(keck.get("/api/block/c/text/t").body()).isEqualTo("\"one\"");
            assertThat(keck.get("/api/block/b/text/t").body()).contains("one", "two");
        }
    }

    @Test
    void cutExportAndImport_goOnWhereTheyWere() throws IOException {
        Random random = new Random(Seeds.next("ArchiveIT.cut"));
        int rooms = LONG ? 300 : 100;
        Path whole = dir.resolve("whole.keck");
        Path cut = dir.resolve("cut.keck");
        try (KeckProcess keck = KeckProcess.in(dir).brief().start()) {
            for (int i = 0; i < rooms; i++) {
                init(keck, "room" + i, "text of " + i);
            }
            for (int i = 0; i < 3; i++) {
                blob(keck, "room" + i, bytes(random, 300_000));
            }
            run(KeckProcess.in(dir), 0, "export", "--to", whole.toString());
            byte[] all = Files.readAllBytes(whole);
            for (int i = 0; i < (LONG ? 5 : 1); i++) {
                Files.write(dir.resolve("cut.keck.part"), Arrays.copyOf(all, 1 + random.nextInt(all.length - 1)));
                String said = run(KeckProcess.in(dir), 0, "export", "--to", cut.toString());
                assertThat(said).contains("Exported " + rooms + " rooms and 3 blobs");
                assertThat(Files.readAllBytes(cut)).isEqualTo(all);
                Files.delete(cut);
            }
        }
        String target = "jdbc:sqlite:" + dir.resolve("target.db");
        Path mark = dir.resolve("whole.keck.imported");
        try (KeckProcess first = KeckProcess.in(dir)
                .env("DATABASE_URL", target)
                .brief()
                .command("import", "--from", whole.toString())
                .launch()) {
            Eventually.await("some rooms", () -> Files.exists(mark));
            first.kill();
        }
        if (Files.exists(mark)) { // it may have been faster than we
            assertThat(run(KeckProcess.in(dir).env("DATABASE_URL", target), 0, "import", "--from", whole.toString()))
                    .contains("Resumed an interrupted import.");
        }
        try (KeckProcess keck =
                KeckProcess.in(dir).env("DATABASE_URL", target).brief().start()) {
            for (int i = 0; i < rooms; i++) {
                assertThat(keck.get("/api/block/room" + i + "/text/t").body()).isEqualTo("\"text of " + i + "\"");
            }
        }
    }

    @Test
    void damagedFile_isRefusedWithThePositionAndChangesNothing() throws IOException {
        Random random = new Random(Seeds.next("ArchiveIT.damage"));
        Path file = dir.resolve("all.keck");
        try (KeckProcess keck = KeckProcess.in(dir).brief().start()) {
            init(keck, "a", "one");
            blob(keck, "a", bytes(random, 1_000));
            run(KeckProcess.in(dir), 0, "export", "--to", file.toString());
        }
        byte[] whole = Files.readAllBytes(file);
        List<Long> begins = new ArrayList<>();
        try (InputStream in = Files.newInputStream(file)) {
            ArchiveReader reader = new ArchiveReader(in, 0);
            for (Entry entry = reader.next(); entry != null; entry = reader.next()) {
                begins.add(reader.begin());
            }
        }
        for (int i = 0; i < (LONG ? 10 : 1); i++) { // ArchiveTest changes every bit
            byte[] damaged = whole.clone();
            int at = 12 + random.nextInt(whole.length - 12);
            damaged[at] ^= (byte) (1 + random.nextInt(255));
            Files.write(file, damaged);
            long record =
                    begins.stream().filter(b -> b <= at).max(Long::compare).orElseThrow();
            String said = run(
                    KeckProcess.in(dir).env("DATABASE_URL", "jdbc:sqlite:" + dir.resolve("new.db")),
                    1,
                    "import",
                    "--from",
                    file.toString());
            assertThat(said).contains("At byte " + record + " of the file");
            assertThat(dir.resolve("new.db")).doesNotExist();
        }
        Files.write(file, Arrays.copyOf(whole, whole.length - 1));
        assertThat(run(KeckProcess.in(dir), 1, "import", "--from", file.toString()))
                .contains("ends before");
        Files.write(file, "something else".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        assertThat(run(KeckProcess.in(dir), 1, "import", "--from", file.toString()))
                .contains("not an archive of Keck");
    }

    @Test
    void manyMegabytes_passThroughASmallHeap() {
        Random random = new Random(Seeds.next("ArchiveIT.heap"));
        Path file = dir.resolve("many.keck");
        int rooms = LONG ? 20 : 15; // 5 MiB each: more than the heap altogether
        try (KeckProcess keck = KeckProcess.in(dir).brief().start()) {
            for (int i = 0; i < rooms; i++) {
                init(
                        keck,
                        "room" + i,
                        random.ints(1 << 20, 'a', 'z' + 1)
                                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                                .toString());
                blob(keck, "room" + i, bytes(random, 4 << 20));
            }
        }
        assertThat(run(KeckProcess.in(dir).jvm("-Xmx72m"), 0, "export", "--to", file.toString()))
                .contains("Exported " + rooms + " rooms and " + rooms + " blobs");
        KeckProcess.Setup target = KeckProcess.in(dir)
                .env("DATABASE_URL", "jdbc:sqlite:" + dir.resolve("small.db"))
                .jvm("-Xmx72m");
        assertThat(run(target, 0, "import", "--from", file.toString()))
                .contains("Imported " + rooms + " rooms", rooms + " blobs");
        assertThat(run(
                        KeckProcess.in(dir)
                                .env("DATABASE_URL", "jdbc:sqlite:" + dir.resolve("small.db"))
                                .jvm("-Xmx72m"),
                        0,
                        "doctor"))
                .contains(rooms + " rooms");
    }

    /** What cron runs: the status and the file with the metrics follow the backup. */
    @Test
    void drill_saysWhetherTheNewestBackupIsGood() throws IOException {
        Path backups = Files.createDirectories(dir.resolve("backups"));
        Path file = backups.resolve("all.keck");
        Path metrics = dir.resolve("keck-drill.prom");
        String[] drill = {"drill", "--from", backups.toString(), "--metrics", metrics.toString()};
        try (KeckProcess keck = KeckProcess.in(dir).brief().start()) {
            init(keck, "a", "one");
            init(keck, "b", "two");
            assertThat(run(KeckProcess.in(dir), 1, drill)).contains("There is no backup in");
            assertThat(Files.readString(metrics))
                    .contains("keck_drill_status 1.000", "keck_drill_problems 1.000")
                    .doesNotContain("keck_backup");
            run(KeckProcess.in(dir), 0, "export", "--to", file.toString());
            assertThat(run(KeckProcess.in(dir), 0, drill)).contains("Opened 2 documents.", "The backup is good.");
        }
        assertThat(Files.readString(metrics))
                .contains("keck_drill_status 0.000", "keck_drill_problems 0.000", "keck_drill_rooms 2.000")
                .contains("keck_backup_size_bytes " + Files.size(file) + ".000")
                .containsPattern("keck_backup_timestamp_seconds 1[0-9]{9}\\.")
                .containsPattern("keck_drill_timestamp_seconds 1[0-9]{9}\\.");
        byte[] damaged = Files.readAllBytes(file);
        damaged[damaged.length / 2] ^= 4;
        Files.write(file, damaged);
        assertThat(run(KeckProcess.in(dir), 1, drill)).contains("PROBLEM  backup: The backup is damaged. At byte ");
        assertThat(Files.readString(metrics)).contains("keck_drill_status 1.000", "keck_drill_rooms 0.000");
        Files.writeString(file, "KECKARCH"); // a status of its own where there could be no drill
        assertThat(run(KeckProcess.in(dir), 1, "drill", "--from", backups.toString(), "--restored"))
                .contains("KECK_DATABASE_SCRATCH_URL");
    }
}
