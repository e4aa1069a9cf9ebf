package io.keck.storage.feed;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Author;
import io.keck.crdt.Doc;
import io.keck.feed.ChangeLog;
import io.keck.metrics.LogMetrics;
import io.keck.room.Link;
import io.keck.room.UpdateLog;
import io.keck.storage.Storage;
import io.keck.storage.archive.ArchiveReader;
import io.keck.storage.archive.Entry;
import io.keck.storage.archive.Exporter;
import io.keck.storage.rows.Replica;
import io.keck.testing.Eventually;
import io.keck.testing.PostgresDatabase;
import io.keck.testing.PostgresServer;
import io.keck.testing.TestDatabase;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real primary with a real streaming standby, whose replay a test pauses. */
class HistoryLogTest {
    private static final String NAME = "keck";

    @TempDir
    private Path dir;

    private final Random random = new Random(7);
    private final Counts counts = new Counts();
    private final AtomicLong nanos = new AtomicLong();
    private PostgresServer primary;
    private PostgresServer standby;
    private Jdbi onStandby;
    private TestDatabase database;
    private Storage storage;
    private Replica replica;
    private ChangeLog history;
    private long room;

    private static final class Counts implements LogMetrics {
        private final AtomicInteger answered = new AtomicInteger();
        private final AtomicInteger behind = new AtomicInteger();
        private final AtomicInteger failed = new AtomicInteger();

        @Override
        public void replicaAnswered() {
            answered.incrementAndGet();
        }

        @Override
        public void replicaBehind() {
            behind.incrementAndGet();
        }

        @Override
        public void replicaFailed() {
            failed.incrementAndGet();
        }
    }

    @BeforeEach
    void start() throws Exception {
        primary = PostgresServer.start(dir);
        standby = PostgresServer.standby(primary, dir);
        primary.execute("CREATE DATABASE " + NAME);
        database = PostgresDatabase.migrated(primary, NAME, primary.address());
        storage = database.storage(TestDatabase.settings());
        onStandby = Jdbi.create(standby.jdbcUrl(NAME) + "?connectTimeout=2", "postgres", "");
        replica = new Replica(onStandby, nanos::get, () -> {}, counts);
        history = new HistoryLog(storage.database(), replica);
        room = storage.log().open("room").toCompletableFuture().join().roomId();
        append("first");
    }

    @AfterEach
    void stop() throws Exception {
        storage.stop();
        database.close();
        standby.close();
        primary.close();
    }

    private void append(String text) {
        Doc doc = new Doc();
        doc.getText("t").insert(0, text);
        storage.log()
                .append(
                        room,
                        new UpdateLog.Entry(
                                UUID.randomUUID(), Link.random(random), doc.encodeStateAsUpdate(), Author.IMPORT),
                        false,
                        null)
                .toCompletableFuture()
                .join();
    }

    private void awaitAnswer() {
        int before = counts.answered.get();
        Eventually.await("an answer of the standby", () -> {
            history.authorship(room);
            return counts.answered.get() > before;
        });
    }

    private void replay(String what) {
        onStandby.useHandle(h -> h.execute("SELECT pg_wal_replay_" + what + "()"));
        if (what.equals("pause")) { // a request; replay ends with what it is at
            Eventually.await(
                    "a pause",
                    () -> onStandby.withHandle(h -> h.createQuery("SELECT pg_get_wal_replay_pause_state()")
                            .mapTo(String.class)
                            .one()
                            .equals("paused")));
        }
    }

    @Test
    void standbyThatHasReplayedTheHead_answers_andOneThatLagsDoesNot() {
        awaitAnswer();
        assertThat(history.authorship(room).seq()).isEqualTo(1);
        replay("pause");
        append("second");
        int answered = counts.answered.get();
        int behind = counts.behind.get();
        assertThat(history.authorship(room).seq()).isEqualTo(2);
        assertThat(history.base(room, Long.MAX_VALUE).seq()).isEqualTo(2);
        assertThat(history.read(room, 0, Long.MAX_VALUE, 1 << 20).changes()).hasSize(2);
        assertThat(counts.answered.get()).isEqualTo(answered);
        assertThat(counts.behind.get()).isEqualTo(behind + 3);
        // the twin: without the question to the primary, the answer is older than what was committed before it was
        // asked
        long stale = onStandby.withHandle(h -> RoomAuthors.read(h, room).seq());
        assertThat(stale).isEqualTo(1);
        replay("resume");
        awaitAnswer();
        assertThat(history.authorship(room).seq()).isEqualTo(2);
        assertThat(counts.failed.get()).isZero();
    }

    @Test
    void standbyThatIsAway_isLeftAloneForAWhile_andThePrimaryAnswers() {
        awaitAnswer();
        standby.kill();
        assertThat(history.authorship(room).seq()).isEqualTo(1);
        assertThat(counts.failed.get()).isEqualTo(1);
        standby.start();
        append("second");
        int answered = counts.answered.get();
        assertThat(history.authorship(room).seq()).isEqualTo(2); // not asked
        assertThat(counts.failed.get()).isEqualTo(2);
        assertThat(counts.answered.get()).isEqualTo(answered);
        nanos.addAndGet(6_000_000_000L);
        awaitAnswer();
    }

    /** A standby that was promoted, or another database altogether, has rows of its own under the same numbers. */
    @Test
    void databaseThatWentAnotherWay_doesNotAnswer() {
        awaitAnswer();
        onStandby.useHandle(h -> h.execute("SELECT pg_promote()"));
        Eventually.await(
                "a promotion",
                () -> onStandby.withHandle(h -> !h.createQuery("SELECT pg_is_in_recovery()")
                        .mapTo(Boolean.class)
                        .one()));
        onStandby.useHandle(h -> h.execute("UPDATE rooms SET head_link = 7; UPDATE room_log SET link = 7"));
        int answered = counts.answered.get();
        history.authorship(room);
        onStandby.useHandle(h -> h.execute("UPDATE rooms SET head = 9")); // further, but not the same way
        history.authorship(room);
        assertThat(counts.answered.get()).isEqualTo(answered);
        assertThat(counts.behind.get()).isPositive();
        onStandby.useHandle(h -> h.execute("DELETE FROM room_log; DELETE FROM rooms"));
        assertThat(history.authorship(room).seq()).isEqualTo(1);
        assertThat(counts.answered.get()).isEqualTo(answered);
    }

    @Test
    void export_isAsNewAsThePrimary() throws IOException {
        awaitAnswer();
        replay("pause");
        append("second");
        assertThat(seq(export("paused.keck"))).isEqualTo(2);
        replay("resume");
        awaitAnswer();
        int answered = counts.answered.get();
        assertThat(seq(export("resumed.keck"))).isEqualTo(2);
        assertThat(counts.answered.get()).isEqualTo(answered + 1);
        assertThat(Files.readAllBytes(dir.resolve("resumed.keck")))
                .isEqualTo(Files.readAllBytes(dir.resolve("paused.keck")));
    }

    private Path export(String name) throws IOException {
        Path file = dir.resolve(name);
        database.jdbi.useHandle(h -> new Exporter(h, replica, null, true, false, new Exporter.Listener() {
                    @Override
                    public void progress(long done, long total, long blobs, long bytes) {}

                    @Override
                    public void leftOut(String room, String why) {
                        throw new AssertionError(why);
                    }

                    @Override
                    public void incomplete(String room, String what) {
                        throw new AssertionError(what);
                    }
                })
                .run(file));
        return file;
    }

    private static long seq(Path archive) throws IOException {
        try (InputStream in = Files.newInputStream(archive)) {
            return ((Entry.Room) new ArchiveReader(in, 0).next()).seq();
        }
    }
}
