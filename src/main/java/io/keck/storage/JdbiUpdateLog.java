package io.keck.storage;

import io.dropwizard.lifecycle.Managed;
import io.keck.room.UpdateLog;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;

/**
 * The room log in a database. All writes go through one thread ({@link GroupCommit}, {@link LogWriter}), which makes
 * large transactions under load and keeps SQLite free of lock conflicts; reads run beside it. Rooms are folded into
 * snapshots by a {@link Compactor}. Thread-safe.
 */
public final class JdbiUpdateLog implements UpdateLog, Managed {
    /**
     * How the log is written and kept. Immutable.
     *
     * @param spacingNanos nanoseconds between two transactions while there is work
     * @param maxBatches batches in one transaction
     * @param snapshotBytes bytes of rows after a snapshot that make the room be folded
     * @param retentionMillis how long folded rows stay
     * @param snapshotEvery rows after a snapshot that make the room be folded
     */
    public record Settings(
            long spacingNanos, int maxBatches, long snapshotBytes, long retentionMillis, int snapshotEvery) {}

    private static final int READERS = 2;
    private static final int MAX_TAILS = 50_000;

    private final Jdbi jdbi;
    private final boolean sqlite;
    private final Settings settings;
    private final GroupCommit<Write> writer;
    private final ExecutorService readers;
    private final Compactor compactor;
    /** A room that falls out of here is only folded later. */
    private final Map<Long, Tail> tails = Collections.synchronizedMap(new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Tail> eldest) {
            return size() > MAX_TAILS;
        }
    });

    private volatile boolean healthy = true;
    private final AtomicBoolean probing = new AtomicBoolean();

    /** What a room has beyond its snapshot, as far as this node knows. */
    private record Tail(int rows, long bytes) {
        Tail plus(Tail other) {
            return new Tail(rows + other.rows, bytes + other.bytes);
        }
    }

    /**
     * A log over a migrated database; its threads start at once and end in {@link #stop}.
     *
     * @param node the label that goes into each row
     */
    public JdbiUpdateLog(Jdbi jdbi, boolean sqlite, String node, Clock clock, Settings settings) {
        this.jdbi = jdbi;
        this.sqlite = sqlite;
        this.settings = settings;
        LogWriter logWriter = new LogWriter(jdbi, node, clock);
        this.writer =
                new GroupCommit<>("log-writer", settings.spacingNanos(), settings.maxBatches(), logWriter::commit);
        this.readers = Executors.newFixedThreadPool(READERS, r -> new Thread(r, "log-reader"));
        this.compactor = new Compactor(this, clock, settings.retentionMillis());
    }

    @Override
    public CompletionStage<Contents> open(String name) {
        return reading(() -> liveRoom(name))
                .thenCompose(found -> found.isPresent()
                        ? CompletableFuture.completedStage(found.get())
                        : write(new Write.Create(name, new CompletableFuture<>()), Write.Create::done))
                .thenCompose(id -> read(id, 0))
                .thenApply(contents -> {
                    long bytes = contents.rows().stream()
                            .mapToLong(row -> row.payload().length)
                            .sum();
                    count(contents.roomId(), new Tail(contents.rows().size(), bytes), true);
                    return contents;
                });
    }

    private Optional<Long> liveRoom(String name) {
        return jdbi.withHandle(h -> h.createQuery("SELECT id FROM rooms WHERE name = :name AND deleted_at IS NULL")
                .bind("name", name)
                .mapTo(Long.class)
                .findOne());
    }

    @Override
    public CompletionStage<Long> append(long roomId, UUID batchId, byte[] payload) {
        return this.<Write.Append, Long>write(
                        new Write.Append(roomId, batchId, payload, new CompletableFuture<>()), Write.Append::done)
                .thenApply(seq -> {
                    count(roomId, new Tail(1, payload.length), false);
                    return seq;
                });
    }

    private void count(long roomId, Tail more, boolean afresh) {
        Tail now = tails.merge(roomId, more, (a, b) -> afresh ? b : a.plus(b));
        if (now.rows() >= settings.snapshotEvery() || now.bytes() >= settings.snapshotBytes()) {
            tails.remove(roomId);
            compactor.request(roomId);
        }
    }

    @Override
    public CompletionStage<Contents> read(long roomId, long seq) {
        return reading(() -> consistently(h -> readContents(h, roomId, seq)));
    }

    /** Reads in the calling thread. */
    Contents readNow(long roomId) {
        return consistently(h -> readContents(h, roomId, 0));
    }

    private <T> T consistently(org.jdbi.v3.core.HandleCallback<T, RuntimeException> work) {
        // a transaction of SQLite always sees one state; PostgreSQL has to be asked for that
        return sqlite ? jdbi.inTransaction(work) : jdbi.inTransaction(TransactionIsolationLevel.REPEATABLE_READ, work);
    }

    private record Snapshot(long seq, byte[] state) {}

    private Contents readContents(Handle h, long roomId, long seq) {
        boolean lives = h.createQuery("SELECT 1 FROM rooms WHERE id = :room AND deleted_at IS NULL")
                .bind("room", roomId)
                .mapTo(Integer.class)
                .findOne()
                .isPresent();
        if (!lives) {
            throw new RoomGoneException(roomId);
        }
        if (seq > 0) {
            List<Row> rows = rows(h, roomId, seq);
            if (!rows.isEmpty() && rows.get(rows.size() - 1).seq() == seq + rows.size()) {
                return new Contents(roomId, 0, null, rows);
            }
        }
        Optional<Snapshot> snapshot = h.createQuery(
                        "SELECT seq, state FROM room_snapshots WHERE room_id = :room AND state IS NOT NULL")
                .bind("room", roomId)
                .map((rs, ctx) -> new Snapshot(rs.getLong(1), rs.getBytes(2)))
                .findOne();
        long from = Math.max(seq, snapshot.map(Snapshot::seq).orElse(0L));
        return new Contents(
                roomId,
                snapshot.map(Snapshot::seq).orElse(0L),
                snapshot.map(Snapshot::state).orElse(null),
                rows(h, roomId, from));
    }

    private static List<Row> rows(Handle h, long roomId, long after) {
        return new ArrayList<>(h.createQuery("SELECT seq, batch_id, payload FROM room_log"
                        + " WHERE room_id = :room AND seq > :after ORDER BY seq")
                .bind("room", roomId)
                .bind("after", after)
                .map((rs, ctx) -> new Row(rs.getLong(1), BatchIds.fromBytes(rs.getBytes(2)), rs.getBytes(3)))
                .list());
    }

    /** Runs a change in a transaction of the writer, together with other writes. */
    CompletionStage<Boolean> change(Write.Task.Work work) {
        return write(new Write.Task(work, new CompletableFuture<>()), Write.Task::done);
    }

    private <W extends Write, T> CompletionStage<T> write(
            W write, java.util.function.Function<W, CompletableFuture<T>> done) {
        if (!writer.add(write)) {
            return CompletableFuture.failedStage(new IllegalStateException("the log is closed"));
        }
        return watched(done.apply(write));
    }

    private <T> CompletionStage<T> reading(Supplier<T> work) {
        try {
            return watched(CompletableFuture.supplyAsync(work, readers));
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedStage(new IllegalStateException("the log is closed", e));
        }
    }

    /** A room that is gone is an answer; anything else that fails is a database in trouble. */
    private <T> CompletionStage<T> watched(CompletableFuture<T> stage) {
        return stage.whenComplete((result, error) -> {
            Throwable cause = error instanceof CompletionException ? error.getCause() : error;
            healthy = cause == null || cause instanceof RoomGoneException;
        });
    }

    Jdbi jdbi() {
        return jdbi;
    }

    /** Whether the last thing that the database was asked for went well. */
    public boolean isHealthy() {
        return healthy;
    }

    /** After something went wrong, asks the database whether it is back; to be called about every second. */
    public void probe() {
        if (!healthy && probing.compareAndSet(false, true)) {
            var unused = reading(() -> jdbi.withHandle(
                            h -> h.createQuery("SELECT 1").mapTo(Integer.class).one()))
                    .whenComplete((one, error) -> probing.set(false));
        }
    }

    @Override
    public void stop() throws InterruptedException {
        compactor.stop();
        writer.stop();
        readers.shutdown();
        if (!readers.awaitTermination(5, TimeUnit.SECONDS)) {
            readers.shutdownNow();
        }
    }
}
