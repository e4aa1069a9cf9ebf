package io.keck.storage.history;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomDamaged;
import io.keck.storage.history.Checkpoints.Checkpoint;
import io.keck.storage.history.Checkpoints.Content;
import io.keck.storage.history.SegmentCodec.Row;
import io.keck.storage.history.Segments.Segment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Examines the history of a room: the checksum of every segment and checkpoint, that segments follow each other without
 * a gap, and that each checkpoint equals the previous one with the rows in between. Only reads; one segment is in
 * memory at a time. Used by one thread.
 */
public final class HistoryCheck {
    private static final long PAGE = 4 << 20;
    private static final int MOST = 20_000;

    /**
     * Damage of a segment or a checkpoint.
     *
     * @param kind {@code segment} or {@code checkpoint}
     * @param seq the first row of the segment, or the row of the checkpoint
     */
    public record Problem(String kind, long seq, String what) {}

    private final Handle h;
    private final StoredObject.Reading reading;
    private final List<Problem> problems = new ArrayList<>();

    /** @param directory the directory of segments that are stored as files, or null */
    public HistoryCheck(Handle h, @Nullable Path directory) {
        this.h = h;
        this.reading = new StoredObject.Reading((handle, store, room, object) -> {
            if (store.equals(DatabaseSegments.NAME)) {
                return DatabaseSegments.read(handle, room, object);
            }
            return directory == null ? null : FileSegments.read(directory, room, object);
        });
    }

    /** Whether any rows of a room were moved to segments. */
    public boolean hasHistory(long roomId) {
        return HistoryRooms.find(h, roomId).isPresent();
    }

    /** Examines a room and returns all damage. */
    public List<Problem> run(long roomId) {
        problems.clear();
        HistoryRooms.Room room = HistoryRooms.find(h, roomId).orElse(null);
        if (room == null) {
            return List.of();
        }
        long last = -1;
        for (Segment segment : Segments.after(h, roomId, -1, MOST)) {
            if (last >= room.first() && segment.first() != last + 1) {
                problems.add(new Problem(
                        "segment", last + 1, "the history lacks rows " + (last + 1) + " to " + (segment.first() - 1)));
            }
            last = segment.last();
            look(roomId, segment);
        }
        checkpoints(roomId, room);
        return List.copyOf(problems);
    }

    private void look(long roomId, Segment segment) {
        try {
            byte[] packed = reading.packed(h, roomId, segment.object(), segment.first(), segment.last());
            List<Row> rows = SegmentCodec.decode(Packed.unpack(packed), 0, Long.MAX_VALUE, Long.MAX_VALUE);
            rows.forEach(row -> Update.decode(row.payload(), DecodeLimits.OWN));
            boolean isRight = rows.size() == segment.rows()
                    && rows.get(0).seq() == segment.first()
                    && SegmentWriter.payload(rows) == segment.payload();
            if (!isRight) {
                problems.add(new Problem(
                        "segment",
                        segment.first(),
                        "the segment at " + segment.first() + " has other rows than it says"));
            }
        } catch (RoomDamaged e) {
            problems.add(new Problem("segment", segment.first(), String.valueOf(e.getMessage())));
        } catch (DecodeException e) {
            problems.add(new Problem(
                    "segment",
                    segment.first(),
                    "the segment at " + segment.first() + " cannot be decoded: " + e.getMessage()));
        }
    }

    private void checkpoints(long roomId, HistoryRooms.Room room) {
        KeptState state = room.first() == 0 ? new KeptState() : null;
        for (Checkpoint checkpoint : Checkpoints.after(h, roomId, -1, MOST)) {
            Content content = content(roomId, checkpoint).orElse(null);
            if (content == null) {
                continue;
            }
            if (state != null
                    && checkpoint.seq() >= room.first()
                    && advance(roomId, state, checkpoint.seq())
                    && !isSame(state, content)) {
                problems.add(new Problem(
                        "checkpoint",
                        checkpoint.seq(),
                        "the checkpoint at " + checkpoint.seq() + " is not what its rows make"));
            }
            if (checkpoint.seq() >= room.first()) {
                state = new KeptState(checkpoint.seq(), checkpoint.at(), content);
            }
        }
    }

    private Optional<Content> content(long roomId, Checkpoint checkpoint) {
        try {
            Content content = Checkpointer.content(h, reading, roomId, checkpoint);
            var unused = new KeptState(checkpoint.seq(), checkpoint.at(), content);
            return Optional.of(content);
        } catch (RoomDamaged e) {
            problems.add(new Problem("checkpoint", checkpoint.seq(), String.valueOf(e.getMessage())));
        } catch (DecodeException e) {
            problems.add(new Problem(
                    "checkpoint",
                    checkpoint.seq(),
                    "the checkpoint at " + checkpoint.seq() + " cannot be decoded: " + e.getMessage()));
        }
        return Optional.empty();
    }

    /**
     * Adds the rows up to a checkpoint; returns false if one of them cannot be read, which the check of segments
     * reports.
     */
    private boolean advance(long roomId, KeptState state, long seq) {
        try {
            while (state.seq() < seq) {
                KeptRows.Rows page = KeptRows.of(h, reading, roomId, state.seq(), seq, PAGE);
                if (page.rows().isEmpty()) {
                    return false;
                }
                page.rows().forEach(state::add);
            }
            return true;
        } catch (RoomDamaged | DecodeException e) {
            return false;
        }
    }

    private static boolean isSame(KeptState state, Content content) {
        StructStore kept = new StructStore();
        kept.apply(content.state(), DecodeLimits.OWN);
        return state.isSame(kept);
    }
}
