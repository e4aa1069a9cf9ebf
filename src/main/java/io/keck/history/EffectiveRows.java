package io.keck.history;

import io.keck.history.RestoreRequest.Earlier;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;

/**
 * Finds the rows of a restoration that still have an effect. A row that an earlier restoration has reverted must not be
 * reverted again, unless a later restoration has restored its effect. Rows are added in order. Used by one thread.
 */
final class EffectiveRows {
    /** The number of earlier restorations that are remembered with the rows in effect before them. */
    private static final int MAX_MOMENTS = 64;

    /** The rows in effect before a restoration. */
    private record Moment(long seq, BitSet rows) {}

    private final RestoreRequest request;
    private final long first;
    private BitSet rows = new BitSet();
    private final Deque<Moment> moments = new ArrayDeque<>();

    EffectiveRows(RestoreRequest request) {
        this.request = request;
        this.first = request.from() + 1;
    }

    /** Adds a row that the request covers. */
    void add(long seq) {
        rows.set((int) (seq - first));
    }

    /** Adds an earlier restoration. */
    void add(long seq, Earlier restoration) {
        if (moments.size() == MAX_MOMENTS) {
            moments.removeFirst();
        }
        moments.addLast(new Moment(seq, (BitSet) rows.clone()));
        if (restoration.isState()) {
            rows = at(restoration.from());
        } else if (restoration.covers(request)) {
            clear(restoration.from() + 1, restoration.to());
        }
    }

    private BitSet at(long seq) {
        BitSet then = rows;
        for (Moment moment : moments) { // the first restoration after that row recorded the rows in effect before it
            if (moment.seq > seq) {
                then = moment.rows;
                break;
            }
        }
        BitSet upTo = (BitSet) then.clone();
        upTo.clear((int) Math.max(0, seq + 1 - first), Math.max((int) Math.max(0, seq + 1 - first), upTo.length()));
        return upTo;
    }

    private void clear(long from, long to) {
        int begin = (int) Math.max(0, from - first);
        int end = (int) Math.min(rows.length(), Math.max(begin, to + 1 - first));
        if (begin < end) {
            rows.clear(begin, end);
        }
    }

    boolean contains(long seq) {
        return seq >= first && rows.get((int) (seq - first));
    }
}
