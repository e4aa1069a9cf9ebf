package io.keck.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dropwizard.core.setup.Bootstrap;
import io.keck.KeckApplication;
import io.keck.KeckConfiguration;
import io.keck.access.Author;
import io.keck.blob.BlobStore;
import io.keck.check.Findings.Finding;
import io.keck.check.Findings.Level;
import io.keck.crdt.Doc;
import io.keck.metrics.BlobMetrics;
import io.keck.room.Link;
import io.keck.room.UpdateLog;
import io.keck.storage.DatabaseFactory;
import io.keck.storage.Storage;
import io.keck.storage.archive.ArchiveImporter;
import io.keck.storage.archive.Exporter;
import io.keck.storage.blob.JdbiBlobStore;
import io.keck.testing.FreshDatabase;
import io.keck.testing.Grants;
import io.keck.testing.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Drills of backups of one kind of database: good ones pass, each kind of damage is seen, nothing is left behind. */
abstract class BackupDrillContract {
    private static final int ROOMS = 5;

    @RegisterExtension
    private final FreshDatabase db = database();

    @TempDir
    private Path backups;

    private final Random random = new Random(Seeds.next("BackupDrill"));

    abstract FreshDatabase database();

    /** The configuration's database block of the database, with a scratch database of the same kind. */
    abstract DatabaseFactory live(FreshDatabase db);

    /** What a drill has left in the scratch server. */
    abstract List<String> left(FreshDatabase db);

    static DatabaseFactory factory(String url) {
        DatabaseFactory factory = new DatabaseFactory();
        factory.setUrl(url);
        return factory;
    }

    @BeforeEach
    void fill() throws Exception {
        Storage storage = db.storage();
        for (int i = 0; i < ROOMS; i++) {
            Doc doc = new Doc();
            doc.getText("t").insert(0, "text of room " + i + " " + random.nextLong());
            UpdateLog.Entry entry = new UpdateLog.Entry(
                    UUID.randomUUID(), Link.random(random), doc.encodeStateAsUpdate(), Author.IMPORT);
            storage.log()
                    .init("room" + i, entry, false, null)
                    .toCompletableFuture()
                    .join();
        }
        JdbiBlobStore blobs = storage.blobs(JdbiBlobStore.Settings.DEFAULT, BlobMetrics.NONE);
        try (BlobStore.Upload upload = blobs.begin(Grants.on("room1"))) {
            byte[] bytes = new byte[100_000];
            random.nextBytes(bytes);
            upload.write(bytes, 0, bytes.length);
            upload.publish();
        }
        db.jdbi().useHandle(h -> h.execute("UPDATE rooms SET created_at = 1000"));
    }

    private Path export(String name, String onlyRoom) throws IOException {
        Path file = backups.resolve(name);
        export(file, onlyRoom);
        return file;
    }

    final void exportAll(Path file) throws IOException {
        export(file, null);
    }

    /** Into another database, whose schema is made. */
    static void importAll(Path file, String url) throws Exception {
        try (CommandStorage opened = CommandStorage.open(
                new Bootstrap<>(new KeckApplication()), new KeckConfiguration(), factory(url), "test")) {
            Storage storage = opened.storage();
            new ArchiveImporter(
                            storage.log(),
                            storage.blobs(JdbiBlobStore.Settings.DEFAULT, BlobMetrics.NONE),
                            storage.nodes().cluster(),
                            new Random(),
                            null,
                            null,
                            new BackupDrill.ArchiveListener(finding -> {}))
                    .runOnce(file);
        }
    }

    private void export(Path file, String onlyRoom) throws IOException {
        live(db).export(file, onlyRoom, true, false, new Exporter.Listener() {
            @Override
            public void progress(long done, long total, long blobs, long bytes) {}

            @Override
            public void leftOut(String room, String why) {
                throw new AssertionError(room + why);
            }

            @Override
            public void incomplete(String room, String what) {
                throw new AssertionError(room + what);
            }
        });
    }

    private record Outcome(BackupDrill.Result result, List<Finding> findings) {
        List<String> bad() {
            return findings.stream()
                    .filter(f -> f.level() == Level.PROBLEM || f.level() == Level.UNKNOWN)
                    .map(f -> f.area() + " " + f.room() + ": " + f.what())
                    .toList();
        }
    }

    private Outcome drill(Path path) throws Exception {
        return drill(path, live(db));
    }

    private static Outcome drill(Path path, DatabaseFactory live) throws Exception {
        List<Finding> findings = new ArrayList<>();
        BackupDrill drill = new BackupDrill(
                new Bootstrap<>(new KeckApplication()), new KeckConfiguration(), live, true, findings::add);
        return new Outcome(drill.run(path, false), findings);
    }

    @Test
    void goodBackup_isGood_andNothingIsLeft() throws Exception {
        export("all.keck", null);
        long folders = folders();
        Outcome outcome = drill(backups);
        assertThat(outcome.bad()).isEmpty();
        assertThat(outcome.result().rooms()).isEqualTo(ROOMS);
        assertThat(outcome.result().blobs()).isEqualTo(1);
        assertThat(outcome.result().writtenAt()).isNotNull();
        assertThat(outcome.findings().stream().map(Finding::what))
                .contains("Opened 5 documents.", "The backup has all 5 rooms that are older than it by a day.");
        assertThat(left(db)).isEmpty();
        assertThat(folders()).isEqualTo(folders);
        try (Stream<Path> files = Files.list(backups)) {
            assertThat(files).hasSize(1); // no mark beside it
        }
        assertThat(db.get().count("rooms")).isEqualTo(ROOMS);
    }

    private static long folders() throws IOException {
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.filter(file -> file.getFileName().toString().startsWith(ScratchDatabase.folderPrefix()))
                    .count();
        }
    }

    @Test
    void damagedBackup_isSeen() throws Exception {
        Path file = export("all.keck", null);
        byte[] whole = Files.readAllBytes(file);
        for (int i = 0; i < 10; i++) {
            byte[] damaged = whole.clone();
            damaged[random.nextInt(whole.length)] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, damaged);
            assertThat(drill(backups).bad()).isNotEmpty();
        }
        Files.write(file, Arrays.copyOf(whole, 1 + random.nextInt(whole.length - 1)));
        assertThat(drill(backups).bad()).isNotEmpty();
        Files.write(file, new byte[0]);
        assertThat(drill(backups).bad()).singleElement().asString().contains("is not a backup that Keck can restore");
        Files.write(file, whole); // the twin: it is the damage that was seen
        assertThat(drill(backups).bad()).isEmpty();
        assertThat(left(db)).isEmpty();
    }

    @Test
    void partOfTheDatabase_isNoBackup() throws Exception {
        export("one.keck", "room1");
        assertThat(drill(backups).bad())
                .singleElement()
                .asString()
                .contains("this room and 3 others existed a day before the backup was written, and are not in it");
    }

    /** What restores could leave out or change; a drill compares with the archive, and with nothing else. */
    @Test
    void databaseThatIsNotWhatTheArchiveSays_isSeen() throws Exception {
        Path file = export("all.keck", null);
        List<Finding> findings = new ArrayList<>();
        Storage storage = db.storage();
        Doc doc = new Doc();
        doc.getText("t").insert(0, "something else");
        UpdateLog.Entry entry =
                new UpdateLog.Entry(UUID.randomUUID(), Link.random(random), doc.encodeStateAsUpdate(), Author.IMPORT);
        storage.log().init("room2", entry, true, null).toCompletableFuture().join();
        db.get().deleteRoom("room4");
        db.jdbi().useHandle(h -> h.execute("DELETE FROM blobs"));
        db.jdbi().useHandle(h -> new RestoredRooms(h, findings::add).compareWith(file));
        assertThat(new Outcome(new BackupDrill.Result(null, 0, 0, 0), findings).bad())
                .anySatisfy(what -> assertThat(what).contains("room1: the archive has its blob"))
                .anySatisfy(what ->
                        assertThat(what).contains("room2: the restored document differs from the one in the archive"))
                .anySatisfy(
                        what -> assertThat(what).contains("room4: the archive has it, the restored database has not"))
                .anySatisfy(what -> assertThat(what).contains("has 5 rooms and 1 blobs, the restored database 4 and 0"))
                .hasSize(4);
    }

    @Test
    void newestBackup_isTheOneThatCounts() throws Exception {
        Path older = export("a.keck", null);
        Path newer = export("b.keck", null);
        Instant now = Instant.now();
        Files.setLastModifiedTime(older, FileTime.from(now.minus(Duration.ofHours(30))));
        Files.setLastModifiedTime(newer, FileTime.from(now.minus(Duration.ofHours(6))));
        Files.write(backups.resolve("c.keck.part"), new byte[9]); // an export that is under way
        Files.write(older, new byte[9]);
        Files.setLastModifiedTime(older, FileTime.from(now.minus(Duration.ofHours(30))));
        Outcome outcome = drill(backups);
        assertThat(outcome.bad()).isEmpty();
        assertThat(outcome.result().writtenAt())
                .isBetween(now.minusSeconds(6 * 3600 + 2), now.minusSeconds(6 * 3600 - 2));
        Files.setLastModifiedTime(older, FileTime.from(now));
        assertThat(drill(backups).bad()).isNotEmpty();
    }

    @Test
    void noBackup_isSeen() throws Exception {
        assertThat(drill(backups).bad()).singleElement().asString().contains("There is no backup in");
        assertThat(drill(backups.resolve("gone.keck")).bad())
                .singleElement()
                .asString()
                .contains("There is no file");
    }

    @Test
    void liveDatabaseThatIsAway_isSaid() throws Exception {
        export("all.keck", null);
        DatabaseFactory away = factory("postgres://nobody@127.0.0.1:1/gone");
        Outcome outcome = drill(backups, away);
        assertThat(outcome.bad()).singleElement().asString().contains("was not compared with the live database");
        assertThat(outcome.result().rooms()).isEqualTo(ROOMS);
    }

    /** The copy of a database, and the same after a change that only its checksums tell. */
    final void copyOfADatabase_isDrilled(Path copy, DatabaseFactory live, Runnable damage) throws Exception {
        Outcome good = drill(copy, live);
        assertThat(good.bad()).isEmpty();
        assertThat(good.result().rooms()).isEqualTo(ROOMS);
        assertThat(good.result().blobs()).isEqualTo(1);
        damage.run();
        assertThat(drill(copy, live).bad())
                .singleElement()
                .asString()
                .contains("room3")
                .contains("does not match its checksum");
    }

    /** Some copies of this file cannot be restored at all. */
    final void cutFile_isSeen(Path file, DatabaseFactory live) throws Exception {
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length / 2));
        assertThat(drill(file, live).bad()).isNotEmpty();
    }

    final FreshDatabase db() {
        return db;
    }

    final Path backups() {
        return backups;
    }

    /** What makes a row another one, without a word to anybody. */
    static String damage() {
        return "UPDATE room_log SET payload = batch_id WHERE room_id = (SELECT id FROM rooms WHERE name = 'room3')";
    }

    @Test
    void serverThatMakesNoDatabases_isNamed() {
        DatabaseFactory live = live(db);
        live.setScratchUrl("postgres://nobody@127.0.0.1:1/gone");
        assertThatThrownBy(() -> {
                    export("all.keck", null);
                    drill(backups, live);
                })
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("The scratch database cannot be created")
                .hasMessageContaining("KECK_DATABASE_SCRATCH_URL");
    }
}
