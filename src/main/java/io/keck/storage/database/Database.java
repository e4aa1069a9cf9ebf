package io.keck.storage.database;

import io.dropwizard.lifecycle.Managed;
import io.keck.failure.Failure;
import io.keck.failure.Unavailable;
import io.keck.metrics.LogMetrics;
import io.keck.thread.OutOfMemory;
import io.keck.thread.Threads;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;

/**
 * A migrated database as the packages above it see it: connections, dialect, the clock that its nodes share, reader
 * threads, writer lanes, and health. Thread-safe.
 *
 * <p>A lane is one thread that commits waiting changes in groups ({@link GroupCommit}). Changes of one key always go
 * through the same lane, one after the other. Load makes transactions larger, and SQLite, which has one lane, is free
 * of lock conflicts. Reads run concurrently.
 *
 * <p>No part of Keck relies on the session of a connection (session locks, settings, listeners, named statements), so a
 * pooler may give each transaction another connection.
 */
public final class Database implements Managed {
    /**
     * The concurrency and the size of transactions. Immutable.
     *
     * @param lanes the number of concurrent write transactions; one on SQLite
     * @param readers the number of reader threads
     * @param commitSpacing the shortest time between two transactions of a lane while there is work
     * @param maxBatches the largest number of writes in one transaction
     * @param maxTransaction bytes of writes above which a transaction takes no more
     */
    public record Settings(int lanes, int readers, Duration commitSpacing, int maxBatches, long maxTransaction) {
        /** The defaults of {@code config.yml}. */
        public static final Settings DEFAULT = new Settings(2, 4, Duration.ofMillis(1), 1_000, 8 << 20);

        /** The same with other numbers of lanes and readers. */
        public Settings withThreads(int lanes, int readers) {
            return new Settings(lanes, readers, commitSpacing, maxBatches, maxTransaction);
        }

        /** Returns the same settings with another {@link #commitSpacing}. */
        public Settings withCommitSpacing(Duration commitSpacing) {
            return new Settings(lanes, readers, commitSpacing, maxBatches, maxTransaction);
        }

        /** The same with other bounds of one transaction. */
        public Settings withTransaction(int maxBatches, long maxTransaction) {
            return new Settings(lanes, readers, commitSpacing, maxBatches, maxTransaction);
        }
    }

    private final Jdbi jdbi;
    private final Dialect dialect;
    private final Clock clock;
    private final Runnable onConnectionLost;
    private final LogMetrics metrics;
    private final DatabaseHealth health = new DatabaseHealth(System::nanoTime);
    private final List<GroupCommit<Write>> lanes = new ArrayList<>();
    private final ExecutorService readers;

    /**
     * Starts the threads, which end in {@link #stop}.
     *
     * @param clock the clock that all nodes of this database share
     * @param onConnectionLost called whenever a connection broke, because the others in the pool are probably broken,
     *     too
     * @param committers creates the committer of each lane
     */
    public Database(
            Jdbi jdbi,
            Dialect dialect,
            Clock clock,
            Settings settings,
            Runnable onConnectionLost,
            LogMetrics metrics,
            Supplier<GroupCommit.Committer<Write>> committers) {
        this.jdbi = jdbi;
        this.dialect = dialect;
        this.clock = clock;
        this.onConnectionLost = onConnectionLost;
        this.metrics = metrics;
        for (int i = 0; i < dialect.lanes(settings.lanes()); i++) {
            lanes.add(new GroupCommit<>(
                    "log-writer-" + i,
                    settings.commitSpacing().toNanos(),
                    settings.maxBatches(),
                    settings.maxTransaction(),
                    Write::size,
                    measured(committers.get())));
        }
        this.readers = Threads.pool("log-reader", settings.readers());
    }

    private GroupCommit.Committer<Write> measured(GroupCommit.Committer<Write> writer) {
        return new GroupCommit.Committer<>() {
            @Override
            public void commit(List<Write> group) {
                long began = System.nanoTime();
                writer.commit(group);
                metrics.group(group.size(), System.nanoTime() - began);
            }

            @Override
            public void idle() {
                writer.idle();
            }
        };
    }

    /** Its connections. */
    public Jdbi jdbi() {
        return jdbi;
    }

    /** The kind of the database. */
    public Dialect dialect() {
        return dialect;
    }

    /** Whether other nodes may write to the database, too. */
    public boolean isShared() {
        return dialect.isShared();
    }

    /** The clock that all nodes of this database share. */
    public Clock clock() {
        return clock;
    }

    /** The metrics of the database. */
    public LogMetrics metrics() {
        return metrics;
    }

    // ------------------------------------------------------------------ work

    /**
     * Runs a change in a transaction of a lane.
     *
     * @param key changes of one key run one after the other
     */
    public CompletionStage<Boolean> change(long key, Change work) {
        return write(key, new Write.Task(work, new CompletableFuture<>()), Write.Task::done);
    }

    /**
     * Hands a write to the lane of its key.
     *
     * @param done the stage of the write that is returned
     */
    public <W extends Write, T> CompletionStage<T> write(long key, W write, Function<W, CompletableFuture<T>> done) {
        if (!lanes.get(Math.floorMod(Long.hashCode(key), lanes.size())).add(write)) {
            return CompletableFuture.failedStage(new Unavailable("the log is closed", false));
        }
        return watched(done.apply(write), true);
    }

    /** Runs work on a reader thread. */
    public <T> CompletionStage<T> reading(Supplier<T> work) {
        try {
            return watched(CompletableFuture.supplyAsync(work, readers), false);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedStage(new IllegalStateException("the log is closed", e));
        }
    }

    /**
     * Watches a stage for the health of the database: a deleted room is an answer, any other failure counts against the
     * database.
     */
    private <T> CompletionStage<T> watched(CompletableFuture<T> stage, boolean isWrite) {
        return stage.whenComplete((result, error) -> {
            Throwable cause = error instanceof CompletionException ? error.getCause() : error;
            if (cause == null || isAnswer(cause)) {
                health.wentWell();
            } else {
                OutOfMemory.check(cause);
                metrics.failed();
                health.failed(cause, isWrite);
            }
            if (cause != null) {
                failed(cause);
            }
        });
    }

    private static boolean isAnswer(Throwable error) {
        return (error instanceof Failure && !(error instanceof Unavailable)) || UnreadableData.is(error);
    }

    private void failed(Throwable cause) {
        if (DiskFull.is(cause)) {
            metrics.full();
        }
        connectionFailed(cause);
    }

    /** Reports a failure of {@link #jdbi}; a broken connection is reported to the pool. */
    public void connectionFailed(Throwable cause) {
        if (ConnectionFailure.is(cause)) {
            onConnectionLost.run();
        }
    }

    // ------------------------------------------------------------------ health

    /** Records that an update was saved, after which earlier failed writes no longer count. */
    public void saved() {
        health.saved();
    }

    /**
     * Whether the last request succeeded, no answer is late, and no write has failed within the last seconds unless an
     * update was saved since.
     */
    public boolean isHealthy() {
        return health.isHealthy();
    }

    /**
     * As {@link #isHealthy}, but ignores a failed write after the next successful request: whether a request now will
     * probably succeed.
     */
    public boolean isResponsive() {
        return health.isResponsive();
    }

    /** Whether the database answers at all, even if it refuses requests. */
    public boolean answers() {
        return health.answers();
    }

    /** The last failure, in one line. */
    public String lastFailure() {
        return health.lastFailure();
    }

    /** Probes the database; must be called about once a second. */
    public void probe() {
        long began = health.askedNow();
        if (began != 0) {
            var unused = reading(() -> jdbi.withHandle(
                            h -> h.createQuery("SELECT 1").mapTo(Integer.class).one()))
                    .whenComplete((one, error) -> {
                        long took = health.answered(began, error == null);
                        if (error == null) {
                            metrics.answered(took);
                        }
                    });
        }
    }

    @Override
    public void stop() throws InterruptedException {
        for (GroupCommit<Write> lane : lanes) {
            lane.stop();
        }
        readers.shutdown();
        if (!readers.awaitTermination(5, TimeUnit.SECONDS)) {
            readers.shutdownNow();
        }
    }
}
