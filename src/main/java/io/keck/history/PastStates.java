package io.keck.history;

import io.keck.access.Author;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.HistoryGone;
import io.keck.failure.RoomDamaged;
import io.keck.feed.Authorship;
import java.util.function.LongConsumer;

/**
 * Builds the state of a document at a row of its log from the newest checkpoint at or before that row and the rows
 * after the checkpoint. Thread-safe; calls wait for the database.
 */
public final class PastStates {
    /** Bytes of heap for each byte of an update while the update is in a store and is encoded again. */
    private static final long PER_BYTE = 4;

    /** Bytes of heap for each range of clocks with an author. */
    private static final long PER_RANGE = 64;

    /**
     * A document at a row; must not be changed.
     *
     * @param seq the row
     * @param update all changes up to that row in V1; deleted items have their content as far as it is known
     * @param authors the authors of insertions and deletions up to that row
     */
    public record Past(long seq, byte[] update, Authorship<Author> authors) {
        /** The approximate number of bytes on the heap. */
        public long memory() {
            return update.length + PER_RANGE * authors.size();
        }
    }

    private final HistoryReader reader;

    /** @param reader reads the stored history */
    public PastStates(HistoryReader reader) {
        this.reader = reader;
    }

    /** The reader of the stored history. */
    public HistoryReader reader() {
        return reader;
    }

    /**
     * Builds the state of a document at a row.
     *
     * @param onTaken receives the total bytes of heap to be used, each time before that total grows; may throw to
     *     refuse
     * @throws HistoryGone if the state at the row is no longer known, or the row is not written yet
     * @throws RoomDamaged if a row up to that one is damaged
     */
    public Past at(long roomId, long seq, LongConsumer onTaken) {
        if (seq == 0) {
            return new Past(0, Update.EMPTY.encode(), new Authorship<>());
        }
        HistoryReader.Range range = reader.range(roomId);
        if (seq > range.head()) {
            throw new HistoryGone(roomId, range.first(), range.head());
        }
        HistoryReader.Checkpoint base = reader.base(roomId, seq);
        byte[] state = base.state();
        long bytes = state == null ? 0 : state.length;
        onTaken.accept(PER_BYTE * bytes);
        Authorship<Author> authors = base.authors();
        if (base.seq() == seq && state != null) {
            return new Past(seq, state, authors);
        }
        StructStore store = new StructStore(true);
        if (state != null) {
            store.apply(state, DecodeLimits.OWN);
        }
        long[] taken = {bytes};
        HistoryRows.read(reader, roomId, base.seq(), seq, (row, update) -> {
            taken[0] += row.payload().length;
            onTaken.accept(PER_BYTE * taken[0]);
            store.apply(update);
            authors.add(update, row.author(), row.at());
        });
        return new Past(seq, store.encode(), authors);
    }
}
