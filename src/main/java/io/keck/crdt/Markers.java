package io.keck.crdt;

import org.jspecify.annotations.Nullable;

/**
 * Remembers the indexes of some items of one list, so that an edit need not count from the start. Sorted by index; at
 * most {@value #MAX}, spread over the list. An edit by index reports its change here; any other change of the list
 * clears all markers. Source of the idea: Yjs {@code AbstractType.js} {@code ArraySearchMarker}.
 */
final class Markers {
    private static final int MAX = 128;

    private final @Nullable Item[] items = new Item[MAX];
    private final long[] index = new long[MAX];
    private int n;

    /** The last marker with an index below {@code at}, or -1. */
    int before(long at) {
        int lo = 0;
        int hi = n;
        while (lo < hi) {
            int mid = (lo + hi) >>> 1;
            if (index[mid] < at) {
                lo = mid + 1;
            } else {
                hi = mid;
            }
        }
        return lo - 1;
    }

    /**
     * Whether {@code marker} exists and is nearer to the index {@code at}, which lies before it, than the previous
     * marker.
     */
    boolean isNearer(int marker, long at) {
        return marker < n && index[marker] - at < at - (marker == 0 ? 0 : index[marker - 1]);
    }

    Item item(int marker) {
        Item item = items[marker];
        if (item == null) {
            throw new IndexOutOfBoundsException("marker " + marker);
        }
        return item;
    }

    long index(int marker) {
        return index[marker];
    }

    /** Adds a marker: {@code at} visible units come before the item. */
    void add(Item item, long at) {
        if (item.isMarked()) {
            return;
        }
        if (n == MAX) {
            removeClosest();
        }
        int place = before(at + 1) + 1;
        System.arraycopy(items, place, items, place + 1, n - place);
        System.arraycopy(index, place, index, place + 1, n - place);
        items[place] = item;
        index[place] = at;
        n++;
        item.mark(true);
    }

    /** Removes the marker whose neighbours are closest together, since it is missed least. */
    private void removeClosest() {
        int closest = 0;
        long gap = Long.MAX_VALUE;
        for (int i = 0; i < n; i++) {
            long here = (i + 1 < n ? index[i + 1] : index[i]) - (i > 0 ? index[i - 1] : 0);
            if (here < gap) {
                gap = here;
                closest = i;
            }
        }
        remove(closest);
    }

    private void remove(int marker) {
        Item item = items[marker];
        if (item != null) {
            item.mark(false);
        }
        n--;
        System.arraycopy(items, marker + 1, items, marker, n - marker);
        System.arraycopy(index, marker + 1, index, marker, n - marker);
        items[n] = null;
    }

    /** Reports that units were inserted before the unit that was visible at {@code at}. */
    void inserted(long at, long length) {
        int first = before(at + 1) + 1;
        for (int i = first; i < n; i++) {
            index[i] += length;
        }
        for (int i = first - 1; i >= 0 && index[i] == at; i--) {
            Item item = items[i];
            if (item != null && item.isVisible()) {
                index[i] += length;
            } else {
                remove(i); // an invisible item may be on either side of the new units
            }
        }
    }

    /** Reports that visible units from {@code at} on were deleted. */
    void deleted(long at, long length) {
        for (int i = n - 1; i >= 0 && index[i] > at; i--) {
            if (index[i] >= at + length) {
                index[i] -= length;
            } else if (i > 0 && index[i - 1] >= at) {
                remove(i); // one marker for the deleted units is enough
            } else {
                index[i] = at;
            }
        }
    }

    /** Reports that {@code right}, which is marked, is about to be merged into {@code left}. */
    void merged(Item left, Item right) {
        for (int i = 0; i < n; i++) {
            if (items[i] == right) {
                long at = index[i] - (left.isVisible() ? left.length() : 0);
                remove(i);
                add(left, at);
                return;
            }
        }
    }

    void clear() {
        for (int i = 0; i < n; i++) {
            Item item = items[i];
            if (item != null) {
                item.mark(false);
            }
            items[i] = null;
        }
        n = 0;
    }
}
