package io.keck.room;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How much of the heap documents may take: those that nobody has asked for the longest are dropped. The one that is
 * asked for stays, however large. Thread-safe.
 */
public final class DocumentBudget {
    private final long limit;
    private final Map<RoomDocument, Long> used = new LinkedHashMap<>(16, 0.75f, true);
    private long sum;

    /** @param limit bytes */
    public DocumentBudget(long limit) {
        this.limit = limit;
    }

    /** A document is asked for, and takes so many bytes, roughly. */
    void use(RoomDocument document, long bytes) {
        List<RoomDocument> old = new ArrayList<>();
        synchronized (this) {
            Long before = used.put(document, bytes);
            sum += bytes - (before == null ? 0 : before);
            var eldest = used.entrySet().iterator();
            while (sum > limit && used.size() > 1) {
                var entry = eldest.next();
                eldest.remove();
                sum -= entry.getValue();
                old.add(entry.getKey());
            }
        }
        old.forEach(RoomDocument::evict);
    }

    /** A document is not there any more. */
    synchronized void remove(RoomDocument document) {
        Long bytes = used.remove(document);
        if (bytes != null) {
            sum -= bytes;
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
}
