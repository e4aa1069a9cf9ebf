package io.keck.history;

import io.keck.access.Author;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.HistoryGone;
import io.keck.failure.RoomDamaged;
import io.keck.feed.Authorship;
import io.keck.feed.ChangeLog;
import java.util.function.LongConsumer;

/**
 * Makes the document at a row of its log: the newest checkpoint before it, and the rows after that. Thread-safe; calls wait for
 * the database.
 */
public final class PastStates {
    /** Bytes of rows that are read at once. */
    private static final long PAGE = 4 << 20;

    /** Bytes of heap for each byte of an update while it is put into a store and written down again. */
    private static final long PER_BYTE = 4;

    /** Bytes of heap for each range of an author. */
    private static final long PER_RANGE = 64;

    /**
     * A document at a row. Whoever has it must not change it.
     *
     * @param seq the row
     * @param update everything up to that row in V1; deleted items have their content as far as it is kept
     * @param authors who wrote and deleted what up to that row
     */
    public record Past(long seq, byte[] update, Authorship<Author> authors) {
        /** Bytes on the heap, roughly. */
        public long memory() {
            return update.length + PER_RANGE * authors.size();
        }
    }

    private final HistoryReader reader;

    /** @param reader reads what is kept */
    public PastStates(HistoryReader reader) {
        this.reader = reader;
    }

    /** The reader of these states. */
    public HistoryReader reader() {
        return reader;
    }

    /**
     * Makes the document at a row.
     *
     * @param onTaken is told how many bytes of heap are used in all, before more are; it may throw
     * @throws HistoryGone if the row is not kept, or not written yet
     * @throws RoomDamaged if a row up to there is damaged
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
        for (long at = base.seq(); at < seq; ) {
            ChangeLog.Page page = reader.rows(roomId, at, seq, PAGE);
            if (page.changes().isEmpty()) {
                throw missing(roomId, at, page);
            }
            for (ChangeLog.Change row : page.changes()) {
                bytes += row.payload().length;
                Update update = Update.decode(row.payload(), DecodeLimits.OWN);
                store.apply(update);
                authors.add(update, row.author(), row.at());
                at = row.seq();
            }
            onTaken.accept(PER_BYTE * bytes);
        }
        return new Past(seq, store.encode(), authors);
    }

    private RuntimeException missing(long roomId, long at, ChangeLog.Page page) {
        if (page.damage() != null) {
            return new RoomDamaged(roomId, page.damage());
        }
        return page.isBroken()
                ? new HistoryGone(roomId, at + 1, page.head())
                : new RoomDamaged(roomId, "row " + (at + 1) + " is missing");
    }
}
