package io.keck.storage.log;

import io.keck.access.NameRange;
import io.keck.failure.RoomDamaged;
import io.keck.room.Link;
import io.keck.room.RequestKey;
import io.keck.room.UpdateLog;
import io.keck.storage.database.Database;
import io.keck.storage.database.Dialect;
import io.keck.storage.database.GroupCommit;
import io.keck.storage.database.Write;
import io.keck.storage.rows.ContentsReader;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * The room log in a database. Writes go through the lanes of the {@link Database}, each room always through the same
 * one ({@link LogWriter}); reads run beside them. Rooms are folded into snapshots by a {@link Compactor}. Thread-safe.
 */
public final class JdbiUpdateLog implements UpdateLog {
    /**
     * The settings of the log. Immutable.
     *
     * @param retention how long folded rows are kept
     * @param snapshotEvery the number of rows after a snapshot that triggers folding
     * @param snapshotBytes the bytes of rows after a snapshot that trigger folding
     * @param deletedNameHold how long after a deletion copies of the deleted room are refused
     */
    public record Settings(Duration retention, int snapshotEvery, long snapshotBytes, Duration deletedNameHold) {
        /** The defaults of {@code config.yml}, without a hold. */
        public static final Settings DEFAULT = new Settings(Duration.ofHours(24), 500, 16 << 20, Duration.ZERO);

        /** Returns the same settings with another {@link #retention}. */
        public Settings withRetention(Duration retention) {
            return new Settings(retention, snapshotEvery, snapshotBytes, deletedNameHold);
        }

        /** The same with other sizes from which on a room is folded. */
        public Settings withSnapshots(int snapshotEvery, long snapshotBytes) {
            return new Settings(retention, snapshotEvery, snapshotBytes, deletedNameHold);
        }

        /** Returns the same settings with another {@link #deletedNameHold}. */
        public Settings withDeletedNameHold(Duration deletedNameHold) {
            return new Settings(retention, snapshotEvery, snapshotBytes, deletedNameHold);
        }
    }

    /**
     * The size of a room in the database.
     *
     * @param head the seq of the newest row
     * @param createdAt milliseconds since 1970
     * @param snapshot the seq of the last folded row; 0 if there is no snapshot
     * @param rows the number of stored rows, including kept folded rows
     * @param rowBytes the bytes of their updates
     * @param snapshotBytes the bytes of the snapshot
     */
    public record StoredRoom(
            long id, long head, long createdAt, long snapshot, long rows, long rowBytes, long snapshotBytes) {}

    private static final int MAX_TAILS = 50_000;

    private final Database database;
    private final LogStatements statements;
    private final Settings settings;
    private final Compactor compactor;
    private final NamedRooms names;
    private final RoomLoads loads;
    /** The rows of each room since its snapshot; a room evicted from this cache is folded later. */
    private final Map<Long, Tail> tails = Collections.synchronizedMap(new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Tail> eldest) {
            return size() > MAX_TAILS;
        }
    });

    private final LongConsumer written;
    private volatile LongConsumer committed = roomId -> {};

    /** The rows of a room beyond its snapshot, to the knowledge of this node. */
    private record Tail(int rows, long bytes) {
        Tail plus(Tail other) {
            return new Tail(rows + other.rows, bytes + other.bytes);
        }
    }

    /** Creates the committer that the log needs in each lane of the database. */
    public static GroupCommit.Committer<Write> writer(Jdbi jdbi, Dialect dialect, String node, Clock clock) {
        return new LogWriter(jdbi, LogStatements.of(dialect), node, clock);
    }

    /**
     * Creates a log over a database whose lanes have a {@link #writer}. The folding thread starts at once and ends in
     * {@link #stop}.
     *
     * @param node the label of this node, stored with each row
     * @param lifeEnds further parts to end together with the life of a name
     * @param followers the readers whose unread rows are not folded
     * @param keeper takes over rows that leave the log; null if they are deleted
     */
    public JdbiUpdateLog(
            Database database,
            String node,
            Settings settings,
            List<LifeEnd> lifeEnds,
            Followers followers,
            @Nullable RowKeeper keeper) {
        this.database = database;
        this.statements = LogStatements.of(database.dialect());
        this.settings = settings;
        this.written = keeper == null ? roomId -> {} : keeper::written;
        this.loads = new RoomLoads(database);
        this.compactor = new Compactor(database, database.clock(), settings.retention(), followers, loads, keeper);
        this.names = new NamedRooms(database, loads, statements, node, settings.deletedNameHold(), lifeEnds);
    }

    @Override
    public boolean isShared() {
        return database.isShared();
    }

    @Override
    public CompletionStage<Contents> open(String name) {
        return names.open(name).thenApply(this::opened);
    }

    /** Records the rows beyond the snapshot of an opened room. */
    private Contents opened(Contents contents) {
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
    public CompletionStage<Optional<Begun>> init(String name, Entry first, boolean replace, @Nullable RequestKey key) {
        return names.init(name, first, replace, key).thenApply(life -> {
            life.ifPresent(begun -> committed(begun.roomId()));
            return life;
        });
    }

    @Override
    public CompletionStage<List<Named>> names(List<NameRange> ranges, String after, int limit) {
        return names.list(ranges, after, limit);
    }

    @Override
    public CompletionStage<Optional<Long>> create(String name, @Nullable RequestKey key) {
        return names.create(name, key);
    }

    @Override
    public void forget(long roomId) {
        var unused = database.change(roomId, h -> LogWriter.forget(h, roomId));
    }

    @Override
    public CompletionStage<Long> heldMillis(String name) {
        return names.heldMillis(name);
    }

    @Override
    public CompletionStage<Appended> append(long roomId, Entry batch, boolean again, @Nullable RequestKey key) {
        return append(new LogWrite.Append(roomId, List.of(batch), again, key, new CompletableFuture<>()))
                .thenApply(rows -> rows.get(0));
    }

    @Override
    public CompletionStage<List<Appended>> append(long roomId, List<Entry> batches) {
        return append(new LogWrite.Append(roomId, List.copyOf(batches), false, null, new CompletableFuture<>()));
    }

    private CompletionStage<List<Appended>> append(LogWrite.Append append) {
        return database.<LogWrite.Append, List<Appended>>write(append.roomId(), append, LogWrite.Append::done)
                .thenApply(rows -> {
                    database.saved();
                    count(append.roomId(), new Tail(rows.size(), append.size()), false);
                    committed(append.roomId());
                    return rows;
                });
    }

    @Override
    public CompletionStage<Appended> keep(long roomId, RequestKey key) {
        return database.write(roomId, new LogWrite.Keep(roomId, key, new CompletableFuture<>()), LogWrite.Keep::done);
    }

    @Override
    public CompletionStage<Introductions> introductions(long roomId, long after) {
        return database.reading(() -> database.jdbi().withHandle(h -> RoomIntroductions.read(h, roomId, after)));
    }

    @Override
    public CompletionStage<Map<Long, Head>> heads(Collection<Long> roomIds) {
        return database.reading(() -> database.jdbi().withHandle(h -> statements.heads(h, roomIds)));
    }

    @Override
    public CompletionStage<Optional<Long>> delete(String name, @Nullable RequestKey key) {
        return names.delete(name, key);
    }

    /**
     * Folds the live room with a name now, in the calling thread.
     *
     * @return false if there is no such room or nothing to fold, or another node is folding it
     * @throws RoomDamaged if it is damaged; nothing was changed then
     */
    public boolean compact(String name) {
        return names.live(name).map(compactor::compact).orElse(false);
    }

    /** The stored size of the live room with a name; empty if there is none. */
    public Optional<StoredRoom> stored(String name) {
        return database.jdbi()
                .withHandle(h -> h.createQuery("""
                SELECT r.id, r.head, r.created_at, s.seq,
                (SELECT count(*) FROM room_log l WHERE l.room_id = r.id),
                (SELECT COALESCE(sum(length(l.payload)), 0) FROM room_log l WHERE l.room_id = r.id),
                COALESCE(length(s.state), 0)
                FROM rooms r LEFT JOIN room_snapshots s ON s.room_id = r.id AND s.state IS NOT NULL
                WHERE r.name = :name AND r.deleted_at IS NULL""")
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

    /** Sets the listener that receives the id of each room to which this node commits; it must return at once. */
    public void onCommitted(LongConsumer listener) {
        committed = listener;
    }

    private void committed(long roomId) {
        written.accept(roomId);
        committed.accept(roomId);
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
        return database.reading(() -> readNow(roomId, seq));
    }

    private Contents readNow(long roomId, long seq) {
        return database.jdbi().withHandle(h -> {
            // a back end waits for this answer, and usually nothing is new, which reading one row by its key shows
            Head head = seq == 0 ? null : statements.heads(h, List.of(roomId)).get(roomId);
            if (head != null && head.seq() == seq && Link.isOfRow(head.link()) && !head.deleted()) {
                return new Contents(roomId, head, head.link(), 0, null, List.of());
            }
            if (seq == 0) {
                loads.check(h, roomId);
            }
            return ContentsReader.read(h, roomId, seq);
        });
    }

    @Override
    public void loaded(long roomId, long heap) {
        loads.ended(roomId, heap);
    }

    /**
     * Sets the limits of loads.
     *
     * @param maxHeap the heap of this node in bytes
     * @param ofOneLoad the bytes of heap that loading one room may be estimated to take; half of the heap by default
     */
    public void loadAtMost(long maxHeap, long ofOneLoad) {
        loads.heap(maxHeap, ofOneLoad);
    }

    /** Sets the predicate that decides, before a room is loaded, whether that many bytes of heap may be taken now. */
    public void onLoad(LongPredicate hasRoom) {
        loads.asks(hasRoom);
    }

    /**
     * Sets whether rooms are measured before they are loaded; without it one room can crash node after node. For tests.
     */
    void measuresBeforeLoading(boolean does) {
        loads.measures(does);
    }

    /** Ends the folding thread. */
    public void stop() throws InterruptedException {
        compactor.stop();
    }
}
