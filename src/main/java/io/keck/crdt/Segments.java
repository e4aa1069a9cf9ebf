package io.keck.crdt;

import io.keck.crdt.store.Id;
import java.util.ArrayList;
import java.util.List;

/**
 * Divides an item of a source document into ranges that its counterpart in a target document shows, and ranges that it
 * does not. A border never lies inside a surrogate pair: where the target has lost one half, the other half counts as
 * lost too.
 */
final class Segments {
    /**
     * A range of clocks of the item.
     *
     * @param from its first clock
     * @param to the clock after its last
     * @param isKept whether the target shows the same content under these clocks
     * @param isAbsent whether the target shows nothing under any of these clocks
     */
    record Segment(long from, long to, boolean isKept, boolean isAbsent) {}

    private final Item item;
    private final List<Segment> segments = new ArrayList<>(1);

    private Segments(Item item) {
        this.item = item;
    }

    /**
     * Returns the segments in order.
     *
     * @param item an item of the source
     * @param parent the type of the target that is the counterpart of the parent of the item
     * @param step called for each struct of the target
     */
    static List<Segment> of(Item item, Branch parent, ItemStore target, Runnable step) {
        Segments all = new Segments(item);
        StructList list = target.find(item.list().client);
        long end = item.end();
        for (long clock = item.clock(); clock < end; ) {
            step.run();
            if (list == null || clock >= list.end()) {
                all.add(clock, end, false, true);
                break;
            }
            Struct there = list.at(clock);
            long next = Math.min(there.end(), end);
            if (there instanceof Item now && !now.isDeleted() && now.parent() == parent) {
                all.compare(now, clock, next);
            } else {
                all.add(clock, next, false, true);
            }
            clock = next;
        }
        return all.mended();
    }

    private void add(long from, long to, boolean isKept, boolean isAbsent) {
        if (from >= to) {
            return;
        }
        int last = segments.size() - 1;
        Segment before = last < 0 ? null : segments.get(last);
        if (before != null && before.isKept == isKept) {
            segments.set(last, new Segment(before.from, to, isKept, before.isAbsent && isAbsent));
        } else {
            segments.add(new Segment(from, to, isKept, isAbsent));
        }
    }

    /** Adds a range that the target shows; the units at its ends may be the remains of surrogate pairs that were cut. */
    private void compare(Item now, long from, long to) {
        if (now.content().ref() != item.content().ref()) {
            add(from, to, false, false);
            return;
        }
        if (!item.isString()) {
            add(from, to, true, false);
            return;
        }
        long first = unit(item, from) == unit(now, from) ? from : from + 1;
        long last = first < to && unit(item, to - 1) != unit(now, to - 1) ? to - 1 : to;
        add(from, first, false, false);
        add(first, last, true, false);
        add(last, to, false, false);
    }

    private static char unit(Item text, long clock) {
        return text.list().text().charAt(text.at + (int) (clock - text.clock()));
    }

    /** Moves the borders that are inside surrogate pairs, at the cost of what is kept. */
    private List<Segment> mended() {
        if (segments.size() < 2 || !item.isString()) {
            return segments;
        }
        List<Segment> rough = List.copyOf(segments);
        segments.clear();
        for (int i = 0; i < rough.size(); i++) {
            Segment segment = rough.get(i);
            if (!segment.isKept) {
                add(segment.from, segment.to, false, segment.isAbsent);
                continue;
            }
            long from = cutsPair(segment.from) ? segment.from + 1 : segment.from;
            long to = cutsPair(segment.to) ? segment.to - 1 : segment.to;
            add(segment.from, Math.min(from, segment.to), false, false);
            add(from, to, true, false);
            add(Math.max(to, from), segment.to, false, false);
        }
        return segments;
    }

    private boolean cutsPair(long clock) {
        return clock > item.clock()
                && clock < item.end()
                && Character.isHighSurrogate(unit(item, clock - 1))
                && Character.isLowSurrogate(unit(item, clock));
    }

    @Override
    public String toString() {
        return "Segments[" + new Id(item.list().client, item.clock()) + " " + segments + "]";
    }
}
