package io.keck.storage.history;

import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.DeleteSet;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomDamaged;
import io.keck.storage.database.Database;
import io.keck.storage.database.RandomIds;
import io.keck.storage.history.Checkpoints.Checkpoint;
import io.keck.storage.history.Checkpoints.Content;
import io.keck.storage.history.SegmentCodec.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes checkpoints. A checkpoint is built from the previous one and the rows since then, decoded again and compared
 * with both before it is stored; no reader finds it until the row that refers to it is committed. Each {@link #SHARE}
 * bytes of updates allow checkpoints one byte, the credit of the room, so checkpoints become rarer as a document grows
 * and never outweigh its segments. Thread-safe.
 */
class Checkpointer {
    /** The bytes of updates that allow checkpoints one byte. */
    static final int SHARE = 4;

    private static final Logger LOG = LoggerFactory.getLogger(Checkpointer.class);
    private static final long PAGE = 4 << 20;
    /** The smallest number of rows, and bytes of credit, between two checkpoints. */
    private static final int FEWEST_ROWS = 1_000;

    private static final long LEAST_CREDIT = 8 << 10;
    /** The largest state, in bytes before compression. */
    private static final long MAX_STATE = 128 << 20;

    private final Database database;
    private final Stores stores;
    private final StoredObject.Reading reading;

    Checkpointer(Database database, Stores stores, StoredObject.Reading reading) {
        this.database = database;
        this.stores = stores;
        this.reading = reading;
    }

    /** Writes a checkpoint at a row if there is credit for it; returns whether it did. */
    boolean writeIfDue(long roomId, long seq) {
        HistoryRooms.Room room =
                database.jdbi().withHandle(h -> HistoryRooms.find(h, roomId)).orElse(null);
        if (room == null || seq <= room.first()) {
            return false;
        }
        Optional<Checkpoint> last = database.jdbi().withHandle(h -> Checkpoints.newest(h, roomId, seq));
        long lastSeq = last.map(Checkpoint::seq).orElse(0L);
        long expected = last.map(checkpoint -> checkpoint.object().bytes()).orElse(0L);
        boolean isDue = seq - lastSeq >= FEWEST_ROWS && room.credit() >= Math.max(LEAST_CREDIT, expected);
        return isDue && write(roomId, seq, room);
    }

    /**
     * Writes a checkpoint at a row unless the row has one.
     *
     * @throws RoomDamaged if the previous checkpoint or a row since then is damaged; nothing was changed
     */
    boolean write(long roomId, long seq, HistoryRooms.Room room) {
        Optional<Checkpoint> last = database.jdbi().withHandle(h -> Checkpoints.newest(h, roomId, seq));
        if (last.isPresent() && (last.get().seq() == seq || last.get().stateBytes() > MAX_STATE)) {
            return false;
        }
        List<byte[]> parts = new ArrayList<>();
        KeptState state = read(roomId, seq, parts);
        Content content = make(state, gone(roomId, room));
        verify(parts, content);
        return store(roomId, state.seq(), state.at(), content);
    }

    /** The clocks deleted before the known history begins; no known state needs their content. */
    private DeleteSet gone(long roomId, HistoryRooms.Room room) {
        if (room.first() == 0) {
            return new DeleteSet();
        }
        return database.jdbi()
                .withHandle(h -> Checkpoints.newest(h, roomId, room.first())
                        .map(first -> stateOf(h, roomId, first).deletes())
                        .orElseGet(DeleteSet::new));
    }

    /**
     * Reads the document at a row.
     *
     * @param parts receives the updates from which it is built
     */
    KeptState read(long roomId, long seq, List<byte[]> parts) {
        return database.jdbi().withHandle(h -> {
            Optional<Checkpoint> last = Checkpoints.newest(h, roomId, seq);
            KeptState state = last.isPresent() ? stateOf(h, roomId, last.get(), parts) : new KeptState();
            while (state.seq() < seq) {
                KeptRows.Rows page = KeptRows.of(h, reading, roomId, state.seq(), seq, PAGE);
                if (page.rows().isEmpty()) {
                    long next = state.seq() + 1;
                    throw new RoomDamaged(
                            roomId,
                            page.damage() == null
                                    ? "row " + next + " is missing"
                                    : page.damage().what());
                }
                for (Row row : page.rows()) {
                    state.add(row);
                    parts.add(row.payload());
                }
            }
            return state;
        });
    }

    private KeptState stateOf(Handle h, long roomId, Checkpoint checkpoint) {
        return stateOf(h, roomId, checkpoint, new ArrayList<>());
    }

    private KeptState stateOf(Handle h, long roomId, Checkpoint checkpoint, List<byte[]> parts) {
        Content content = content(h, reading, roomId, checkpoint);
        parts.add(content.state());
        return new KeptState(checkpoint.seq(), checkpoint.at(), content);
    }

    /** Reads and verifies a checkpoint. */
    static Content content(Handle h, StoredObject.Reading reading, long roomId, Checkpoint checkpoint) {
        byte[] packed = reading.packed(h, roomId, checkpoint.object(), checkpoint.seq(), checkpoint.seq());
        return Checkpoints.decode(Packed.unpack(packed));
    }

    /** Encodes the content of a checkpoint. A test overrides it to produce a wrong one. */
    Content make(KeptState state, DeleteSet gone) {
        return state.encode(gone);
    }

    /** Refuses a wrong checkpoint. A test switches this off. */
    void verify(List<byte[]> parts, Content content) {
        check(parts, content);
    }

    /**
     * Checks that a checkpoint has all content of the updates from which it was built and nothing else, except deletes
     * that a mark in the log has dropped ({@link Update#FORGET_UNHELD}).
     *
     * @throws IllegalStateException if it does not; nothing was changed
     */
    static void check(List<byte[]> parts, Content content) {
        StructStore plain = new StructStore();
        parts.forEach(part -> plain.apply(Update.decode(part, DecodeLimits.OWN)));
        StructStore kept = new StructStore();
        kept.apply(content.state(), DecodeLimits.OWN);
        boolean isRight =
                kept.reduce(Update.decode(plain.encode(), DecodeLimits.OWN)).isEmpty()
                        && plain.reduce(Update.decode(content.state(), DecodeLimits.OWN))
                                .isEmpty();
        if (!isRight) {
            throw new IllegalStateException("the checkpoint differs from the rows that it was made of");
        }
    }

    /** Replaces the content of a checkpoint. */
    void replace(long roomId, Checkpoint before, Content content) {
        Checkpoint after = put(roomId, before.seq(), before.at(), content);
        long bytes = after.object().bytes();
        boolean isReplaced = database.change(roomId, h -> {
                    boolean replaced = Checkpoints.replace(h, roomId, before, after);
                    if (replaced) {
                        HistoryRooms.add(
                                h, roomId, bytes, 0, bytes - before.object().bytes());
                    }
                    return replaced;
                })
                .toCompletableFuture()
                .join();
        StoredObject useless = isReplaced ? before.object() : after.object();
        stores.named(useless.store()).delete(roomId, List.of(useless.id()));
    }

    private Checkpoint put(long roomId, long seq, long at, Content content) {
        byte[] packed = Packed.pack(Checkpoints.encode(content));
        StoredObject object = new StoredObject(
                stores.written().name(), RandomIds.next(), packed.length, Packed.checksum(roomId, seq, seq, packed));
        stores.written().put(roomId, object.id(), packed);
        return new Checkpoint(seq, at, content.state().length, object);
    }

    /** Stores a checkpoint; returns false if the row has one. */
    boolean store(long roomId, long seq, long at, Content content) {
        Checkpoint checkpoint = put(roomId, seq, at, content);
        long bytes = checkpoint.object().bytes();
        boolean isNew = database.change(roomId, h -> {
                    boolean inserted = Checkpoints.insert(h, roomId, checkpoint);
                    if (inserted) {
                        HistoryRooms.add(h, roomId, bytes, -bytes, bytes);
                    }
                    return inserted;
                })
                .toCompletableFuture()
                .join();
        if (isNew) {
            database.metrics().checkpointed(bytes);
        } else {
            LOG.debug("Another node has written a checkpoint of room {} at row {}", roomId, seq);
            stores.written().delete(roomId, List.of(checkpoint.object().id()));
        }
        return isNew;
    }
}
