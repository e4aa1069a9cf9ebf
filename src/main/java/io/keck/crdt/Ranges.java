package io.keck.crdt;

import io.keck.crdt.lib0.Encoder;
import java.util.Arrays;

/**
 * Sorted, disjoint, never touching ranges of clocks of one client, half-open. Two columns; adding at the end or next to
 * an existing range moves nothing. Not thread-safe.
 */
final class Ranges {
    private long[] from = {};
    private long[] to = {};
    private int n;

    int size() {
        return n;
    }

    long from(int i) {
        return from[i];
    }

    long to(int i) {
        return to[i];
    }

    /** The index of the first range that ends after {@code clock}; {@link #size()} if none does. */
    int firstEndingAfter(long clock) {
        if (n == 0 || to[n - 1] <= clock) {
            return n;
        }
        int lo = 0;
        int hi = n - 1;
        while (lo < hi) {
            int mid = (lo + hi) >>> 1;
            if (to[mid] > clock) {
                hi = mid;
            } else {
                lo = mid + 1;
            }
        }
        return lo;
    }

    boolean covers(long start, long end) {
        int i = firstEndingAfter(start);
        return i < n && from[i] <= start && end <= to[i];
    }

    boolean intersects(long start, long end) {
        int i = firstEndingAfter(start);
        return i < n && from[i] < end;
    }

    /** Adds to {@code target} what of {@code [start, end)} is not in here. */
    void missing(long start, long end, Ranges target) {
        long at = start;
        for (int i = firstEndingAfter(start); i < n && from[i] < end; i++) {
            target.add(at, from[i]);
            at = Math.max(at, to[i]);
        }
        target.add(at, end);
    }

    void encode(Encoder out) {
        out.writeVarUint(n);
        for (int i = 0; i < n; i++) {
            out.writeVarUint(from[i]);
            out.writeVarUint(to[i] - from[i]);
        }
    }

    /**
     * Adds {@code [start, end)}.
     *
     * @return how many clocks of it were not there before
     */
    long add(long start, long end) {
        if (start >= end) {
            return 0;
        }
        // the ranges that overlap or touch the new one melt into it: [first, last)
        int first = start == 0 ? 0 : firstEndingAfter(start - 1);
        int last = first;
        long lo = start;
        long hi = end;
        long known = 0;
        while (last < n && from[last] <= end) {
            known += Math.max(0, Math.min(to[last], end) - Math.max(from[last], start));
            lo = Math.min(lo, from[last]);
            hi = Math.max(hi, to[last]);
            last++;
        }
        if (first == last) {
            open(first);
        } else if (last - first > 1) {
            System.arraycopy(from, last, from, first + 1, n - last);
            System.arraycopy(to, last, to, first + 1, n - last);
            n -= last - first - 1;
        }
        from[first] = lo;
        to[first] = hi;
        return end - start - known;
    }

    /** Adds all of {@code other} in one pass, where adding them one by one would move the tail for each. */
    void addAll(Ranges other) {
        if (other.n <= 8) {
            for (int i = 0; i < other.n; i++) {
                add(other.from[i], other.to[i]);
            }
            return;
        }
        Ranges all = new Ranges();
        all.from = new long[n + other.n];
        all.to = new long[n + other.n];
        int i = 0;
        int k = 0;
        while (i < n || k < other.n) {
            if (k == other.n || (i < n && from[i] <= other.from[k])) {
                all.add(from[i], to[i++]);
            } else {
                all.add(other.from[k], other.to[k++]);
            }
        }
        from = all.from;
        to = all.to;
        n = all.n;
    }

    /** Forgets everything and keeps the room. */
    void clear() {
        n = 0;
    }

    /** Forgets everything below {@code clock}. */
    void dropBelow(long clock) {
        int first = firstEndingAfter(clock);
        n -= first;
        System.arraycopy(from, first, from, 0, n);
        System.arraycopy(to, first, to, 0, n);
        if (n > 0) {
            from[0] = Math.max(from[0], clock);
        }
    }

    private void open(int at) {
        if (n == from.length) {
            from = Arrays.copyOf(from, n + (n >> 1) + 2);
            to = Arrays.copyOf(to, from.length);
        }
        System.arraycopy(from, at, from, at + 1, n - at);
        System.arraycopy(to, at, to, at + 1, n - at);
        n++;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Ranges that
                && Arrays.equals(from, 0, n, that.from, 0, that.n)
                && Arrays.equals(to, 0, n, that.to, 0, that.n);
    }

    @Override
    public int hashCode() {
        long hash = n;
        for (int i = 0; i < n; i++) {
            hash = 31 * hash + from[i] + 7 * to[i];
        }
        return Long.hashCode(hash);
    }

    long memory() {
        return 56 + 16L * from.length;
    }
}
