package io.keck.room;

import io.keck.heap.HeapLedger;
import io.keck.heap.Tally;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Limits the heap that typed documents take: beyond the limit, the least recently used are dropped. Thread-safe.
 *
 * <p>Two kinds of documents are kept even above the limit: the one that is requested now, whatever its size, and each
 * one with edits in progress, because their answers are made from it. A document with edits counts towards the limit,
 * so others are dropped earlier, and it can be dropped once its last edit is answered, which takes no longer than a
 * commit may take. The sum therefore exceeds the limit only by the documents that are being edited, and those find no
 * more memory before the node is too full to load rooms ({@link #admits}).
 */
public class DocumentBudget {
    private final long limit;
    private final Map<RoomDocument, Use> used = new LinkedHashMap<>(16, 0.75f, true);
    /** An index of the same entries; a look-up here does not count as use. */
    private final Map<RoomDocument, Use> index = new HashMap<>();

    /**
     * The largest number of marks of costly documents; beyond it the oldest mark is dropped and its document is tried
     * again.
     */
    private static final int MAX_COSTLY = 10_000;

    /** By room id, the time until which a document that was too costly is not built again. */
    private final Map<Long, Long> costly = new LinkedHashMap<>();

    private final HeapLedger ledger;
    private final Tally tally;
    private long sum;

    /** The approximate size of a document, and whether edits of it are in progress. */
    private static final class Use {
        long bytes;
        boolean edited;
    }

    /** @param limit the limit in bytes */
    public DocumentBudget(long limit) {
        this(limit, HeapLedger.unlimited());
    }

    /**
     * Creates a budget without documents.
     *
     * @param limit the limit in bytes
     * @param ledger the ledger of the heap
     */
    public DocumentBudget(long limit, HeapLedger ledger) {
        this.limit = limit;
        this.ledger = ledger;
        this.tally = ledger.open(HeapLedger.Kind.DOCUMENT, null, null, null);
    }

    /**
     * Whether a document may take that many bytes; other documents without edits are dropped for it. Large documents
     * never take memory that the node needs to load rooms, so edits of one do not keep others out of theirs. A test
     * switches this off.
     *
     * @param edited whether it is edited; else it may be read, if it is there, however full the node is
     */
    boolean admits(RoomDocument document, long bytes, boolean edited) {
        long more;
        synchronized (this) {
            Use use = index.get(document);
            more = bytes - (use == null ? 0 : use.bytes);
        }
        if (more <= 0 && !edited) {
            return true;
        }
        long tooMuch = ledger.tooMuchWith(Math.max(0, more), bytes);
        if (tooMuch > 0) {
            reclaim(tooMuch, document);
            tooMuch = ledger.tooMuchWith(Math.max(0, more), bytes);
        }
        return tooMuch == 0;
    }

    /** Records the use of a document with its approximate size, and whether edits are in progress. */
    void use(RoomDocument document, long bytes, boolean edited) {
        List<RoomDocument> old;
        synchronized (this) {
            Use use = used.computeIfAbsent(document, key -> new Use());
            index.put(document, use);
            sum += bytes - use.bytes;
            use.bytes = bytes;
            use.edited = edited;
            old = takeOut(document);
            tally.set(sum);
        }
        old.forEach(RoomDocument::evict);
    }

    /** Records the new approximate size of a document that grew without being requested. */
    void grew(RoomDocument document, long bytes) {
        List<RoomDocument> old;
        synchronized (this) {
            Use use = index.get(document);
            if (use == null) {
                return;
            }
            sum += bytes - use.bytes;
            use.bytes = bytes;
            old = takeOut(null);
            tally.set(sum);
        }
        old.forEach(RoomDocument::evict);
    }

    /** Records that the last edit in progress of a document was answered. */
    void edited(RoomDocument document) {
        List<RoomDocument> old;
        synchronized (this) {
            Use use = used.get(document);
            if (use != null) {
                use.edited = false;
            }
            old = takeOut(null);
            tally.set(sum);
        }
        old.forEach(RoomDocument::evict);
    }

    /**
     * Drops the least recently used documents until {@code bytes} bytes are freed or only kept documents are left;
     * returns the bytes freed.
     */
    long reclaim(long bytes) {
        return reclaim(bytes, null);
    }

    private long reclaim(long bytes, @Nullable RoomDocument except) {
        List<RoomDocument> old;
        long before;
        long after;
        synchronized (this) {
            before = sum;
            old = takeOut(except, Math.max(0, sum - bytes), 0);
            after = sum;
            tally.set(sum);
        }
        old.forEach(RoomDocument::evict);
        return before - after;
    }

    /** Removes the least recently used documents until the others fit; at least one stays. */
    private List<RoomDocument> takeOut(@Nullable RoomDocument asked) {
        return takeOut(asked, limit, 1);
    }

    private List<RoomDocument> takeOut(@Nullable RoomDocument asked, long until, int stay) {
        List<RoomDocument> old = new ArrayList<>();
        var eldest = used.entrySet().iterator();
        while (sum > until && used.size() > stay && eldest.hasNext()) {
            var entry = eldest.next();
            if (entry.getKey() != asked && !isKept(entry.getValue().edited)) {
                eldest.remove();
                sum -= entry.getValue().bytes;
                index.remove(entry.getKey());
                old.add(entry.getKey());
            }
        }
        return old;
    }

    /** Whether a document is kept because edits of it are in progress. A test switches this off. */
    boolean isKept(boolean edited) {
        return edited;
    }

    /** Forgets a document that was dropped. */
    synchronized void remove(RoomDocument document) {
        Use use = used.remove(document);
        index.remove(document);
        if (use != null) {
            sum -= use.bytes;
            tally.set(sum);
        }
    }

    /** The approximate bytes of all documents. */
    synchronized long bytes() {
        return sum;
    }

    /** The number of documents. */
    synchronized int size() {
        return used.size();
    }

    /**
     * Marks a document that took too many steps: it is not built again before {@code until}, by the clock of the rooms.
     */
    synchronized void isCostly(long roomId, long until) {
        costly.remove(roomId);
        costly.put(roomId, until);
        if (costly.size() > MAX_COSTLY) {
            costly.remove(costly.keySet().iterator().next());
        }
    }

    /** Milliseconds until a document may be built again; 0 if it may be built now. */
    synchronized long costlyFor(long roomId, long now) {
        Long until = costly.get(roomId);
        if (until == null || until <= now) {
            costly.remove(roomId);
            return 0;
        }
        return until - now;
    }
}
