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
 * How much of the heap documents may take: beyond it, those that have not been asked for the longest are dropped. Thread-safe.
 *
 * <p>Two kinds of documents stay although the limit is reached: the one that is asked for, however large, and each that has
 * edits under way, since their answers are made from it. The latter counts as used, makes others leave earlier, and can
 * be dropped as soon as its last edit is answered, which takes no longer than a commit may take. So the sum exceeds
 * the limit by the documents that are edited at one moment, and by no others.
 */
public class DocumentBudget {
    private final long limit;
    private final Map<RoomDocument, Use> used = new LinkedHashMap<>(16, 0.75f, true);
    /** The same, to be looked at without counting as asked for. */
    private final Map<RoomDocument, Use> index = new HashMap<>();

    /** Marks that are kept: the oldest goes, and its document is tried again. */
    private static final int MAX_COSTLY = 10_000;

    /** Until when a document is not made, because it was too costly, by the id of its room. */
    private final Map<Long, Long> costly = new LinkedHashMap<>();

    private final Tally tally;
    private long sum;

    /** Bytes that a document takes, roughly, and whether edits of it are under way. */
    private static final class Use {
        long bytes;
        boolean edited;
    }

    /** @param limit bytes */
    public DocumentBudget(long limit) {
        this(limit, HeapLedger.unlimited());
    }

    /**
     * No documents yet.
     *
     * @param limit bytes
     * @param ledger of the heap
     */
    public DocumentBudget(long limit, HeapLedger ledger) {
        this.limit = limit;
        this.tally = ledger.open(HeapLedger.Kind.DOCUMENT, null, null, null);
    }

    /** A document is asked for, takes that many bytes, roughly, and has edits under way or not. */
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

    /** A document that is there takes that many bytes now, roughly, though nobody has asked for it. */
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

    /** The last edit of a document that was under way is answered. */
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

    /** Drops the oldest, until so many bytes are given back or only those are left that are kept; answers how many that are. */
    long reclaim(long bytes) {
        List<RoomDocument> old;
        long before;
        long after;
        synchronized (this) {
            before = sum;
            old = takeOut(null, Math.max(0, sum - bytes), 0);
            after = sum;
            tally.set(sum);
        }
        old.forEach(RoomDocument::evict);
        return before - after;
    }

    /** Takes the oldest out until the others fit; at least one stays. */
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

    /** Whether a document stays because edits of it are under way. A test switches it off. */
    boolean isKept(boolean edited) {
        return edited;
    }

    /** A document is not there any more. */
    synchronized void remove(RoomDocument document) {
        Use use = used.remove(document);
        index.remove(document);
        if (use != null) {
            sum -= use.bytes;
            tally.set(sum);
        }
    }

    /** Bytes of all documents, roughly. */
    synchronized long bytes() {
        return sum;
    }

    /** How many there are. */
    synchronized int size() {
        return used.size();
    }

    /** A document took more steps than it may: it is not made again until then, by the clock of the rooms. */
    synchronized void isCostly(long roomId, long until) {
        costly.remove(roomId);
        costly.put(roomId, until);
        if (costly.size() > MAX_COSTLY) {
            costly.remove(costly.keySet().iterator().next());
        }
    }

    /** For how many milliseconds that document is not made yet; 0 where it may be made. */
    synchronized long costlyFor(long roomId, long now) {
        Long until = costly.get(roomId);
        if (until == null || until <= now) {
            costly.remove(roomId);
            return 0;
        }
        return until - now;
    }
}
