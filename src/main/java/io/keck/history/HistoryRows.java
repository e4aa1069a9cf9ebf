package io.keck.history;

import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import io.keck.failure.HistoryGone;
import io.keck.failure.RoomDamaged;
import io.keck.feed.ChangeLog;

/** Reads the rows of a document page by page. Stateless. */
final class HistoryRows {
    /** The number of bytes of rows that are read at once. */
    private static final long PAGE = 4 << 20;

    /** Receives the rows. */
    @FunctionalInterface
    interface Visitor {
        /** Called with the next row and its decoded update. */
        void row(ChangeLog.Change row, Update update);
    }

    private HistoryRows() {}

    /**
     * Reads rows in order. Waits for the database.
     *
     * @param after the row after which the first one is read
     * @param upTo the last row to be read
     * @throws HistoryGone if a row is no longer stored, or not written yet
     * @throws RoomDamaged if a row is damaged or missing
     */
    static void read(HistoryReader reader, long roomId, long after, long upTo, Visitor visitor) {
        for (long at = after; at < upTo; ) {
            ChangeLog.Page page = reader.rows(roomId, at, upTo, PAGE);
            for (ChangeLog.Change row : page.changes()) {
                visitor.row(row, Update.decode(row.payload(), DecodeLimits.OWN));
                at = row.seq();
            }
            if (page.damage() != null && at < upTo) {
                throw new RoomDamaged(roomId, page.damage());
            }
            if (page.changes().isEmpty()) {
                throw page.isBroken()
                        ? new HistoryGone(roomId, at + 1, page.head())
                        : new RoomDamaged(roomId, "row " + (at + 1) + " is missing");
            }
        }
    }
}
