package io.keck.crdt.store;

import io.keck.crdt.lib0.Encoder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Sorted, disjoint, non-adjacent half-open ranges of clocks of one client. Adding at the end or next to an existing
 * range moves nothing. Takes eight bytes per range while all clocks are below 2^31, sixteen from then on. Not
 * thread-safe.
 *
 * <p>A set that is encoded repeatedly ({@link #encodeCached}) caches its wire form in groups of ranges, and only the
 * groups that changed are encoded again.
 *
 * <p>Internal: shared with {@code io.keck.crdt}, and free to change with every release.
 */
public final class Ranges {
    private static final int[] NO_INTS = {};

    /** Start and end of each range. */
    private int[] ints = NO_INTS;
    /** Start and end of each range once a bound exceeds an int; {@link #ints} is empty then. */
    private long @Nullable [] longs;

    private int n;
    private @Nullable EncodedRanges encoded;

    /** Creates an empty set of ranges. */
    public Ranges() {}

    /** The number of ranges. */
    public int size() {
        return n;
    }

    /** The first clock of range {@code i}. */
    public long from(int i) {
        return longs == null ? ints[2 * i] : longs[2 * i];
    }

    /** The clock after the last one of range {@code i}. */
    public long to(int i) {
        return longs == null ? ints[2 * i + 1] : longs[2 * i + 1];
    }

    /** The index of the first range that ends after {@code clock}; {@link #size()} if none does. */
    int firstEndingAfter(long clock) {
        if (n == 0 || to(n - 1) <= clock) {
            return n;
        }
        int lo = 0;
        int hi = n - 1;
        while (lo < hi) {
            int mid = (lo + hi) >>> 1;
            if (to(mid) > clock) {
                hi = mid;
            } else {
                lo = mid + 1;
            }
        }
        return lo;
    }

    /** Whether the set has all clocks {@code [start, end)}. */
    public boolean covers(long start, long end) {
        int i = firstEndingAfter(start);
        return covers(i, start, end);
    }

    /** Whether range {@code i}, which need not exist, covers {@code [start, end)}. */
    boolean covers(int i, long start, long end) {
        return i < n && from(i) <= start && end <= to(i);
    }

    boolean intersects(long start, long end) {
        int i = firstEndingAfter(start);
        return i < n && from(i) < end;
    }

    /** Adds to {@code target} the clocks of {@code [start, end)} that are not in this set. */
    void missing(long start, long end, Ranges target) {
        long at = start;
        for (int i = firstEndingAfter(start); i < n && from(i) < end; i++) {
            target.add(at, from(i));
            at = Math.max(at, to(i));
        }
        target.add(at, end);
    }

    /** Writes the number of ranges and the ranges in V1 form: first clock and length of each. */
    public void encode(Encoder out) {
        out.writeVarUint(n);
        encode(0, n, out);
    }

    /** Writes the ranges with the indexes {@code [first, last)}, without their count. */
    public void encode(int first, int last, Encoder out) {
        for (int i = first; i < last; i++) {
            out.writeVarUint(from(i));
            out.writeVarUint(to(i) - from(i));
        }
    }

    /** The number of bytes that {@link #encodeCached} writes: exact for a set that is cached, else an upper bound. */
    int encodedLength() {
        return isCached() ? Encoder.lengthOf(n) + cache().length(this) : 16 * n + 8;
    }

    private boolean isCached() {
        return n >= 2 * EncodedRanges.GROUP;
    }

    private EncodedRanges cache() {
        if (encoded == null) {
            encoded = new EncodedRanges(n);
        }
        return encoded;
    }

    /** As {@link #encode(Encoder)}, and caches the wire form of a large set for the next call. */
    void encodeCached(Encoder out) {
        out.writeVarUint(n);
        if (isCached()) {
            cache().write(this, out);
        } else {
            encode(0, n, out);
        }
    }

    /**
     * Adds {@code [start, end)}; does nothing if that is empty.
     *
     * @return how many of these clocks were not in the set before
     */
    public long add(long start, long end) {
        if (start >= end) {
            return 0;
        }
        if (end > Integer.MAX_VALUE && longs == null) {
            widen();
        }
        if (n > 0 && start > to(n - 1)) { // most ranges arrive in order
            open(n);
            set(n - 1, start, end);
            return end - start;
        }
        if (n > 0 && start >= from(n - 1)) {
            long before = to(n - 1);
            if (end > before) {
                set(n - 1, from(n - 1), end);
                if (encoded != null) {
                    encoded.changed(n - 1);
                }
            }
            return Math.max(0, end - before);
        }
        // the ranges [first, last) overlap or touch the new one and are merged into it
        int first = start == 0 ? 0 : firstEndingAfter(start - 1);
        int last = first;
        long lo = start;
        long hi = end;
        long known = 0;
        while (last < n && from(last) <= end) {
            known += Math.max(0, Math.min(to(last), end) - Math.max(from(last), start));
            lo = Math.min(lo, from(last));
            hi = Math.max(hi, to(last));
            last++;
        }
        if (first == last) {
            open(first);
        } else {
            if (last - first > 1) {
                close(first + 1, last);
            }
            if (encoded != null) {
                encoded.changed(first);
            }
        }
        set(first, lo, hi);
        return end - start - known;
    }

    /** Adds all ranges of {@code other} in one pass; adding many one by one would move the tail for each of them. */
    void addAll(Ranges other) {
        if (other.n <= 8) {
            for (int i = 0; i < other.n; i++) {
                add(other.from(i), other.to(i));
            }
            return;
        }
        Ranges all = new Ranges();
        all.reserve(n + other.n);
        int i = 0;
        int k = 0;
        while (i < n || k < other.n) {
            if (k == other.n || (i < n && from(i) <= other.from(k))) {
                all.add(from(i), to(i++));
            } else {
                all.add(other.from(k), other.to(k++));
            }
        }
        ints = all.ints;
        longs = all.longs;
        n = all.n;
        encoded = null;
    }

    /** Makes room for {@code size} ranges in all. */
    void reserve(int size) {
        if (longs == null && ints.length < 2 * size) {
            ints = Arrays.copyOf(ints, 2 * size);
        } else if (longs != null && longs.length < 2 * size) {
            longs = Arrays.copyOf(longs, 2 * size);
        }
    }

    /** Releases unused capacity if it is large. */
    void trim() {
        if (longs == null && ints.length - 2 * n > n / 4 + 8) {
            ints = Arrays.copyOf(ints, 2 * n);
        }
    }

    /** Removes all ranges and keeps the capacity. */
    public void clear() {
        n = 0;
        encoded = null;
    }

    /** Removes all clocks below {@code clock}. */
    public void dropBelow(long clock) {
        close(0, firstEndingAfter(clock));
        encoded = null;
        if (n > 0) {
            set(0, Math.max(from(0), clock), to(0));
        }
    }

    private void set(int i, long from, long to) {
        if (longs == null) {
            ints[2 * i] = (int) from;
            ints[2 * i + 1] = (int) to;
        } else {
            longs[2 * i] = from;
            longs[2 * i + 1] = to;
        }
    }

    private void widen() {
        long[] wide = new long[ints.length];
        for (int i = 0; i < 2 * n; i++) {
            wide[i] = ints[i];
        }
        longs = wide;
        ints = NO_INTS;
    }

    private void open(int at) {
        int[] narrow = ints;
        long[] wide = longs;
        if (2 * n == (wide == null ? narrow.length : wide.length)) {
            reserve(n + (n >> (n < 4096 ? 1 : 3)) + 1);
        }
        if (longs == null) {
            System.arraycopy(ints, 2 * at, ints, 2 * at + 2, 2 * (n - at));
        } else {
            System.arraycopy(longs, 2 * at, longs, 2 * at + 2, 2 * (n - at));
        }
        n++;
        if (encoded != null) {
            encoded.opened(at);
        }
    }

    /** Removes the ranges with the indexes {@code [first, last)}. */
    private void close(int first, int last) {
        if (longs == null) {
            System.arraycopy(ints, 2 * last, ints, 2 * first, 2 * (n - last));
        } else {
            System.arraycopy(longs, 2 * last, longs, 2 * first, 2 * (n - last));
        }
        n -= last - first;
        if (encoded != null && !encoded.closed(first, last)) {
            encoded = null;
        }
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof Ranges that) || n != that.n) {
            return false;
        }
        for (int i = 0; i < n; i++) {
            if (from(i) != that.from(i) || to(i) != that.to(i)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        long hash = n;
        for (int i = 0; i < n; i++) {
            hash = 31 * hash + from(i) + 7 * to(i);
        }
        return Long.hashCode(hash);
    }

    /** Bytes on the heap. */
    long memory() {
        return 32
                + (ints.length == 0 ? 0 : Heap.array(4L * ints.length))
                + (longs == null ? 0 : Heap.array(8L * longs.length))
                + (encoded == null ? 0 : encoded.memory());
    }
}
