package io.keck.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.failure.TooLargeHere;
import io.keck.room.UpdateLog;
import io.keck.room.UpdateLogContract;
import io.keck.storage.SqliteFile;
import io.keck.storage.Storage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract over SQLite, and what only a database can do wrong. */
class SqliteUpdateLogTest extends UpdateLogContract {
    @TempDir
    Path dir;

    private SqliteFile db;
    private Storage storage;
    private JdbiUpdateLog log;

    @BeforeEach
    void open() throws Exception {
        db = new SqliteFile(dir.resolve("keck.db"));
        storage = db.storage(1_000);
        log = storage.log();
    }

    @AfterEach
    void close() throws Exception {
        storage.stop();
        db.close();
    }

    @Override
    protected UpdateLog log() {
        return log;
    }

    @Override
    protected UpdateLog reopened() throws Exception {
        close();
        open();
        return log;
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
        log.loadAtMost(update(0).length + update(1).length);
        assertThat(await(log.open("a")).rows()).hasSize(2);
        log.loadAtMost(update(0).length + update(1).length - 1);

        assertThat(log.open("a").handle((contents, error) -> error))
                .succeedsWithin(Duration.ofSeconds(60))
                .satisfies(error -> assertThat(error).hasRootCauseInstanceOf(TooLargeHere.class));
        assertThat(storage.database().isHealthy()).isTrue();
        log.loadAtMost(Long.MAX_VALUE);
        assertThat(log.compact("a")).isTrue();
        log.loadAtMost(1);
        assertThat(log.open("a").handle((contents, error) -> error))
                .succeedsWithin(Duration.ofSeconds(60))
                .satisfies(error -> assertThat(error).hasRootCauseInstanceOf(TooLargeHere.class));
    }

    @Test
    void health_isThatOfWritesThoughReadsInBetweenGoWell() {
        long a = await(log.open("a")).roomId();
        assertThat(storage.database().isHealthy()).isTrue();
        db.jdbi.useHandle(h -> h.execute("ALTER TABLE room_log RENAME TO elsewhere"));
        assertThat(log.append(a, UUID.randomUUID(), LINK, update(0), false).handle((seq, error) -> error))
                .succeedsWithin(Duration.ofSeconds(60))
                .isNotNull();
        assertThat(storage.database().isHealthy()).isFalse();
        assertThat(storage.database().isResponsive()).isFalse();
        assertThat(await(log.heads(List.of(a)))).hasSize(1);
        assertThat(storage.database().isResponsive()).isTrue();
        assertThat(storage.database().isHealthy()).isFalse();
        db.jdbi.useHandle(h -> h.execute("ALTER TABLE elsewhere RENAME TO room_log"));
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
        Compactor compactor = new Compactor(storage.database(), db.clock, Duration.ofSeconds(1), Followers.NONE);
        assertThat(compactor.compact(a)).isTrue();
        db.jdbi.useHandle(h -> h.execute("DELETE FROM room_log WHERE seq = 4"));

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
