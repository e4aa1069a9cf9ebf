package io.keck.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.lib0.Encoder;
import io.keck.failure.TooLargeHere;
import io.keck.room.UpdateLog;
import io.keck.room.UpdateLog.Contents;
import io.keck.testing.FreshDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** The contract over SQLite, and what only a database can do wrong. */
class SqliteUpdateLogTest extends JdbiUpdateLogContract {
    SqliteUpdateLogTest() {
        super(FreshDatabase.sqlite());
    }

    @Test
    void stop_writesWhatIsQueuedAndRefusesMore() throws Exception {
        long a = await(log.open("a")).roomId();
        var last = log.append(a, UUID.randomUUID(), LINK, update(0), false);
        storage.stop();

        assertThat(await(last).seq()).isEqualTo(1);
        assertThat(log.append(a, UUID.randomUUID(), LINK, update(1), false).toCompletableFuture())
                .isCompletedExceptionally();
        assertThat(log.read(a, 0).toCompletableFuture()).isCompletedExceptionally();
        assertThat(log.open("a").toCompletableFuture()).isCompletedExceptionally();
    }

    @Test
    void roomOfWhichTooMuchIsStored_isRefusedBeforeItIsRead() {
        long a = await(log.open("a")).roomId();
        await(log.append(a, UUID.randomUUID(), LINK, update(0), false));
        await(log.append(a, UUID.randomUUID(), LINK + 1, update(1), false));
        long stored = update(0).length + update(1).length;
        log.loadAtMost(1_000, RoomLoads.PER_STORED_BYTE * stored);
        assertThat(await(log.open("a")).rows()).hasSize(2);
        log.loadAtMost(1_000, RoomLoads.PER_STORED_BYTE * stored - 1);

        assertThat(log.open("a").handle((contents, error) -> error))
                .succeedsWithin(Duration.ofSeconds(60))
                .satisfies(error -> assertThat(error).hasRootCauseInstanceOf(TooLargeHere.class));
        assertThat(storage.database().isHealthy()).isTrue();
        log.loadAtMost(1_000, Long.MAX_VALUE);
        assertThat(log.compact("a")).isTrue();
        log.loadAtMost(1_000, 1);
        assertThat(log.open("a").handle((contents, error) -> error))
                .succeedsWithin(Duration.ofSeconds(60))
                .satisfies(error -> assertThat(error).hasRootCauseInstanceOf(TooLargeHere.class));
    }

    /** Little is stored, and the heap that it took is known. */
    @Test
    void roomWhoseLastLoadTookTooMuch_isRefused() {
        long a = large(300 << 10);
        log.loadAtMost(64 << 20, 64 << 20);
        assertThat(await(log.open("a")).rows()).hasSize(1);
        log.loaded(a, 60 << 20);
        settled(a);

        assertThat(tooLarge()).contains("estimated to take").contains("a load may take 67108864");
        log.loadAtMost(128 << 20, 128 << 20);
        assertThat(await(log.open("a")).rows()).hasSize(1);
    }

    @Test
    void loadThatANodeHasNotSurvived_isNotTriedAgain_exceptWithALargerHeap() throws Exception {
        large(300 << 10);
        log.loadAtMost(2 << 20, 1 << 20);
        await(log.open("a")); // and here the node dies
        reopened();
        log.loadAtMost(2 << 20, 1 << 20);

        assertThat(tooLarge()).contains("began to load it");
        assertThat(tooLarge()).as("again").contains("began to load it");
        long b = await(log.open("b")).roomId();
        await(log.append(b, UUID.randomUUID(), LINK, update(0), false));
        assertThat(storage.database().isHealthy()).isTrue();

        log.loadAtMost(3 << 20, 2 << 20);
        Contents again = await(log.open("a"));
        assertThat(again.rows()).hasSize(1);
        log.loaded(again.roomId(), 1);
        settled(again.roomId());
        log.loadAtMost(2 << 20, 1 << 20);
        assertThat(await(log.open("a")).rows())
                .as("the larger node has loaded it")
                .hasSize(1);
    }

    @Test
    void loadThatFailed_andTheNodeLives_isNoAttempt() throws Exception {
        long a = large(300 << 10);
        log.loadAtMost(2 << 20, 1 << 20);
        await(log.open("a"));
        log.loaded(a, 0);
        settled(a);
        reopened();
        log.loadAtMost(2 << 20, 1 << 20);

        assertThat(await(log.open("a")).rows()).hasSize(1);
    }

    /** The twin: with nothing measured, each node tries again, and dies again. */
    @Test
    void withoutMeasuring_theRoomIsTriedAgain() throws Exception {
        large(300 << 10);
        log.loadAtMost(2 << 20, 1 << 20);
        await(log.open("a"));
        reopened();
        log.loadAtMost(2 << 20, 1 << 20);
        log.measuresBeforeLoading(false);

        assertThat(await(log.open("a")).rows()).hasSize(1);
    }

    @Test
    void theLedgerIsAskedBeforeALoad() {
        long a = large(300 << 10);
        List<Long> asked = new ArrayList<>();
        log.loadAtMost(64 << 20, 64 << 20);
        log.onLoad(bytes -> {
            asked.add(bytes);
            return asked.size() > 1;
        });

        assertThat(tooLarge()).contains("not free now");
        assertThat(await(log.open("a")).rows()).hasSize(1);
        log.loaded(a, 0);
        assertThat(asked).hasSize(2).allMatch(bytes -> bytes >= 3L * (300 << 10));
    }

    private long large(int bytes) {
        long a = await(log.open("a")).roomId();
        Encoder out = new Encoder();
        out.writeVarUint(1);
        out.writeVarUint(1);
        out.writeVarUint(7);
        out.writeVarUint(0);
        out.writeUint8(4);
        out.writeVarUint(1);
        out.writeVarString("t");
        out.writeVarString("x".repeat(bytes));
        out.writeVarUint(0);
        await(log.append(a, UUID.randomUUID(), LINK, out.toByteArray(), false));
        return a;
    }

    /** What was handed to the lane of a room before is done. */
    private void settled(long roomId) {
        await(storage.database().change(roomId, h -> true));
    }

    private String tooLarge() {
        Throwable error = log.open("a")
                .handle((contents, failure) -> failure)
                .toCompletableFuture()
                .join();
        Throwable cause = error instanceof CompletionException ? error.getCause() : error;
        assertThat(cause).isInstanceOf(TooLargeHere.class);
        return cause.getMessage();
    }

    @Test
    void health_isThatOfWritesThoughReadsInBetweenGoWell() {
        long a = await(log.open("a")).roomId();
        assertThat(storage.database().isHealthy()).isTrue();
        db.jdbi().useHandle(h -> h.execute("ALTER TABLE room_log RENAME TO elsewhere"));
        assertThat(log.append(a, UUID.randomUUID(), LINK, update(0), false).handle((seq, error) -> error))
                .succeedsWithin(Duration.ofSeconds(60))
                .isNotNull();
        assertThat(storage.database().isHealthy()).isFalse();
        assertThat(storage.database().isResponsive()).isFalse();
        assertThat(await(log.heads(List.of(a)))).hasSize(1);
        assertThat(storage.database().isResponsive()).isTrue();
        assertThat(storage.database().isHealthy()).isFalse();
        db.jdbi().useHandle(h -> h.execute("ALTER TABLE elsewhere RENAME TO room_log"));
        await(log.append(a, UUID.randomUUID(), LINK, update(0), false));
        assertThat(storage.database().isHealthy()).isTrue();
    }

    /** Nodes' clocks differ, so rows that are kept for the retention may go out of order. */
    @Test
    void read_whereRowsBetweenAreGone_givesTheSnapshot() {
        long a = await(log.open("a")).roomId();
        for (int i = 0; i < 6; i++) {
            await(log.append(a, UUID.randomUUID(), LINK, update(i), false));
        }
        Compactor compactor = new Compactor(storage.database(), db.clock(), Duration.ofSeconds(1), Followers.NONE);
        assertThat(compactor.compact(a)).isTrue();
        db.jdbi().useHandle(h -> h.execute("DELETE FROM room_log WHERE seq = 4"));

        UpdateLog.Contents contents = await(log.read(a, 2));
        assertThat(contents.snapshot()).isNotNull();
        assertThat(contents.snapshotSeq()).isEqualTo(6);
        assertThat(contents.rows()).isEmpty();
        assertThat(await(log.read(a, 4)).rows()).hasSize(2);
        stop(compactor);
    }

    private static void stop(Compactor compactor) {
        try {
            compactor.stop();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
