package io.keck.api;

import io.keck.failure.HistoryGone;
import io.keck.feed.ChangeLog;
import io.keck.heap.HeapLedger;
import io.keck.heap.Tally;
import io.keck.history.HistoryReader;
import io.keck.history.PastStates;
import io.keck.history.PastStates.Past;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Caches the most recently requested documents at rows of the past while the heap has room for them. Cached documents
 * count in the ledger without a room or address, and are dropped before a peer is refused memory. A log can go back and
 * history can end, so a cached document is used only while its last row is unchanged, and for a few minutes at most.
 * Thread-safe.
 */
final class PastCache {
    /** The divisor of the heap for peers that limits the cache. */
    private static final int PARTS = 32;

    private static final long NANOS_KEPT = TimeUnit.MINUTES.toNanos(5);

    private record Key(long roomId, long seq) {}

    /** A cached document, the hash of its last row, and the time at which it was built. */
    private record Kept(Past past, int row, long since) {}

    private final PastStates states;
    private final long most;
    private final Tally tally;
    private final LongSupplier nanos;
    private final LinkedHashMap<Key, Kept> kept = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    /**
     * Creates an empty cache, which the ledger asks to free heap when it is needed.
     *
     * @param nanos a steady clock
     */
    PastCache(PastStates states, HeapLedger ledger, LongSupplier nanos) {
        this.states = states;
        this.nanos = nanos;
        this.most = ledger.total() / PARTS;
        this.tally = ledger.open(HeapLedger.Kind.DOCUMENT, null, null, null);
        ledger.onReclaim(this::drop);
    }

    PastStates states() {
        return states;
    }

    /** Returns the document at a row; see {@link PastStates#at}. */
    Past at(long roomId, long seq, LongConsumer onTaken) {
        Integer row = row(roomId, seq);
        if (row == null) {
            return states.at(roomId, seq, onTaken);
        }
        Key key = new Key(roomId, seq);
        Past known = find(key, row);
        if (known != null) {
            HistoryReader.Range range = states.reader().range(roomId);
            if (seq < range.first()) {
                throw new HistoryGone(roomId, range.first(), range.head());
            }
            onTaken.accept(known.memory());
            return known;
        }
        Past made = states.at(roomId, seq, onTaken);
        keep(key, new Kept(made, row, nanos.getAsLong()));
        return made;
    }

    /** Returns the hash of a row; null if the row cannot be read, so that nothing is cached. */
    private @Nullable Integer row(long roomId, long seq) {
        if (seq == 0 || seq == Long.MAX_VALUE) {
            return null;
        }
        List<ChangeLog.Change> rows =
                states.reader().rows(roomId, seq - 1, seq, 1).changes();
        return rows.isEmpty()
                ? null
                : (Integer) Objects.hash(
                        rows.get(0).at(), Arrays.hashCode(rows.get(0).payload()));
    }

    private synchronized @Nullable Past find(Key key, int row) {
        Kept found = kept.get(key);
        if (found == null) {
            return null;
        }
        if (found.row == row && nanos.getAsLong() - found.since < NANOS_KEPT) {
            return found.past;
        }
        kept.remove(key);
        bytes -= found.past.memory();
        tally.add(-found.past.memory());
        return null;
    }

    private synchronized void keep(Key key, Kept made) {
        long memory = made.past.memory();
        if (memory > most / 2 || kept.containsKey(key) || !tally.reserve(memory)) {
            return;
        }
        kept.put(key, made);
        bytes += memory;
        if (bytes > most) {
            drop(bytes - most);
        }
    }

    /** Drops the least recently used documents until this many bytes are free; returns the number of dropped bytes. */
    private synchronized long drop(long wanted) {
        long dropped = 0;
        Iterator<Map.Entry<Key, Kept>> eldest = kept.entrySet().iterator();
        while (dropped < wanted && eldest.hasNext()) {
            dropped += eldest.next().getValue().past.memory();
            eldest.remove();
        }
        bytes -= dropped;
        tally.add(-dropped);
        return dropped;
    }

    /** The bytes of all cached documents. */
    synchronized long bytes() {
        return bytes;
    }
}
