package io.keck.storage.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.blob.BlobStore;
import io.keck.crdt.store.StructStore;
import io.keck.failure.Unavailable;
import io.keck.metrics.BlobMetrics;
import io.keck.metrics.LogMetrics;
import io.keck.room.Bus;
import io.keck.storage.Storage;
import io.keck.storage.blob.JdbiBlobStore;
import io.keck.storage.log.JdbiUpdateLog;
import io.keck.storage.nodes.JdbiKicks;
import io.keck.testing.FreshDatabase;
import io.keck.testing.Grants;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Nodes whose own clocks are hours apart, on one PostgreSQL. Each test has its twin, in which the nodes go by their own
 * clocks instead of {@link DatabaseClock}, and what the test is about goes wrong.
 */
class ClockSkewTest {
    private static final long MINUTE = 60_000;
    private static final long HOUR = 60 * MINUTE;
    private static final long DAY = 24 * HOUR;

    @RegisterExtension
    final FreshDatabase db = FreshDatabase.postgres();

    private final List<Storage> nodes = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (Storage node : nodes) {
            node.stop();
        }
    }

    /** A node whose clock is so far ahead; a twin believes it. */
    private Storage node(long aheadMillis, boolean twin) {
        Clock clock = twin
                ? Clock.offset(Clock.systemUTC(), Duration.ofMillis(aheadMillis))
                : new DatabaseClock(db.jdbi(), () -> System.nanoTime() + aheadMillis * 1_000_000);
        Storage node = new Storage(
                db.jdbi(),
                Dialect.POSTGRES,
                "ahead " + aheadMillis,
                clock,
                Database.Settings.DEFAULT.withThreads(1, 1),
                JdbiUpdateLog.Settings.DEFAULT.withDeletedNameHold(Duration.ofMillis(MINUTE)),
                () -> {},
                LogMetrics.NONE);
        nodes.add(node);
        return node;
    }

    private static <T> T await(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private long write(Storage node, String name) {
        long room = await(node.log().open(name)).roomId();
        await(node.log().append(room, UUID.randomUUID(), 1, new StructStore().encode(), false));
        return room;
    }

    private long rows() {
        return db.jdbi()
                .withHandle(h -> h.createQuery("SELECT count(*) FROM room_log")
                        .mapTo(Long.class)
                        .one());
    }

    @Test
    void clock_isThatOfTheDatabase() {
        long before = databaseMillis();
        DatabaseClock clock = new DatabaseClock(db.jdbi(), () -> System.nanoTime() - DAY * 1_000_000);
        long now = clock.millis();
        clock.look();
        long later = clock.instant().toEpochMilli();
        long after = databaseMillis();
        assertThat(now).isBetween(before - 1, after + 1);
        assertThat(later).isBetween(before - 1, after + 1);
    }

    private long databaseMillis() {
        return db.jdbi()
                .withHandle(h -> h.createQuery("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)")
                        .mapTo(Long.class)
                        .one());
    }

    @Test
    void nameOfADeletedRoom_isHeldOnANodeThatIsAhead() {
        Storage here = node(0, false);
        write(here, "gone");
        await(here.log().delete("gone"));
        assertThatThrownBy(() -> await(node(5 * MINUTE, false).log().open("gone")))
                .hasStackTraceContaining("RoomGone");
        assertThat(await(node(5 * MINUTE, true).log().open("gone")).rows())
                .as("the twin makes it anew")
                .isEmpty();
    }

    @Test
    void rowsAreKeptForTheRetention_byANodeThatIsAhead() {
        write(node(0, false), "kept");
        assertThat(node(2 * DAY, false).log().compact("kept")).isTrue();
        assertThat(rows()).isOne();
        write(node(0, false), "kept");
        assertThat(node(2 * DAY, true).log().compact("kept")).isTrue();
        assertThat(rows()).as("what readers were to resume from").isZero();
    }

    @Test
    void leaseOfACompaction_isRespectedByANodeThatIsAhead() {
        Storage here = node(0, false);
        long room = write(here, "leased");
        db.jdbi()
                .useHandle(h -> h.createUpdate("INSERT INTO room_snapshots (room_id, seq, created_at, lease_owner,"
                                + " lease_until) VALUES (:room, 0, 0, 'another', :until)")
                        .bind("room", room)
                        .bind("until", here.database().clock().millis() + MINUTE)
                        .execute());
        assertThat(node(HOUR, false).log().compact("leased")).isFalse();
        assertThat(node(HOUR, true).log().compact("leased")).as("the twin").isTrue();
    }

    @Test
    void kick_reachesANodeThatIsAhead() {
        JdbiKicks ahead = node(HOUR, false).kicks();
        JdbiKicks twin = node(HOUR, true).kicks();
        Bus.Kick kick = new Bus.Kick(7, "room", "");
        node(0, false).kicks().add(kick);
        assertThat(ahead.poll()).containsExactly(kick);
        assertThat(twin.poll()).as("too old for the twin").isEmpty();
    }

    @Test
    void uploadUnderWay_isNotSweptByANodeThatIsAhead() {
        uploadWhileSwept(false);
        assertThatThrownBy(() -> uploadWhileSwept(true)).isInstanceOf(Unavailable.class);
    }

    private void uploadWhileSwept(boolean twin) {
        JdbiBlobStore.Settings settings = JdbiBlobStore.Settings.DEFAULT;
        JdbiBlobStore here = node(0, false).blobs(settings, BlobMetrics.NONE);
        JdbiBlobStore ahead = node(3 * HOUR, twin).blobs(settings, BlobMetrics.NONE);
        byte[] bytes = new byte[2 * JdbiBlobStore.PIECE];
        try (BlobStore.Upload upload = here.begin(Grants.on("workspace"))) {
            upload.write(bytes, 0, bytes.length);
            ahead.sweep();
            upload.write(bytes, 0, bytes.length);
            upload.publish();
        }
    }
}
