package io.keck.feed;

import io.keck.crdt.Doc;
import io.keck.crdt.History;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomDamaged;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Derives what the rows of a room's log have changed, with a document of its own that is fed row by row. An entry comes
 * from what a row <em>adds</em>: a row that says something twice says nothing here. What a row says about something that
 * did not come yet is told with the row after which it can be placed.
 *
 * <p>Used by one thread at a time.
 */
public final class Histories {
    private final String workspace;
    private final Doc doc = new Doc();
    private @Nullable List<BlockHistory> heard;
    private long bytes;
    /** The seq of the last row that is in the document. */
    private long known;

    /**
     * One that can tell of the rows after that one, where it can still be told exactly; else as well as it can.
     *
     * @throws RoomDamaged if that is not known any more, since the room is damaged before
     */
    public static Histories at(ChangeLog log, String workspace, long roomId, long seq) {
        ChangeLog.Base base = log.base(roomId, seq);
        if (base.damage() != null) {
            throw new RoomDamaged(roomId, base.damage());
        }
        return of(workspace, base);
    }

    /**
     * One that can tell of the rows after the newest, or after the last one before the first that is damaged.
     *
     * @throws RoomDamaged if there is no such row
     */
    public static Histories atEnd(ChangeLog log, String workspace, long roomId) {
        ChangeLog.Base base = log.base(roomId, Long.MAX_VALUE);
        if (base.damage() != null && base.seq() == 0) {
            throw new RoomDamaged(roomId, base.damage());
        }
        return of(workspace, base);
    }

    private static Histories of(String workspace, ChangeLog.Base base) {
        Histories histories = new Histories(workspace, base.state());
        base.rows().forEach(histories::skip);
        histories.known = base.seq();
        return histories;
    }

    /** The seq of the last row that is in the document. */
    public long known() {
        return known;
    }

    /** Tells what the next row of the log has changed; rows are to be given in order. */
    public List<BlockHistory> of(ChangeLog.Change change) {
        if (change.seq() <= known) {
            return lookBack(change.payload());
        }
        known = change.seq();
        return take(change.payload());
    }

    /**
     * A document that holds what the rows before have said.
     *
     * @param state a V1 update, or null for nothing
     */
    public Histories(String workspace, byte @Nullable [] state) {
        this.workspace = workspace;
        if (state != null) {
            doc.applyUpdate(Update.decode(state, DecodeLimits.OWN), null);
            bytes = state.length;
        }
        doc.onAfterTransaction(transaction -> {
            List<BlockHistory> list = heard;
            if (list != null) {
                History.of(transaction).forEach(entry -> list.add(BlockHistory.of(workspace, entry)));
            }
        });
    }

    /** Takes in a row that nobody needs to hear of. */
    public void skip(byte[] row) {
        doc.applyUpdate(Update.decode(row, DecodeLimits.OWN), null);
        bytes += row.length;
    }

    /** Takes in the next row and tells what it has changed, by client and clock. */
    public List<BlockHistory> take(byte[] row) {
        List<BlockHistory> list = new ArrayList<>();
        heard = list;
        try {
            skip(row);
        } finally {
            heard = null;
        }
        return list;
    }

    /**
     * Tells what a row has changed that the document had from the beginning, as far as that is still known: what was
     * deleted since is a {@code delete}.
     */
    public List<BlockHistory> lookBack(byte[] row) {
        return History.of(doc, Update.decode(row, DecodeLimits.OWN)).stream()
                .map(entry -> BlockHistory.of(workspace, entry))
                .toList();
    }

    /** All that is known of a document. */
    public static List<BlockHistory> of(Doc document, String workspace, @Nullable Long client, long skip, long limit) {
        return History.of(document, client, skip, limit).stream()
                .map(entry -> BlockHistory.of(workspace, entry))
                .toList();
    }

    /** Bytes of updates that went into the document: its size on the heap is a small multiple of it. */
    public long bytes() {
        return bytes;
    }

    /** The document, as one V1 update. */
    public byte[] encode() {
        return doc.encodeStateAsUpdate();
    }
}
