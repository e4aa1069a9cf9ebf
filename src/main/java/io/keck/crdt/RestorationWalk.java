package io.keck.crdt;

import io.keck.crdt.Restoration.Left;
import io.keck.crdt.Restoration.Outcome;
import io.keck.crdt.Restoration.Reason;
import io.keck.crdt.Restoration.TooManyStepsException;
import io.keck.crdt.store.Id;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The walk of a {@link Restoration} over source and target, side by side, within a transaction of each. */
final class RestorationWalk {
    /** A type of the source and its counterpart in the target. */
    private record Pair(Branch source, Branch target) {}

    private final Transaction from;
    private final Transaction into;
    private final ItemStore sourceStore;
    private final ItemStore targetStore;
    private final Wish wish;
    private final long maxSteps;
    /** The client id of the content that this walk inserts. */
    private final long own;
    /** The first clock of the content that this walk inserts. */
    private final long ownFrom;

    private final ArrayDeque<Pair> todo = new ArrayDeque<>();
    private final List<Id> left = new ArrayList<>();
    private final List<Reason> reasons = new ArrayList<>();
    private long leftCount;
    private long steps;

    RestorationWalk(Transaction from, Transaction into, Wish wish, long maxSteps) {
        this.from = from;
        this.into = into;
        this.sourceStore = from.doc().store();
        this.targetStore = into.doc().store();
        this.wish = wish;
        this.maxSteps = maxSteps;
        this.own = into.doc().clientId();
        this.ownFrom = targetStore.end(own);
    }

    void add(Branch source, Branch target) {
        todo.add(new Pair(source, target));
    }

    /** Walks over all types that were added, and over the types in them. */
    Outcome run() {
        while (!todo.isEmpty()) {
            Pair pair = todo.poll();
            list(pair.source, pair.target);
            if (wish.isWhole()) {
                deleteOthers(pair.source, pair.target);
            }
            map(pair.source, pair.target);
        }
        long[] gone = new long[1];
        into.deletes().forEach((client, first, end) -> gone[0] += end - first);
        List<History.Entry> entries = History.at(from.doc(), left);
        List<Left> all = new ArrayList<>(entries.size());
        for (int i = 0; i < entries.size(); i++) {
            all.add(new Left(reasons.get(i), entries.get(i)));
        }
        return new Outcome(targetStore.end(own) - ownFrom, gone[0], all, leftCount, steps);
    }

    /**
     * Recreates one type at its old place in the type that contained it.
     *
     * @throws Restoration.HomelessException if the containing type is deleted
     */
    void bringBack(Branch type) {
        Item item = type.item;
        if (item == null) {
            add(type, into.doc().root(type.name()));
            return;
        }
        Branch home = home(item.parent());
        String key = item.parentSub();
        if (key != null) {
            entry(item.parent(), home, key, home.hasMap() ? home.map().get(key) : null);
        } else if (wish.wants(item)) {
            Item after = null;
            for (Item at = item.left; at != null && after == null; at = at.left) {
                step();
                after = counterpart(at, at.end() - 1, home);
            }
            wanted(item, home, after);
        }
    }

    private Branch home(Branch source) {
        Item item = source.item;
        if (item == null) {
            return into.doc().root(source.name());
        }
        if (targetStore.get(item.id()) instanceof Item there
                && !there.isDeleted()
                && there.content() instanceof ContentType type) {
            return type.branch;
        }
        throw new Restoration.HomelessException();
    }

    private void leave(Reason reason, Item item) {
        leftCount++;
        if (left.size() < Restoration.MAX_LEFT) {
            left.add(item.id());
            reasons.add(reason);
        }
    }

    private void step() {
        if (++steps > maxSteps) {
            throw new TooManyStepsException(maxSteps);
        }
    }

    // ---- lists

    private void list(Branch source, Branch target) {
        Item cursor = null;
        Item next;
        for (Item item = source.start; item != null; item = next) {
            next = item.right; // the item may be split
            step();
            if (wish.wants(item)) {
                cursor = wanted(item, target, cursor);
            } else {
                if (wish instanceof Wish.Without without && without.isInserted(item)) {
                    takeBack(item, target, without);
                }
                Item last = counterpart(item, item.end() - 1, target);
                cursor = last == null ? cursor : last;
            }
        }
    }

    /**
     * Makes the target show an item.
     *
     * @return the item of the target after which the next one belongs
     */
    private @Nullable Item wanted(Item item, Branch target, @Nullable Item after) {
        if (wish instanceof Wish.Without without && without.isInserted(item)) {
            leave(Reason.CONTAINER, item);
        }
        Item cursor = after;
        for (Segments.Segment segment : Segments.of(item, target, targetStore, this::step)) {
            if (segment.isKept()) {
                cursor = keep(item, segment, target);
            } else {
                cursor = recreate(item, segment, target, cursor);
            }
        }
        return cursor;
    }

    private @Nullable Item keep(Item item, Segments.Segment segment, Branch target) {
        Item there = counterpart(item, segment.to() - 1, target);
        if (there != null && there.content() instanceof ContentType now && item.content() instanceof ContentType then) {
            add(then.branch, now.branch);
        }
        return there;
    }

    private @Nullable Item recreate(Item item, Segments.Segment segment, Branch target, @Nullable Item after) {
        boolean isAbsent = segment.isAbsent();
        if (!isAbsent) {
            delete(item.list().client, segment.from(), segment.to(), target);
        }
        Item last = counterpart(item, segment.to() - 1, target);
        if (isAbsent && !wish.mayRecreate(item)) {
            return last == null ? after : last;
        }
        if (item.content() instanceof ContentDeleted) {
            leave(Reason.COLLECTED, item);
            return last == null ? after : last;
        }
        Item piece = piece(item, segment.from(), segment.to());
        Item made = make(piece, target, null, place(piece, target, after));
        return last == null ? made : last;
    }

    /** Splits an item of the source, so that these clocks are an item of their own. */
    private Item piece(Item item, long fromClock, long toClock) {
        sourceStore.cleanEnd(from, item.list(), toClock - 1);
        return (Item) sourceStore.cleanStart(from, item.list(), fromClock);
    }

    /** The neighbours between which an item is recreated. */
    private record Gap(@Nullable Item left, @Nullable Item right) {}

    /**
     * The place of an item that is recreated: before its tombstone or, without one, after the item that precedes it in
     * the source.
     */
    private Gap place(Item item, Branch target, @Nullable Item after) {
        if (counterpart(item, item.clock(), target) != null) {
            StructList list = Objects.requireNonNull(targetStore.find(item.list().client));
            Item tombstone = (Item) targetStore.cleanStart(into, list, item.clock());
            return new Gap(tombstone.left, tombstone);
        }
        return new Gap(after, after == null ? target.start : after.right);
    }

    private Item make(Item item, Branch target, @Nullable String key, Gap gap) {
        Item made = Lists.newItem(into, target, key, gap.left, gap.right, item.length());
        made.content(item.content().copy(item, made, made.list()));
        into.doc().integration().link(into, made);
        if (made.content() instanceof ContentType now && item.content() instanceof ContentType then) {
            add(then.branch, now.branch);
        }
        return made;
    }

    /** Deletes from the target the content that an item inserted. */
    private void takeBack(Item item, Branch target, Wish.Without without) {
        delete(item.list().client, item.clock(), item.end(), target);
        if (item.content() instanceof ContentType type) {
            contained(type.branch, without);
        }
    }

    /** Reports the content of other changes in a type that is deleted. */
    private void contained(Branch gone, Wish.Without without) {
        for (Item value : gone.values()) {
            step();
            if (!without.isInserted(value)) {
                leave(Reason.CONTAINED, value);
            }
        }
    }

    private void delete(long client, long fromClock, long toClock, Branch target) {
        StructList list = targetStore.find(client);
        long end = list == null ? 0 : Math.min(list.end(), toClock);
        for (long clock = fromClock; list != null && clock < end; ) {
            step();
            Struct there = list.at(clock);
            long next = Math.min(there.end(), end);
            if (there instanceof Item item && !item.isDeleted() && item.parent() == target) {
                targetStore.cleanEnd(into, list, next - 1);
                if (targetStore.cleanStart(into, list, clock) instanceof Item exact) {
                    into.delete(exact);
                }
            }
            clock = next;
        }
    }

    /**
     * The item of the target that holds this clock of the client of {@code item}; null if there is none in
     * {@code target}.
     */
    private @Nullable Item counterpart(Item item, long clock, Branch target) {
        StructList list = targetStore.find(item.list().client);
        return list != null && clock < list.end() && list.at(clock) instanceof Item there && there.parent() == target
                ? there
                : null;
    }

    /** Deletes the content that the target shows and the source does not. */
    private void deleteOthers(Branch source, Branch target) {
        for (Item item = target.start; item != null; item = item.right) {
            step();
            boolean isMade = item.list().client == own && item.clock() >= ownFrom;
            if (!item.isDeleted() && !isMade) {
                deleteOther(item, source, target);
            }
        }
    }

    private void deleteOther(Item item, Branch source, Branch target) {
        StructList list = sourceStore.find(item.list().client);
        long end = item.end();
        for (long clock = item.clock(); clock < end; ) {
            boolean isKnown = list != null && clock < list.end();
            Struct there = isKnown ? Objects.requireNonNull(list).at(clock) : null;
            long next = there == null ? end : Math.min(there.end(), end);
            boolean isShown = there instanceof Item known && !known.isDeleted() && known.parent() == source;
            if (!isShown) {
                delete(item.list().client, clock, next, target);
            }
            clock = next;
        }
    }

    // ---- maps

    private void map(Branch source, Branch target) {
        Set<String> keys = new TreeSet<>();
        if (source.hasMap()) {
            keys.addAll(source.map().keySet());
        }
        if (target.hasMap()) {
            keys.addAll(target.map().keySet());
        }
        for (String key : keys) {
            step();
            Item newest = target.hasMap() ? target.map().get(key) : null;
            boolean isLater = newest != null && sourceStore.end(newest.list().client) < newest.end();
            if (wish.isWhole() || !isLater) {
                entry(source, target, key, newest);
            }
        }
    }

    private void entry(Branch source, Branch target, String key, @Nullable Item newest) {
        Item value = wish.value(source, key);
        Item now = newest == null || newest.isDeleted() ? null : newest;
        if (wish instanceof Wish.Without without && without.isReplaced(source, key)) {
            leave(Reason.REPLACED, Objects.requireNonNull(source.map().get(key)));
        }
        if (value == null) {
            if (now != null) {
                into.delete(now);
            }
            return;
        }
        if (now != null && now.list().client == value.list().client && now.end() == value.end()) {
            if (now.content() instanceof ContentType to && value.content() instanceof ContentType then) {
                add(then.branch, to.branch);
            }
            return;
        }
        if (!wish.mayRecreate(value) || (now != null && isSame(now, value))) {
            return;
        }
        if (value.content() instanceof ContentDeleted) {
            leave(Reason.COLLECTED, value);
            return;
        }
        make(value, target, key, new Gap(newest, null));
    }

    /** Whether two items have equal plain values, so that one need not replace the other. */
    private static boolean isSame(Item now, Item then) {
        return now.content() instanceof ContentValues
                && then.content() instanceof ContentValues
                && Objects.equals(Lists.last(now), Lists.last(then));
    }
}
