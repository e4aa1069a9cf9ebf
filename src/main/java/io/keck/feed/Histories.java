package io.keck.feed;

import io.keck.access.Author;
import io.keck.crdt.Doc;
import io.keck.crdt.History;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomDamaged;
import io.keck.failure.TooCostly;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Derives changes from the rows of a room's log, by applying the rows one by one to a document of its own.
 * A change is what a row <em>adds</em>: a row that repeats content yields no change. Content of a row that depends on
 * structs which have not arrived is reported with the row that makes them complete.
 *
 * <p>Used by one thread at a time.
 */
public final class Histories {
    /** Steps of integration that each byte adds to the limit of a document, see {@link Doc#work}. */
    private static final long STEPS_PER_BYTE = 16;

    /** Bytes of heap of an empty document, for each byte of updates, and for each struct. */
    private static final long EMPTY = 20_000;

    private static final long PER_BYTE = 2;
    private static final long PER_STRUCT = 500;

    private final String name;
    private final long maxSteps;
    private final Doc doc = new Doc();
    private @Nullable List<History.Entry> heard;
    /** The authors of the content of the current row, and of earlier rows whose content waited for predecessors. */
    private final Authorship<Author> authors = new Authorship<>();

    private long bytes;
    private long structs;
    /** The seq of the last row that was applied to the document. */
    private long known;

    /**
     * Creates histories that report the rows after {@code seq}: exactly if those rows are still stored, otherwise from
     * the next row on that is.
     *
     * @param maxSteps the steps of integration that the document may take, see {@link Doc#work}; each byte adds 16
     * @throws RoomDamaged if the state at that row is not known any more, because an earlier row is damaged
     */
    public static Histories at(ChangeLog log, String name, long roomId, long seq, long maxSteps) {
        ChangeLog.Base base = log.base(roomId, seq);
        if (base.damage() != null) {
            throw new RoomDamaged(roomId, base.damage());
        }
        return of(name, base, maxSteps);
    }

    /**
     * Creates histories that report the rows after the newest one, or after the last row before the first damaged one.
     *
     * @param maxSteps as for {@link #at}
     * @throws RoomDamaged if there is no such row
     */
    public static Histories atEnd(ChangeLog log, String name, long roomId, long maxSteps) {
        ChangeLog.Base base = log.base(roomId, Long.MAX_VALUE);
        if (base.damage() != null && base.seq() == 0) {
            throw new RoomDamaged(roomId, base.damage());
        }
        return of(name, base, maxSteps);
    }

    private static Histories of(String name, ChangeLog.Base base, long maxSteps) {
        Histories histories = new Histories(name, base.state(), maxSteps);
        base.rows().forEach(histories::skip);
        histories.known = base.seq();
        return histories;
    }

    /** The seq of the last row that is in the document. */
    public long known() {
        return known;
    }

    /** Returns the changes of the next row of the log; rows must be given in order. */
    public List<BlockHistory> of(ChangeLog.Change change) {
        if (change.seq() <= known) {
            return lookBack(change);
        }
        known = change.seq();
        return take(change);
    }

    /**
     * Creates histories with a document that holds all earlier rows.
     *
     * @param state a V1 update, or null for an empty document
     * @param maxSteps as for {@link #at}
     */
    public Histories(String name, byte @Nullable [] state, long maxSteps) {
        this.name = name;
        this.maxSteps = maxSteps;
        if (state != null) {
            skip(state);
        }
        doc.onAfterTransaction(transaction -> {
            List<History.Entry> list = heard;
            if (list != null) {
                list.addAll(History.of(transaction));
            }
        });
    }

    /**
     * Applies a row without reporting its changes.
     *
     * @throws TooCostly if the document takes too many steps; these histories must not be used any more
     */
    public void skip(byte[] row) {
        Update update = Update.decode(row, DecodeLimits.OWN);
        bytes += row.length;
        structs += update.structCount();
        long left = maxSteps + STEPS_PER_BYTE * bytes - doc.work();
        if (!doc.applyUpdate(update, null, left)) {
            throw new TooCostly(name, doc.work());
        }
    }

    /** Applies the next row, whose author is unknown, and returns its changes, by client and clock. */
    public List<BlockHistory> take(byte[] row) {
        return take(new ChangeLog.Change(known, row));
    }

    /** Content that waited for this row keeps its own author instead of that of the row that completes it. */
    private List<BlockHistory> take(ChangeLog.Change change) {
        List<History.Entry> list = new ArrayList<>();
        heard = list;
        try {
            skip(change.payload());
        } finally {
            heard = null;
        }
        authors.add(Update.decode(change.payload(), DecodeLimits.OWN), change.author(), change.at());
        List<BlockHistory> changes = of(list, authors);
        if (!doc.isWaiting()) {
            authors.clear();
        }
        return changes;
    }

    private List<BlockHistory> of(List<History.Entry> entries, Authorship<Author> by) {
        List<BlockHistory> changes = new ArrayList<>(entries.size());
        entries.forEach(entry -> changes.addAll(BlockHistory.of(name, entry, by)));
        return changes;
    }

    /**
     * Returns the changes of a row that the document contained from the beginning, as far as they are still known:
     * content that was deleted since is a {@code delete}.
     */
    public List<BlockHistory> lookBack(byte[] row) {
        return lookBack(new ChangeLog.Change(known, row));
    }

    private List<BlockHistory> lookBack(ChangeLog.Change change) {
        Update row = Update.decode(change.payload(), DecodeLimits.OWN);
        Authorship<Author> ofRow = new Authorship<>();
        ofRow.add(row, change.author(), change.at());
        return of(History.of(doc, row), ofRow);
    }

    /**
     * Returns the items of a document as changes, item by item: several for an item of several authors, none for an
     * item that is left out; see {@link History#each(Doc, Long, long, long)}.
     *
     * @param authors the authors of the document
     * @param by the principal whose changes are listed; null for all
     * @param skip the number of changes to leave out at the beginning
     * @param limit the largest number of changes
     */
    public static Iterator<List<BlockHistory>> of(
            Doc document,
            String name,
            @Nullable Long client,
            Authorship<Author> authors,
            @Nullable String by,
            long skip,
            long limit) {
        // each item makes at least one change, so this many items suffice where none is left out
        long items = by != null || skip + limit < 0 ? Long.MAX_VALUE : skip + limit;
        Iterator<History.Entry> entries = History.each(document, client, 0, items);
        return new Iterator<>() {
            private long toSkip = skip;
            private long left = limit;

            @Override
            public boolean hasNext() {
                return left > 0 && entries.hasNext();
            }

            @Override
            public List<BlockHistory> next() {
                List<BlockHistory> changes = new ArrayList<>(1);
                for (BlockHistory change : BlockHistory.of(name, entries.next(), authors)) {
                    Credit credit = change.credit();
                    boolean isWanted = by == null || (credit != null && credit.names(by));
                    if (isWanted && toSkip-- <= 0 && left > 0) {
                        left--;
                        changes.add(change);
                    }
                }
                return changes;
            }
        };
    }

    /** The total bytes of updates applied to the document; its size on the heap is a small multiple. */
    public long bytes() {
        return bytes;
    }

    /** Bytes of heap that the document takes, roughly. */
    public long memory() {
        return EMPTY + PER_BYTE * bytes + PER_STRUCT * structs;
    }

    /** The document, as one V1 update. */
    public byte[] encode() {
        return doc.encodeStateAsUpdate();
    }
}
