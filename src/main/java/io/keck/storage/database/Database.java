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
 * A migrated database as everything above it sees it: connections, the dialect, the clock by which all its nodes go,
 * threads that read, lanes that write, and how it is. Thread-safe.
 *
 * <p>A lane is one thread that commits what waits in groups ({@link GroupCommit}). Changes of one key always go through
 * the same lane, one after the other: load makes transactions larger, and SQLite, which has one lane, is free of lock
 * conflicts. Reads run beside them.
 *
 * <p>No part of Keck relies on the session of a connection (session locks, settings, listeners, named statements), so a
 * pooler that gives each transaction another connection is fine.
 */
public final class Database implements Managed {
    /**
     * How many transactions run at the same time, and how large they are. Immutable.
     *
     * @param lanes transactions that may write at the same time; SQLite has one
     * @param readers threads that read
     * @param commitSpacing the shortest time between two transactions of a lane while there is work
     * @param maxBatches writes in one transaction at most
     * @param maxTransaction bytes of writes above which a transaction takes no more
     */
    public record Settings(int lanes, int readers, Duration commitSpacing, int maxBatches, long maxTransaction) {
        /** The defaults of {@code config.yml}. */
        public static final Settings DEFAULT = new Settings(2, 4, Duration.ofMillis(1), 1_000, 8 << 20);

        /** The same with other numbers of lanes and readers. */
        public Settings withThreads(int lanes, int readers) {
            return new Settings(lanes, readers, commitSpacing, maxBatches, maxTransaction);
        }

        /** The same with another {@link #commitSpacing}. */
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
     * @param clock the time by which all nodes of this database go
     * @param onConnectionLost called whenever a connection broke: the others in the pool will hardly be better
     * @param committers makes the committer of each lane
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

    /** Which of the two databases it is. */
    public Dialect dialect() {
        return dialect;
    }

    /** Whether other nodes may write to it, too. */
    public boolean isShared() {
        return dialect.isShared();
    }

    /** The time by which all nodes of this database go. */
    public Clock clock() {
        return clock;
    }

    /** The metrics of what it does. */
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

    /** Runs that on a thread that reads. */
    public <T> CompletionStage<T> reading(Supplier<T> work) {
        try {
            return watched(CompletableFuture.supplyAsync(work, readers), false);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedStage(new IllegalStateException("the log is closed", e));
        }
    }

    /** A room that is gone is an answer; anything else that fails is a database in trouble. */
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

    /** Reports a failure of {@link #jdbi}: where the connection is broken, the pool is told. */
    public void connectionFailed(Throwable cause) {
        if (ConnectionFailure.is(cause)) {
            onConnectionLost.run();
        }
    }

    // ------------------------------------------------------------------ health

    /** An update is in the database: an earlier write that failed no longer counts. */
    public void saved() {
        health.saved();
    }

    /**
     * Whether the last thing that the database was asked for went well, it does not keep us waiting, and no write has failed
     * within the last seconds unless an update was saved since.
     */
    public boolean isHealthy() {
        return health.isHealthy();
    }

    /** As {@link #isHealthy}, but forgets a failed write with the next request: whether it is worth while to ask now. */
    public boolean isResponsive() {
        return health.isResponsive();
    }

    /** Whether the database answers at all, whatever it says to what it is asked for. */
    public boolean answers() {
        return health.answers();
    }

    /** The last failure, in one line. */
    public String lastFailure() {
        return health.lastFailure();
    }

    /** Asks the database whether it is there; to be called about every second. */
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
