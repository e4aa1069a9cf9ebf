package io.keck.storage.log;

import io.keck.failure.TooLargeHere;
import io.keck.room.UpdateLog.Contents;
import io.keck.storage.database.Database;
import io.keck.storage.rows.ContentsReader;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import org.jdbi.v3.core.Handle;

/**
 * Measures a room before it is loaded, so that no room crashes a node twice. Thread-safe.
 *
 * <ul>
 *   <li>The heap of a load is estimated from the stored bytes, and from the heap that the last load took. Above the
 *   limit nothing is read.
 *   <li>A load of many stored bytes is recorded before it begins, and the record is removed when it has ended. A
 *   remaining record shows that a node has died: for a day, no node with that much heap or less tries the room again.
 *   <li>The ledger of the heap must have memory for the load now.
 *   <li>A fold ({@link Compactor}) is measured and checked in the same way, with twice the estimate.
 * </ul>
 */
final class RoomLoads {
    /** The least bytes of heap per stored byte: the rows that are read, the replica, and the work of decoding. */
    static final long PER_STORED_BYTE = 3;

    /** How long a load that crashed a node keeps other nodes from trying. */
    static final long HOLD_MS = TimeUnit.DAYS.toMillis(1);

    /** Loads estimated at less than this fraction of the limit are not recorded. */
    private static final long SMALL_PART = 16;

    /** A room with fewer stored bytes takes little heap, whatever its content. */
    private static final long FEW_BYTES = 256 << 10;

    /** Replicas with less heap are not recorded. */
    private static final long LITTLE_HEAP = 8 << 20;

    private static final long WRITE_TIMEOUT_SECONDS = 30;

    private static final String MEASURE = """
            SELECT COALESCE((SELECT length(state) FROM room_snapshots WHERE room_id = :room), 0)
              + COALESCE((SELECT sum(length(payload)) FROM room_log
                          WHERE room_id = :room
                            AND seq > COALESCE((SELECT seq FROM room_snapshots
                                                WHERE room_id = :room AND state IS NOT NULL), 0)), 0),
              load_heap, load_stored, attempt_boot, attempt_at, attempt_heap
            FROM rooms WHERE id = :room""";

    private static final String BEGIN = """
            UPDATE rooms SET attempt_boot = :boot, attempt_at = :now, attempt_heap = :heap WHERE id = :room""";

    private static final String END = """
            UPDATE rooms SET attempt_boot = NULL, attempt_at = NULL, attempt_heap = NULL
            WHERE id = :room AND attempt_boot = :boot""";

    private static final String RECORD = """
            UPDATE rooms SET load_heap = :heap, load_stored = :stored WHERE id = :room""";

    /**
     * The known figures of a room before it is loaded.
     *
     * @param stored the stored bytes
     * @param heap the bytes of heap that the last load took; 0 if unknown
     * @param storedThen the stored bytes at that load
     * @param boot the boot number of the node that began a load and has not ended it; 0 for none
     * @param at the beginning of that load by the clock of the database
     * @param maxHeap the heap of that node in bytes
     */
    private record Measure(long stored, long heap, long storedThen, long boot, long at, long maxHeap) {
        private static final Measure UNKNOWN = new Measure(0, 0, 0, 0, 0, 0);

        /** The estimated bytes of heap of a load. */
        long expected() {
            double replica = storedThen == 0 ? 0 : (double) heap * Math.max(stored, storedThen) / storedThen;
            return Math.max(PER_STORED_BYTE * stored, stored + (long) (1.5 * replica));
        }
    }

    private record Load(long stored, long expected, boolean isWritten) {}

    /** The number of replicas of a fold: the one that it makes, and the one that checks the result. */
    private static final int FOLD = 2;

    private final Database database;
    private final long boot = new SecureRandom().nextLong() | 1;
    private final Map<Long, Load> underWay = new ConcurrentHashMap<>();
    /** The estimated bytes of heap of running folds, by room. */
    private final Map<Long, Long> folds = new ConcurrentHashMap<>();

    private volatile long maxHeap = Runtime.getRuntime().maxMemory();
    private volatile long limit = maxHeap / 2;
    private volatile LongPredicate hasRoom = bytes -> true;
    private volatile boolean measures = true;

    RoomLoads(Database database) {
        this.database = database;
    }

    /** Sets the heap of the node, and the part that one load may take. */
    void heap(long most, long ofOneLoad) {
        maxHeap = most;
        limit = ofOneLoad;
    }

    /** Sets the predicate that decides whether that many bytes of heap may be taken now. */
    void asks(LongPredicate ledger) {
        hasRoom = ledger;
    }

    /** Sets whether rooms are measured. A test switches this off. */
    void measures(boolean does) {
        measures = does;
    }

    /**
     * Reads a room that is about to be loaded, in the calling thread; {@link #ended} must follow.
     *
     * @throws TooLargeHere if the room must not be loaded; nothing of it was read
     */
    Contents begin(long roomId) {
        begin(roomId, database.jdbi().withHandle(h -> check(h, roomId)));
        try {
            return database.jdbi().withHandle(h -> ContentsReader.read(h, roomId, 0));
        } catch (RuntimeException e) {
            ended(roomId, 0);
            throw e;
        }
    }

    private void begin(long roomId, Measure room) {
        if (room.stored() < FEW_BYTES || !measures) {
            return;
        }
        boolean writes = room.expected() > limit / SMALL_PART;
        underWay.put(roomId, new Load(room.stored(), room.expected(), writes));
        if (writes) {
            long now = database.clock().millis();
            long heap = maxHeap;
            try {
                database.change(
                                roomId,
                                h -> h.createUpdate(BEGIN)
                                                .bind("boot", boot)
                                                .bind("now", now)
                                                .bind("heap", heap)
                                                .bind("room", roomId)
                                                .execute()
                                        > 0)
                        .toCompletableFuture()
                        .orTimeout(WRITE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
                        .join();
            } catch (RuntimeException e) {
                underWay.remove(roomId);
                throw e;
            }
        }
    }

    /**
     * Reports the end of a load.
     *
     * @param heap the bytes of heap that the room takes; 0 if it was not loaded
     */
    void ended(long roomId, long heap) {
        Load load = underWay.remove(roomId);
        boolean records = load != null && heap >= LITTLE_HEAP;
        if (load == null || !(load.isWritten() || records)) {
            return;
        }
        var unused = database.change(roomId, h -> {
            if (load.isWritten()) {
                h.createUpdate(END).bind("room", roomId).bind("boot", boot).execute();
            }
            if (records) {
                h.createUpdate(RECORD)
                        .bind("heap", heap)
                        .bind("stored", load.stored())
                        .bind("room", roomId)
                        .execute();
            }
            return true;
        });
    }

    /**
     * Checks a room that is about to be read for folding; {@link #foldEnded} must follow. The ledger of the heap is
     * asked, as for a load. The limit of one load does not apply, because a room that exceeds it only for lack of
     * folding would exceed it forever. Nothing is recorded, because a node killed during a fold would keep all others
     * from the room.
     *
     * @throws TooLargeHere if there is no memory for the fold now
     */
    void beginFold(long roomId) {
        Measure room = database.jdbi().withHandle(h -> measure(h, roomId));
        if (measures && room.stored() >= FEW_BYTES) {
            long expected = FOLD * room.expected();
            askLedger(roomId, expected, "to be folded");
            folds.put(roomId, expected);
        }
    }

    /** Reports that the fold has ended or was refused. */
    void foldEnded(long roomId) {
        folds.remove(roomId);
    }

    /**
     * Refuses a room that this node cannot load.
     *
     * @throws TooLargeHere if this node cannot load the room
     */
    Measure check(Handle h, long roomId) {
        Measure room = measure(h, roomId);
        if (measures) {
            refuse(roomId, room);
        }
        return room;
    }

    private static Measure measure(Handle h, long roomId) {
        return h.createQuery(MEASURE)
                .bind("room", roomId)
                .map((rs, ctx) -> new Measure(
                        rs.getLong(1), rs.getLong(2), rs.getLong(3), rs.getLong(4), rs.getLong(5), rs.getLong(6)))
                .findOne()
                .orElse(Measure.UNKNOWN);
    }

    private void refuse(long roomId, Measure room) {
        long expected = room.expected();
        if (expected > limit) {
            throw new TooLargeHere(roomId, room.stored(), expected, limit);
        }
        long age = database.clock().millis() - room.at();
        if (room.boot() != 0 && room.boot() != boot && age < HOLD_MS && maxHeap <= room.maxHeap()) {
            throw new TooLargeHere("room " + roomId + " has " + room.stored()
                    + " stored bytes, and a node with a heap of " + room.maxHeap() + " bytes began to load it "
                    + age / 1_000 + " s ago and has not ended that");
        }
        if (room.stored() >= FEW_BYTES) {
            askLedger(roomId, expected, "");
        }
    }

    private void askLedger(long roomId, long expected, String purpose) {
        long others = underWay.values().stream().mapToLong(Load::expected).sum()
                + folds.values().stream().mapToLong(Long::longValue).sum();
        if (!hasRoom.test(expected + others)) {
            throw new TooLargeHere("room " + roomId + " is estimated to take " + expected + " bytes of heap"
                    + (purpose.isEmpty() ? "" : " " + purpose) + ", which are not free now");
        }
    }
}
