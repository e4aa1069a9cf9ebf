package io.keck.storage.history;

import io.keck.storage.database.Database;
import io.keck.storage.history.Checkpoints.Checkpoint;
import io.keck.storage.history.Checkpoints.Content;
import io.keck.storage.history.SegmentCodec.Row;
import io.keck.storage.history.Segments.Segment;
import io.keck.thread.OutOfMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps history within its limits. It drops whole segments before a checkpoint, and the checkpoints before that one; a
 * pinned version in that range first gets a checkpoint of its own. Then it removes from the first checkpoint the
 * content that was deleted before it, and merges small segments. Each of these steps is one short transaction; objects
 * are deleted afterwards. Thread-safe.
 */
final class Retention {
    private static final Logger LOG = LoggerFactory.getLogger(Retention.class);
    private static final int ROOMS_AT_ONCE = 50;
    private static final int MAX_SEGMENTS = 20_000;
    private static final long SWEEP_MILLIS = TimeUnit.HOURS.toMillis(1);
    /** The age of an object, in milliseconds, at which it has its reference or will never get one. */
    private static final long ORPHAN_MILLIS = TimeUnit.HOURS.toMillis(2);
    /** The number of consecutive small segments from which they are merged. */
    private static final int MERGE_FROM = 8;

    private static final int MERGED_ROWS = 20_000;

    private static final String DUE = "SELECT room_id FROM history_rooms WHERE due_at <= :now ORDER BY due_at LIMIT :n";

    private static final String CLAIM =
            "UPDATE history_rooms SET due_at = :next WHERE room_id = :room AND due_at <= :now";

    private static final String STAY = """
            SELECT DISTINCT v.seq FROM document_versions v
            WHERE v.room_id = :room AND v.seq >= :first AND v.seq < :next AND (v.label <> '' OR v.pinned = 1)
              AND NOT EXISTS (SELECT 1 FROM history_checkpoints c WHERE c.room_id = v.room_id AND c.seq = v.seq)
            ORDER BY v.seq LIMIT 100""";

    private static final String USELESS = """
            SELECT c.object, c.store, c.stored_bytes FROM history_checkpoints c
            WHERE c.room_id = :room AND c.seq < :next AND NOT EXISTS (
              SELECT 1 FROM document_versions v
              WHERE v.room_id = c.room_id AND v.seq = c.seq AND (v.label <> '' OR v.pinned = 1))""";

    private static final String TENANT = """
            SELECT COALESCE(sum(k.kept_bytes), 0) FROM rooms r JOIN history_rooms k ON k.room_id = r.id
            WHERE r.deleted_at IS NULL AND NAME > :from AND NAME < :to""";

    private final Database database;
    private final HistorySettings settings;
    private final Stores stores;
    private final StoredObject.Reading reading;
    private final Checkpointer checkpointer;
    private final SegmentWriter segments;
    private final String name;
    private long sweptAt;

    Retention(
            Database database,
            HistorySettings settings,
            Stores stores,
            StoredObject.Reading reading,
            Checkpointer checkpointer,
            SegmentWriter segments) {
        this.database = database;
        this.settings = settings;
        this.stores = stores;
        this.reading = reading;
        this.checkpointer = checkpointer;
        this.segments = segments;
        this.name = database.isShared() ? "r.name COLLATE \"C\"" : "r.name";
        this.sweptAt = database.clock().millis();
    }

    private boolean change(long roomId, io.keck.storage.database.Change work) {
        return database.change(roomId, work).toCompletableFuture().join();
    }

    /** Checks the rooms that are due, and sweeps once an hour. One thread calls it once a minute. */
    void upkeep() {
        long now = database.clock().millis();
        List<Long> due = database.jdbi()
                .withHandle(h -> h.createQuery(DUE)
                        .bind("now", now)
                        .bind("n", ROOMS_AT_ONCE)
                        .mapTo(Long.class)
                        .list());
        for (long room : due) {
            boolean isMine = change(
                    room,
                    h -> h.createUpdate(CLAIM)
                                    .bind("next", now + HistoryKeeper.LOOK_MILLIS)
                                    .bind("room", room)
                                    .bind("now", now)
                                    .execute()
                            == 1);
            try {
                if (isMine) {
                    look(room);
                }
            } catch (RuntimeException e) {
                OutOfMemory.check(e);
                LOG.warn("The history of room {} was not brought within its limits: {}", room, e.toString());
            }
        }
        if (now - sweptAt >= SWEEP_MILLIS) {
            sweptAt = now;
            sweep();
        }
    }

    /** Deletes objects to which no row refers; returns their number. */
    int sweep() {
        long before = database.clock().millis() - ORPHAN_MILLIS;
        int swept = 0;
        for (SegmentStore store : stores.all()) {
            swept += store.sweep(before, this::isReferred);
        }
        return swept;
    }

    private boolean isReferred(long object) {
        return database.jdbi()
                .withHandle(h -> h.createQuery("""
                        SELECT 1 FROM history_segments WHERE object = :id
                        UNION ALL SELECT 1 FROM history_checkpoints WHERE object = :id LIMIT 1""")
                        .bind("id", object)
                        .mapTo(Integer.class)
                        .findOne()
                        .isPresent());
    }

    /** Brings a room within its limits, as far as whole segments can be dropped. */
    void look(long roomId) {
        record Found(HistoryRooms.Room room, List<Segment> segments, long limit) {}
        Optional<Found> found = database.jdbi()
                .withHandle(h -> HistoryRooms.find(h, roomId)
                        .map(room -> new Found(
                                room, Segments.after(h, roomId, -1, MAX_SEGMENTS), limit(h, roomId, room.kept()))));
        if (found.isEmpty()) {
            return;
        }
        HistoryRooms.Room room = found.get().room();
        List<Segment> all = found.get().segments();
        long old = old(all);
        long tooMuch = tooMuch(room, all, found.get().limit());
        long drop = Math.max(old, tooMuch);
        if (drop > room.first()) {
            drop(roomId, room, drop, tooMuch == drop || isWorth(roomId, all, room, drop));
        }
        merge(roomId, all.stream().filter(s -> s.first() > drop).toList());
    }

    /** The largest number of stored bytes of a room: its own limit, or its share of the limit of its tenant. */
    private long limit(Handle h, long roomId, long kept) {
        if (settings.maxTenantBytes() == 0) {
            return settings.maxBytes();
        }
        String document = h.createQuery("SELECT name FROM rooms WHERE id = :room")
                .bind("room", roomId)
                .mapTo(String.class)
                .findOne()
                .orElse("");
        int slash = document.indexOf('/');
        if (slash < 0) {
            return settings.maxBytes();
        }
        String tenant = document.substring(0, slash);
        long all = h.createQuery(TENANT.replace("NAME", name))
                .bind("from", tenant + "/")
                .bind("to", tenant + "0") // the character after the slash
                .mapTo(Long.class)
                .one();
        return all <= settings.maxTenantBytes()
                ? settings.maxBytes()
                : Math.min(settings.maxBytes(), (long) ((double) kept * settings.maxTenantBytes() / all));
    }

    /** The last row of the newest segment that exceeds the maximum age. */
    private long old(List<Segment> all) {
        long before = database.clock().millis() - settings.maxAge().toMillis();
        long last = 0;
        for (Segment segment : all) {
            if (segment.lastAt() >= before) {
                break;
            }
            last = segment.last();
        }
        return last;
    }

    /** The last row of the newest segment that exceeds the limits of rows or bytes. */
    private long tooMuch(HistoryRooms.Room room, List<Segment> all, long limit) {
        long rows = all.stream().mapToLong(Segment::rows).sum();
        long bytes = room.kept();
        long last = 0;
        for (Segment segment : all) {
            if (rows <= settings.maxRows() && bytes <= limit) {
                break;
            }
            rows -= segment.rows();
            bytes -= segment.object().bytes();
            last = segment.last();
        }
        return last;
    }

    /**
     * Whether a checkpoint may be written for the sole purpose of dropping rows before it: it is smaller than they are,
     * or they are far older than allowed.
     */
    private boolean isWorth(long roomId, List<Segment> all, HistoryRooms.Room room, long drop) {
        long size = database.jdbi()
                .withHandle(h -> Checkpoints.newest(h, roomId, drop))
                .map(checkpoint -> checkpoint.object().bytes())
                .orElse(0L);
        long tooOld = database.clock().millis() - 2 * settings.maxAge().toMillis();
        long dropped = all.stream()
                .filter(s -> s.last() > room.first() && s.last() <= drop)
                .mapToLong(s -> s.object().bytes())
                .sum();
        return dropped >= size
                || all.stream().anyMatch(s -> s.last() <= drop && s.last() > room.first() && s.lastAt() < tooOld);
    }

    private void drop(long roomId, HistoryRooms.Room room, long upTo, boolean mayWrite) {
        if (mayWrite) {
            checkpointer.write(roomId, upTo, room);
        }
        Checkpoint base = database.jdbi()
                .withHandle(h -> Checkpoints.newest(h, roomId, upTo))
                .orElse(null);
        if (base == null || base.seq() <= room.first()) {
            return;
        }
        for (long seq : staying(roomId, room.first(), base.seq())) {
            checkpointer.write(roomId, seq, room);
        }
        Map<String, List<Long>> objects = new HashMap<>();
        if (change(roomId, h -> drop(h, roomId, room.first(), base, objects))) {
            delete(roomId, objects);
            collect(roomId, base);
        }
    }

    private List<Long> staying(long roomId, long first, long next) {
        return database.jdbi().withHandle(h -> staying(h, roomId, first, next));
    }

    private static List<Long> staying(Handle h, long roomId, long first, long next) {
        return h.createQuery(STAY)
                .bind("room", roomId)
                .bind("first", first)
                .bind("next", next)
                .mapTo(Long.class)
                .list();
    }

    private static boolean drop(Handle h, long roomId, long first, Checkpoint base, Map<String, List<Long>> objects) {
        int begun = h.createUpdate("""
                        UPDATE history_rooms SET first_seq = :next, first_at = :at
                        WHERE room_id = :room AND first_seq = :first""")
                .bind("next", base.seq())
                .bind("at", base.at())
                .bind("room", roomId)
                .bind("first", first)
                .execute();
        // a transaction that makes a version has changed the same row first
        if (begun == 0 || !staying(h, roomId, first, base.seq()).isEmpty()) {
            if (begun == 1) {
                h.createUpdate("UPDATE history_rooms SET first_seq = :first WHERE room_id = :room")
                        .bind("first", first)
                        .bind("room", roomId)
                        .execute();
            }
            return false;
        }
        long[] bytes = new long[1];
        h.createQuery(
                        "SELECT object, store, stored_bytes FROM history_segments WHERE room_id = :room AND last_seq <= :next")
                .bind("room", roomId)
                .bind("next", base.seq())
                .map((rs, ctx) -> bytes[0] += count(objects, rs.getString(2), rs.getLong(1), rs.getLong(3)))
                .list();
        h.createUpdate("DELETE FROM history_segments WHERE room_id = :room AND last_seq <= :next")
                .bind("room", roomId)
                .bind("next", base.seq())
                .execute();
        List<Long> useless = h.createQuery(USELESS)
                .bind("room", roomId)
                .bind("next", base.seq())
                .map((rs, ctx) -> {
                    bytes[0] += count(objects, rs.getString(2), rs.getLong(1), rs.getLong(3));
                    return rs.getLong(1);
                })
                .list();
        for (long object : useless) {
            h.createUpdate("DELETE FROM history_checkpoints WHERE room_id = :room AND object = :object")
                    .bind("room", roomId)
                    .bind("object", object)
                    .execute();
        }
        h.createUpdate("""
                        DELETE FROM document_versions
                        WHERE room_id = :room AND seq < :next AND label = '' AND pinned = 0""").bind("room", roomId).bind("next", base.seq()).execute();
        h.createUpdate("DELETE FROM history_sessions WHERE room_id = :room AND last_seq <= :next")
                .bind("room", roomId)
                .bind("next", base.seq())
                .execute();
        HistoryRooms.add(h, roomId, 0, 0, -bytes[0]);
        return true;
    }

    private static long count(Map<String, List<Long>> objects, String store, long object, long bytes) {
        objects.computeIfAbsent(store, key -> new ArrayList<>()).add(object);
        return bytes;
    }

    private void delete(long roomId, Map<String, List<Long>> objects) {
        objects.forEach((store, ids) -> stores.named(store).delete(roomId, ids));
    }

    /** Removes from the first checkpoint the content that was deleted before it, since no known state needs it. */
    private void collect(long roomId, Checkpoint base) {
        Content before = database.jdbi().withHandle(h -> Checkpointer.content(h, reading, roomId, base));
        KeptState state = new KeptState(base.seq(), base.at(), before);
        Content after = state.encode(state.deletes());
        if (!Arrays.equals(after.state(), before.state())) {
            checkpointer.replace(roomId, base, after);
        }
    }

    private void merge(long roomId, List<Segment> all) {
        List<Segment> run = new ArrayList<>();
        for (Segment next : all) {
            boolean isSmall = next.payload() < settings.smallBytes() && next.rows() < settings.smallRows();
            boolean follows = run.isEmpty() || run.get(run.size() - 1).last() + 1 == next.first();
            boolean fits = run.stream().mapToLong(Segment::rows).sum() + next.rows() <= MERGED_ROWS;
            if (isSmall && follows && fits) {
                run.add(next);
                continue;
            }
            mergeRun(roomId, run);
            run.clear();
            if (isSmall) {
                run.add(next);
            }
        }
        mergeRun(roomId, run);
    }

    private void mergeRun(long roomId, Collection<Segment> run) {
        if (run.size() < MERGE_FROM) {
            return;
        }
        List<Row> rows = new ArrayList<>();
        database.jdbi().useHandle(h -> {
            for (Segment segment : run) {
                byte[] packed = reading.packed(h, roomId, segment.object(), segment.first(), segment.last());
                rows.addAll(SegmentCodec.decode(Packed.unpack(packed), 0, Long.MAX_VALUE, Long.MAX_VALUE));
            }
        });
        Segment merged = segments.write(roomId, rows);
        Map<String, List<Long>> objects = new HashMap<>();
        long freed = 0;
        for (Segment segment : run) {
            freed += count(
                    objects,
                    segment.object().store(),
                    segment.object().id(),
                    segment.object().bytes());
        }
        long bytes = merged.object().bytes();
        long kept = bytes - freed;
        boolean isMerged = change(roomId, h -> {
            if (Segments.count(h, roomId, merged.first(), merged.last()) != run.size()) {
                return false;
            }
            Segments.delete(h, roomId, merged.first(), merged.last());
            Segments.insert(h, roomId, merged);
            HistoryRooms.add(h, roomId, bytes, 0, kept);
            return true;
        });
        if (isMerged) {
            delete(roomId, objects);
        } else {
            stores.written().delete(roomId, List.of(merged.object().id()));
        }
    }
}
