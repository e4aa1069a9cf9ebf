package io.keck.storage.history;

import io.keck.failure.RoomDamaged;
import io.keck.room.UpdateLog;
import io.keck.storage.database.Database;
import io.keck.storage.history.SegmentCodec.Row;
import io.keck.storage.history.Segments.Segment;
import io.keck.storage.log.RowKeeper;
import io.keck.storage.rows.FoldedAuthors;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves rows that leave the log into segments, and writes checkpoints beside them. A segment is stored first; then one
 * short transaction inserts its row and deletes exactly its rows from the log. A node that is killed before that leaves
 * an object to which no row refers, and which {@link Retention} deletes. Opening a document reads no segment.
 * Thread-safe.
 */
final class HistoryKeeper implements RowKeeper {
    private static final Logger LOG = LoggerFactory.getLogger(HistoryKeeper.class);

    /** The bytes of updates in one segment; one row may be larger. */
    private static final long SEGMENT_BYTES = 2 << 20;
    /** The time for which rows of a small segment wait for further rows, in milliseconds. */
    private static final long SMALL_WAITS_MILLIS = TimeUnit.DAYS.toMillis(1);
    /** The time between two checks of a room with history, in milliseconds. */
    static final long LOOK_MILLIS = TimeUnit.HOURS.toMillis(6);

    private static final int SEGMENTS_AT_ONCE = 100;

    private final Database database;
    private final HistorySettings settings;
    private final Stores stores;
    private final Checkpointer checkpointer;
    private final SegmentWriter segments;
    private final Retention retention;
    private final AutomaticVersions versions;

    HistoryKeeper(
            Database database,
            HistorySettings settings,
            Stores stores,
            StoredObject.Reading reading,
            Checkpointer checkpointer) {
        this.segments = new SegmentWriter(stores);
        this.retention = new Retention(database, settings, stores, reading, checkpointer, segments);
        this.versions = new AutomaticVersions(database, settings.versions());
        this.database = database;
        this.settings = settings;
        this.stores = stores;
        this.checkpointer = checkpointer;
    }

    private boolean change(long roomId, io.keck.storage.database.Change work) {
        return database.change(roomId, work).toCompletableFuture().join();
    }

    private long now() {
        return database.clock().millis();
    }

    // ------------------------------------------------------------------ folding

    /**
     * Begins the history of a room: with its first row or, if a release without history has deleted the rows before its
     * snapshot, with that snapshot.
     */
    @Override
    public void beforeFold(UpdateLog.Contents contents) {
        long roomId = contents.roomId();
        record Found(long oldest, HistoryRooms.Room room, long createdAt) {}
        Found found = database.jdbi()
                .withHandle(h -> new Found(
                        oldest(h, roomId),
                        HistoryRooms.find(h, roomId).orElse(new HistoryRooms.Room(0, -1, 0, 0, 0, 0, 0)),
                        h.createQuery("SELECT created_at FROM rooms WHERE id = :room")
                                .bind("room", roomId)
                                .mapTo(Long.class)
                                .findOne()
                                .orElse(0L)));
        boolean hasBegun = found.room().cut() >= 0;
        if (hasBegun && found.oldest() <= found.room().cut() + 1) {
            return;
        }
        if (!hasBegun && found.oldest() == 1) {
            change(roomId, h -> HistoryRooms.begin(h, roomId, 0, found.createdAt(), now() + LOOK_MILLIS));
            return;
        }
        byte[] state = contents.snapshot();
        if (state != null) {
            beginAt(contents.snapshotSeq(), roomId, state);
        }
    }

    private static long oldest(Handle h, long roomId) {
        return h.createQuery("SELECT COALESCE(min(seq), 0) FROM room_log WHERE room_id = :room")
                .bind("room", roomId)
                .mapTo(Long.class)
                .one();
    }

    private void beginAt(long seq, long roomId, byte[] state) {
        record Known(FoldedAuthors.Folded authors, long at) {}
        Known known = database.jdbi()
                .withHandle(h -> new Known(
                        FoldedAuthors.read(h, roomId),
                        h.createQuery("""
                                SELECT COALESCE(
                                  (SELECT created_at FROM room_log WHERE room_id = :room AND seq = :seq),
                                  (SELECT created_at FROM room_snapshots WHERE room_id = :room), 0)""")
                                .bind("room", roomId)
                                .bind("seq", seq)
                                .mapTo(Long.class)
                                .one()));
        byte[] ranges = known.authors().ranges();
        checkpointer.store(
                roomId, seq, known.at(), new Checkpoints.Content(state, ranges == null ? new byte[0] : ranges));
        change(roomId, h -> HistoryRooms.begin(h, roomId, seq, known.at(), now() + LOOK_MILLIS));
        LOG.info("The history of room {} begins at row {}: rows before it are not stored any more", roomId, seq);
    }

    @Override
    public void folded(long roomId, long upTo) {
        record Prepared(HistoryRooms.Room room, Activity.Sums sums) {}
        Prepared prepared = database.jdbi().withHandle(h -> {
            HistoryRooms.Room room = HistoryRooms.find(h, roomId).orElse(null);
            return room == null || room.sessions() >= upTo
                    ? null
                    : new Prepared(room, Activity.sums(h, roomId, room.sessions(), upTo));
        });
        if (prepared != null) {
            Activity.Sums sums = prepared.sums();
            change(roomId, h -> {
                boolean isFirst = HistoryRooms.folded(
                        h, roomId, prepared.room().sessions(), upTo, sums.bytes(), sums.bytes() / Checkpointer.SHARE);
                if (isFirst) {
                    Activity.store(h, roomId, sums);
                }
                return isFirst;
            });
        }
        checkpointer.writeIfDue(roomId, upTo);
    }

    // ------------------------------------------------------------------ segments

    @Override
    public Taken take(long roomId, long upTo, long before) {
        HistoryRooms.Room room =
                database.jdbi().withHandle(h -> HistoryRooms.find(h, roomId)).orElse(null);
        if (room == null) { // folded by a release without history, or for the last time before this one
            return new Taken(delete(roomId, upTo, before), 0);
        }
        if (room.kept() > settings.maxBytes() + settings.maxBytes() / 2) {
            retention.look(roomId);
            room = database.jdbi().withHandle(h -> HistoryRooms.find(h, roomId)).orElse(room);
            if (room.kept() > settings.maxBytes() + settings.maxBytes() / 2) {
                LOG.warn(
                        "The history of room {} takes {} bytes and cannot be reduced; rows are dropped",
                        roomId,
                        room.kept());
                return new Taken(delete(roomId, upTo, before), 0);
            }
        }
        int taken = delete(roomId, room.cut(), before);
        long end = Math.min(upTo, room.sessions());
        long at = room.cut();
        for (int i = 0; i < SEGMENTS_AT_ONCE && at < end; i++) {
            long from = at;
            KeptRows.Rows page =
                    database.jdbi().withHandle(h -> KeptRows.ofLog(h, roomId, from, end, before, SEGMENT_BYTES));
            if (page.damage() != null) {
                throw new RoomDamaged(roomId, page.damage().what());
            }
            List<Row> rows = page.rows();
            if (rows.isEmpty()) {
                return new Taken(taken, 0);
            }
            if (!isWorth(rows, before)) {
                return new Taken(taken, now() + SMALL_WAITS_MILLIS / 4);
            }
            if (!cut(roomId, at, rows)) {
                return new Taken(taken, 0);
            }
            taken += rows.size();
            at = rows.get(rows.size() - 1).seq();
        }
        return new Taken(taken, at < end ? now() : 0);
    }

    private int delete(long roomId, long upTo, long before) {
        int[] rows = new int[1];
        change(roomId, h -> {
            rows[0] = h.createUpdate(
                            "DELETE FROM room_log WHERE room_id = :room AND seq <= :seq AND created_at <= :before")
                    .bind("room", roomId)
                    .bind("seq", upTo)
                    .bind("before", before)
                    .execute();
            return true;
        });
        return rows[0];
    }

    private boolean isWorth(List<Row> rows, long before) {
        return rows.size() >= settings.smallRows()
                || SegmentWriter.payload(rows) >= settings.smallBytes()
                || rows.get(0).at() <= before - SMALL_WAITS_MILLIS;
    }

    private boolean cut(long roomId, long after, List<Row> rows) {
        Segment segment = segments.write(roomId, rows);
        boolean isCut = change(roomId, h -> {
            if (!HistoryRooms.cut(h, roomId, after, segment.last())) {
                return false;
            }
            Segments.insert(h, roomId, segment);
            long bytes = segment.object().bytes();
            HistoryRooms.add(h, roomId, bytes, 0, bytes);
            int deleted = h.createUpdate("DELETE FROM room_log WHERE room_id = :room AND seq > :after AND seq <= :last")
                    .bind("room", roomId)
                    .bind("after", after)
                    .bind("last", segment.last())
                    .execute();
            if (deleted != rows.size()) {
                throw new IllegalStateException("the rows of room " + roomId + " changed while they were moved");
            }
            return true;
        });
        if (isCut) {
            database.metrics().kept(rows.size(), segment.object().bytes());
        } else { // another node has taken them
            stores.written().delete(roomId, List.of(segment.object().id()));
        }
        return isCut;
    }

    Retention retention() {
        return retention;
    }

    @Override
    public void written(long roomId) {
        versions.written(roomId);
    }

    @Override
    public void upkeep() {
        versions.upkeep();
        retention.upkeep();
    }
}
