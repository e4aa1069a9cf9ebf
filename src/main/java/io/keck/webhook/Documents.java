package io.keck.webhook;

import io.keck.feed.ChangeLog;
import io.keck.feed.Histories;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The documents from which histories are derived, of rooms that changed a moment ago: making one anew costs as much as
 * reading the whole room. Used by one thread.
 */
final class Documents {
    /** Heap that a document takes, in bytes: for each byte of updates, and open. */
    private static final long PER_BYTE = 8;

    private static final long EMPTY = 20_000;

    private record Held(Histories histories, long bytes) {}

    private final ChangeLog log;
    private final long limit;
    private final Map<Long, Held> held = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    Documents(ChangeLog log, long limit) {
        this.log = log;
        this.limit = limit;
    }

    /** One that tells of the rows after that one. It is to be given back with {@link #keep}. */
    Histories take(long roomId, String workspace, long seq) {
        Held found = held.remove(roomId);
        bytes -= found == null ? 0 : found.bytes();
        return found != null && found.histories().known() == seq
                ? found.histories()
                : Histories.at(log, workspace, roomId, seq);
    }

    /** Keeps it for the next rows. */
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
