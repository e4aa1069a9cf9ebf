package io.keck.webhook;

import io.keck.feed.ChangeLog;
import io.keck.feed.Histories;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Keeps the documents of recently changed rooms, from which histories are derived: loading a document again costs as
 * much as reading the whole room. Used by one thread.
 */
final class Documents {
    /** Bytes of heap that a document takes for each byte of updates, and those that an empty one takes. */
    private static final long PER_BYTE = 8;

    private static final long EMPTY = 20_000;

    private record Held(Histories histories, long bytes) {}

    private final ChangeLog log;
    private final long limit;
    private final long maxDocumentSteps;
    private final Map<Long, Held> held = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    /**
     * Creates an empty cache of documents.
     *
     * @param limit the limit in bytes of heap
     * @param maxDocumentSteps the steps of integration that one document may take
     */
    Documents(ChangeLog log, long limit, long maxDocumentSteps) {
        this.maxDocumentSteps = maxDocumentSteps;
        this.log = log;
        this.limit = limit;
    }

    /**
     * Returns the kept or a loaded document from which the rows after {@code seq} can be derived. To be given back with
     * {@link #keep}.
     */
    Histories take(long roomId, String document, long seq) {
        Held found = held.remove(roomId);
        bytes -= found == null ? 0 : found.bytes();
        return found != null && found.histories().known() == seq
                ? found.histories()
                : Histories.at(log, document, roomId, seq, maxDocumentSteps);
    }

    /** Keeps a document for the next rows; drops the least recently used documents beyond the limit. */
    void keep(long roomId, Histories histories) {
        long size = EMPTY + PER_BYTE * histories.bytes();
        bytes += size;
        held.put(roomId, new Held(histories, size));
        var eldest = held.entrySet().iterator();
        while (bytes > limit && eldest.hasNext()) {
            bytes -= eldest.next().getValue().bytes();
            eldest.remove();
        }
    }

    void drop(long roomId) {
        Held found = held.remove(roomId);
        bytes -= found == null ? 0 : found.bytes();
    }

    void clear() {
        held.clear();
        bytes = 0;
    }
}
