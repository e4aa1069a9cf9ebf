package io.keck.storage;

import io.dropwizard.lifecycle.Managed;
import io.keck.blob.BlobMetrics;
import io.keck.feed.ChangeLog;
import io.keck.feed.Cursors;
import io.keck.room.Documents;
import io.keck.room.LogMetrics;
import io.keck.room.RequestKey;
import io.keck.room.UpdateLog;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * The room log in a database. Writes go through a few threads, the lanes, each room always through the same one
 * ({@link GroupCommit}, {@link LogWriter}): load makes transactions larger, and SQLite, which has one lane, is free of
 * lock conflicts. Reads run beside them. Rooms are folded into snapshots by a {@link Compactor}. Thread-safe.
 *
 * <p>Nothing here lives in a session of the database (no session locks, settings, listeners or named statements that
 * anybody relies on), so a pooler that gives each transaction another connection is fine.
 */
public final class JdbiUpdateLog implements UpdateLog, Managed {
    /**
     * How the log is written and kept. Immutable.
     *
     * @param lanes transactions that may run at the same time
     * @param readers threads that read
     * @param spacingNanos nanoseconds between two transactions of a lane while there is work
     * @param maxBatches batches in one transaction
     * @param maxBytes bytes of batches above which a transaction takes no more
     * @param snapshotBytes bytes of rows after a snapshot that make the room be folded
     * @param retentionMillis how long folded rows stay
     * @param snapshotEvery rows after a snapshot that make the room be folded
     * @param holdMillis {@code deletedNameHold}, in milliseconds
     */
    public record Settings(
            int lanes,
            int readers,
            long spacingNanos,
            int maxBatches,
            long maxBytes,
            long snapshotBytes,
            long retentionMillis,
            int snapshotEvery,
            long holdMillis) {}

    /**
     * What the database has of a room.
     *
     * @param head the seq of its newest row
     * @param createdAt milliseconds since 1970
     * @param snapshot the seq up to which it is folded; 0 for not at all
     * @param rows that are stored, folded ones that are kept included
     * @param rowBytes of their updates
     * @param snapshotBytes of the snapshot
     */
    public record StoredRoom(
            long id, long head, long createdAt, long snapshot, long rows, long rowBytes, long snapshotBytes) {}

    private static final int MAX_TAILS = 50_000;

    private final Jdbi jdbi;
    private final Dialect dialect;
    private final boolean shared;
    private final Settings settings;
    private final Clock clock;
    private final Runnable onConnectionLost;
    private final List<GroupCommit<Write>> lanes = new ArrayList<>();
    private final ExecutorService readers;
    private final Compactor compactor;
    private final NamedRooms names;
    /** A room that falls out of here is only folded later. */
    private final Map<Long, Tail> tails = Collections.synchronizedMap(new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Tail> eldest) {
            return size() > MAX_TAILS;
        }
    });

    /** A loaded room takes a multiple of what is stored, and while it is loaded its stored form as well. */
    private volatile long maxLoad = Runtime.getRuntime().maxMemory() / 6;

    private volatile LongConsumer committed = roomId -> {};
    private final LogMetrics metrics;
    private final LogHealth health = new LogHealth(System::nanoTime);

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
     * @param onConnectionLost told whenever a connection broke: the others in the pool will hardly be better
     */
    public JdbiUpdateLog(
            Jdbi jdbi, boolean sqlite, String node, Clock clock, Settings settings, Runnable onConnectionLost) {
        this(jdbi, sqlite, node, clock, settings, onConnectionLost, LogMetrics.NONE);
    }

    JdbiUpdateLog(
            Jdbi jdbi,
            boolean sqlite,
            String node,
            Clock clock,
            Settings settings,
            Runnable onConnectionLost,
            LogMetrics metrics) {
        this.metrics = metrics;
        this.jdbi = jdbi;
        this.dialect = Dialect.of(sqlite);
        this.shared = !sqlite;
        this.settings = settings;
        this.clock = clock;
        this.onConnectionLost = onConnectionLost;
        for (int i = 0; i < (sqlite ? 1 : settings.lanes()); i++) {
            lanes.add(new GroupCommit<>(
                    "log-writer-" + i,
                    settings.spacingNanos(),
                    settings.maxBatches(),
                    settings.maxBytes(),
                    Write::size,
                    measured(new LogWriter(jdbi, dialect, node, clock))));
        }
        AtomicInteger number = new AtomicInteger();
        this.readers = Executors.newFixedThreadPool(
                settings.readers(), r -> new Thread(r, "log-reader-" + number.getAndIncrement()));
        this.compactor = new Compactor(this, clock, settings.retentionMillis());
        this.names = new NamedRooms(this, node, dialect, clock, settings.holdMillis());
    }

    private GroupCommit.Committer<Write> measured(LogWriter writer) {
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

    @Override
    public boolean isShared() {
        return shared;
    }

    @Override
    public CompletionStage<Contents> open(String name) {
        return names.open(name);
    }

    /** A room was opened: how much it has beyond its snapshot is known. */
    Contents opened(Contents contents) {
        long bytes =
                contents.rows().stream().mapToLong(row -> row.payload().length).sum();
        count(contents.roomId(), new Tail(contents.rows().size(), bytes), true);
        return contents;
    }

    @Override
    public CompletionStage<Contents> find(String name) {
        return names.find(name);
    }

    @Override
    public CompletionStage<Optional<Begun>> init(
            String name, UUID batchId, long link, byte[] payload, boolean replace, @Nullable RequestKey key) {
        return names.init(name, batchId, link, payload, replace, key).thenApply(life -> {
            life.ifPresent(begun -> committed.accept(begun.roomId()));
            return life;
        });
    }

    @Override
    public CompletionStage<Optional<Long>> create(String name, @Nullable RequestKey key) {
        return names.create(name, key);
    }

    @Override
    public CompletionStage<Long> heldMillis(String name) {
        return names.heldMillis(name);
    }

    @Override
    public CompletionStage<Appended> append(
            long roomId, UUID batchId, long link, byte[] payload, boolean again, @Nullable RequestKey key) {
        return this.<Write.Append, Appended>write(
                        roomId,
                        new Write.Append(roomId, batchId, link, payload, again, key, new CompletableFuture<>()),
                        Write.Append::done)
                .thenApply(at -> {
                    health.saved();
                    count(roomId, new Tail(1, payload.length), false);
                    committed.accept(roomId);
                    return at;
                });
    }

    @Override
    public CompletionStage<Appended> keep(long roomId, RequestKey key) {
        return write(roomId, new Write.Keep(roomId, key, new CompletableFuture<>()), Write.Keep::done);
    }

    @Override
    public CompletionStage<Map<Long, Head>> heads(Collection<Long> roomIds) {
        return reading(() -> jdbi.withHandle(h -> dialect.heads(h, roomIds)));
    }

    @Override
    public CompletionStage<Optional<Long>> delete(String name, @Nullable RequestKey key) {
        return names.delete(name, key);
    }

    /**
     * Folds the live room of that name now, in the calling thread.
     *
     * @return false when there is no such room or nothing to fold, or another node does so
     * @throws DamagedException if it is damaged; nothing was changed then
     */
    public boolean compact(String name) {
        return names.live(name).map(compactor::compact).orElse(false);
    }

    /** What the database has of the live room of that name; empty where there is none. */
    public Optional<StoredRoom> stored(String name) {
        return jdbi.withHandle(h -> h.createQuery("SELECT r.id, r.head, r.created_at, s.seq,"
                        + " (SELECT count(*) FROM room_log l WHERE l.room_id = r.id),"
                        + " (SELECT COALESCE(sum(length(l.payload)), 0) FROM room_log l WHERE l.room_id = r.id),"
                        + " COALESCE(length(s.state), 0)"
                        + " FROM rooms r LEFT JOIN room_snapshots s ON s.room_id = r.id AND s.state IS NOT NULL"
                        + " WHERE r.name = :name AND r.deleted_at IS NULL")
                .bind("name", name)
                .map((rs, ctx) -> new StoredRoom(
                        rs.getLong(1),
                        rs.getLong(2),
                        rs.getLong(3),
                        rs.getLong(4),
                        rs.getLong(5),
                        rs.getLong(6),
                        rs.getLong(7)))
                .findOne());
    }

    /**
     * Kicks, for nodes that the bus does not reach: from now on.
     *
     * @throws org.jdbi.v3.core.JdbiException if the database does not answer
     */
    public JdbiKicks kicks() {
        return new JdbiKicks(jdbi, clock);
    }

    /** The time by which all nodes of this database go. */
    public Clock clock() {
        return clock;
    }

    /** What the nodes of this database know of each other. */
    public JdbiNodes nodes() {
        return new JdbiNodes(jdbi, clock);
    }

    /** The rows of the log, for those who follow. */
    public ChangeLog changes() {
        return new JdbiChangeLog(this);
    }

    /** How far webhooks are. */
    public Cursors cursors() {
        return new JdbiCursors(this);
    }

    /** From now on that is told the id of each room to which this node has written something; it has to be quick. */
    public void onCommitted(LongConsumer listener) {
        committed = listener;
    }

    /** The blobs beside the log, in the same database; to be started after it and stopped before it. */
    public JdbiBlobStore blobs(JdbiBlobStore.Settings blobSettings, BlobMetrics metrics) {
        return new JdbiBlobStore(this, clock, blobSettings, metrics);
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
        return reading(() -> readNow(roomId, seq));
    }

    /** Reads in the calling thread. */
    Contents readNow(long roomId, long seq) {
        return jdbi.withHandle(h -> {
            // most often there is nothing new, and whoever asks is a back end that waits: one row by its key tells
            Head head = seq == 0 ? null : dialect.heads(h, List.of(roomId)).get(roomId);
            if (head != null && head.seq() == seq && head.link() > 0 && !head.deleted()) {
                return new Contents(roomId, head, head.link(), 0, null, List.of());
            }
            if (seq == 0) {
                measure(h, roomId);
            }
            return ContentsReader.read(h, roomId, seq);
        });
    }

    /** Refuses a room of which more is stored than this node can load, before anything of it is read. */
    private void measure(org.jdbi.v3.core.Handle h, long roomId) {
        long bytes = h.createQuery("""
                        SELECT COALESCE((SELECT length(state) FROM room_snapshots WHERE room_id = :room), 0)
                          + COALESCE((SELECT sum(length(payload)) FROM room_log
                                      WHERE room_id = :room
                                        AND seq > COALESCE((SELECT seq FROM room_snapshots
                                                            WHERE room_id = :room AND state IS NOT NULL), 0)), 0)""").bind("room", roomId).mapTo(Long.class).one();
        long limit = maxLoad;
        if (bytes > limit) {
            throw new RoomTooLargeException(roomId, bytes, limit);
        }
    }

    /** From now on no room is loaded of which more is stored than that, in bytes. Default: a sixth of the heap. */
    public void loadAtMost(long bytes) {
        maxLoad = bytes;
    }

    /**
     * Runs a change in a transaction of a writer.
     *
     * @param key changes of one key run one after the other
     */
    CompletionStage<Boolean> change(long key, Write.Task.Work work) {
        return write(key, new Write.Task(work, new CompletableFuture<>()), Write.Task::done);
    }

    <W extends Write, T> CompletionStage<T> write(
            long key, W write, java.util.function.Function<W, CompletableFuture<T>> done) {
        if (!lanes.get(Math.floorMod(Long.hashCode(key), lanes.size())).add(write)) {
            return CompletableFuture.failedStage(new Documents.UnavailableException("the log is closed", false));
        }
        return watched(done.apply(write), true);
    }

    <T> CompletionStage<T> reading(Supplier<T> work) {
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
                metrics.failed();
                health.failed(cause, isWrite);
            }
            if (cause != null) {
                failed(cause);
            }
        });
    }

    private static boolean isAnswer(Throwable error) {
        return error instanceof RoomGoneException
                || error instanceof RoomUnknownException
                || error instanceof RoomTooLargeException
                || error instanceof Documents.RoomMissingException
                || error instanceof KeyUsedException
                || UnreadableData.is(error);
    }

    private void failed(Throwable cause) {
        if (DiskFull.is(cause)) {
            metrics.full();
        }
        connectionFailed(cause);
    }

    /** Looks whether a failure is that of a connection, and tells whoever wants to know. */
    void connectionFailed(Throwable cause) {
        if (ConnectionFailure.is(cause)) {
            onConnectionLost.run();
        }
    }

    LogMetrics metrics() {
        return metrics;
    }

    Jdbi jdbi() {
        return jdbi;
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

    /** What failed last, in one line. */
    String lastFailure() {
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
        compactor.stop();
        for (GroupCommit<Write> lane : lanes) {
            lane.stop();
        }
        readers.shutdown();
        if (!readers.awaitTermination(5, TimeUnit.SECONDS)) {
            readers.shutdownNow();
        }
    }
}
