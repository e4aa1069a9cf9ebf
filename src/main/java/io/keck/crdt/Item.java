package io.keck.crdt;

import io.keck.crdt.store.Id;
import io.keck.crdt.store.Refs;
import org.jspecify.annotations.Nullable;

/**
 * A piece of content and its place among its siblings: one or more units with consecutive clocks that are next to
 * each other.
 *
 * <p>Siblings form a list linked by {@link #left} and {@link #right}. An item is placed by YATA (Nicolaescu et al.,
 * "Near Real-Time Peer-to-Peer Shared Editing on Extensible Data Types", 2016): it names the units between which its
 * author saw it, {@code origin} and {@code right origin}. If several items name the same gap, or gaps that overlap, all
 * replicas put them into the same order: links from origins never cross, and items that this leaves unordered are
 * ordered by client id. {@link Integration} does that. Deleted items stay as tombstones, so that other items can still
 * name them.
 *
 * <p>An item of a map is in the list of its key ({@link #parentSub}); the rightmost item is the value, all items
 * before it are deleted.
 *
 * <p>Origins are stored as history and clock, not as references to items: most items never need the references, and a
 * clock survives splits.
 *
 * <p>A document consists mostly of items, so an item is small: nine words of four bytes after the object header. The
 * fields it shares with its neighbours are in its {@link Home}, as are the upper halves of numbers beyond 32 bits. Its
 * content is a kind, in the flags, and a position in a buffer of its history. Source: Yjs {@code Item.js}.
 */
final class Item extends Struct {
    private static final int KEEP = 1;
    private static final int DELETED = 1 << 1;
    private static final int MARKED = 1 << 2;
    private static final int REDONE = 1 << 3;
    private static final int KIND = 4;
    private static final int KIND_MASK = 0xf << KIND;
    private static final int WALK = 8;
    private static final int BELOW_WALK = (1 << WALK) - 1;

    /** The largest number {@link #walk} can hold. */
    static final int MAX_WALK = -1 >>> WALK;

    private static final int UNCOUNTED = 1 << Refs.DELETED | 1 << Refs.FORMAT;
    private static final long LOW = 0xffff_ffffL;

    private Home home;

    @Nullable
    Item left;

    @Nullable
    Item right;

    /** The position of the text, the values or the content object in the buffers of the history. */
    int at;

    private int clock;
    private int length;
    private int originClock;
    private int rightClock;
    /** Flag bits, the kind of the content, and the number of {@link #walk}. */
    private int flags = Refs.DELETED << KIND;

    /** Creates an item without content and neighbours. The clock of a missing origin is 0. */
    Item(
            StructList list,
            long clock,
            long length,
            Branch parent,
            @Nullable String parentSub,
            @Nullable StructList originList,
            long originClock,
            @Nullable StructList rightList,
            long rightClock) {
        this.home = list.home(
                parent,
                parentSub,
                originList,
                rightList,
                (int) (clock >>> 32),
                (int) (length >>> 32),
                (int) (originClock >>> 32),
                (int) (rightClock >>> 32));
        this.clock = (int) clock;
        this.length = (int) length;
        this.originClock = (int) originClock;
        this.rightClock = (int) rightClock;
    }

    @Override
    StructList list() {
        return home.list;
    }

    @Override
    long clock() {
        return (long) home.clockHigh << 32 | (clock & LOW);
    }

    @Override
    long length() {
        return (long) home.lengthHigh << 32 | (length & LOW);
    }

    private void setLength(long newLength) {
        int high = (int) (newLength >>> 32);
        Home h = home;
        if (high != h.lengthHigh) {
            home = h.list.home(
                    h.parent, h.parentSub, h.originList, h.rightList, h.clockHigh, high, h.originHigh, h.rightHigh);
        }
        length = (int) newLength;
    }

    /** The type that contains the item. */
    Branch parent() {
        return home.parent;
    }

    /** The key under which it is in a map; null in a list. */
    @Nullable
    String parentSub() {
        return home.parentSub;
    }

    /** The history of its left origin, or null if it has none. */
    @Nullable
    StructList originList() {
        return home.originList;
    }

    long originClock() {
        return (long) home.originHigh << 32 | (originClock & LOW);
    }

    /** The history of its right origin, or null if it has none. */
    @Nullable
    StructList rightList() {
        return home.rightList;
    }

    long rightClock() {
        return (long) home.rightHigh << 32 | (rightClock & LOW);
    }

    private int kind() {
        return (flags & KIND_MASK) >>> KIND;
    }

    /** The content of the item. */
    ItemContent content() {
        return switch (kind()) {
            case Refs.STRING -> ContentString.INSTANCE;
            case Refs.DELETED -> ContentDeleted.INSTANCE;
            case Refs.ANY -> ContentAny.INSTANCE;
            case Refs.JSON -> ContentJSON.INSTANCE;
            default -> home.list.content(at);
        };
    }

    /** Sets the content. For text and values, which are sections of a buffer, the caller sets {@link #at}. */
    void content(ItemContent content) {
        flags = (flags & ~KIND_MASK) | content.ref() << KIND;
        if (!Refs.squashes(content.ref())) {
            at = home.list.addValue(content);
        }
    }

    /** Whether the content is text. */
    boolean isString() {
        return kind() == Refs.STRING;
    }

    /** Whether the content is in the value buffer. */
    boolean isInValues() {
        int kind = kind();
        return kind != Refs.STRING && kind != Refs.DELETED;
    }

    /** Whether the content is visible to users and counts in the indexes of the parent, unless it is deleted. */
    boolean isCountable() {
        return (UNCOUNTED >>> kind() & 1) == 0;
    }

    /** The number that the last walk over conflicting items gave to this item; see {@link Integration}. */
    int walk() {
        return flags >>> WALK;
    }

    void walk(int step) {
        flags = (flags & BELOW_WALK) | step << WALK;
    }

    @Override
    boolean isDeleted() {
        return (flags & DELETED) != 0;
    }

    /** Whether the units of the item count towards the length of the parent. */
    boolean isVisible() {
        return (flags & DELETED) == 0 && isCountable();
    }

    void markDeleted() {
        flags |= DELETED;
    }

    /** Whether the item must not be collected, because its deletion may be undone. */
    boolean isKept() {
        return (flags & KEEP) != 0;
    }

    /** Protects this item, and all items whose types contain it, from being collected, or ends that protection. */
    void keep(boolean keep) {
        Item item = this;
        while (item != null && item.isKept() != keep) {
            item.flag(KEEP, keep);
            item = item.parent().item;
        }
    }

    /** Whether a marker may point at the item; see {@link Markers}. */
    boolean isMarked() {
        return (flags & MARKED) != 0;
    }

    void mark(boolean marked) {
        flag(MARKED, marked);
    }

    /** Whether an undo has recreated the item after its deletion; {@link ItemStore#redone} is the new item. */
    boolean isRedone() {
        return (flags & REDONE) != 0;
    }

    void markRedone() {
        flags |= REDONE;
    }

    private void flag(int flag, boolean on) {
        flags = on ? flags | flag : flags & ~flag;
    }

    long lastClock() {
        return end() - 1;
    }

    Id lastId() {
        return new Id(home.list.client, lastClock());
    }

    /** The next sibling that is not deleted. */
    @Nullable
    Item next() {
        Item n = right;
        while (n != null && n.isDeleted()) {
            n = n.right;
        }
        return n;
    }

    /** The previous sibling that is not deleted. */
    @Nullable
    Item previous() {
        Item n = left;
        while (n != null && n.isDeleted()) {
            n = n.left;
        }
        return n;
    }

    boolean sameOrigin(Item other) {
        return home.originList == other.home.originList
                && originClock == other.originClock
                && home.originHigh == other.home.originHigh;
    }

    boolean sameRightOrigin(Item other) {
        return home.rightList == other.home.rightList
                && rightClock == other.rightClock
                && home.rightHigh == other.home.rightHigh;
    }

    /** Cuts off the units from {@code offset} on as a new item, which the caller must insert into the history. */
    Item cut(long offset) {
        Home h = home;
        long start = clock() + offset;
        Item rest = new Item(
                h.list, start, length() - offset, h.parent, h.parentSub, h.list, start - 1, h.rightList, rightClock());
        rest.flags = flags & (DELETED | KEEP | KIND_MASK);
        content().split(this, rest, offset);
        setLength(offset);
        rest.left = this;
        rest.right = right;
        if (right != null) {
            right.left = rest;
        } else if (h.parentSub != null) {
            h.parent.map().put(h.parentSub, rest);
        }
        right = rest;
        return rest;
    }

    @Override
    boolean mergeWith(Struct struct) {
        if (right != struct
                || !(struct instanceof Item other)
                || other.home.originList != home.list
                || end() != other.clock()
                || other.originClock() != lastClock()
                || !sameRightOrigin(other)
                || ((flags ^ other.flags) & (DELETED | KIND_MASK)) != 0
                || ((flags | other.flags) & REDONE) != 0
                || !content().merges(this, other)) {
            return false;
        }
        Home h = home;
        if (other.isMarked() && h.parent.markers != null) {
            h.parent.markers.merged(this, other);
        }
        if (other.isKept()) {
            flags |= KEEP;
        }
        right = other.right;
        if (right != null) {
            right.left = this;
        } else if (h.parentSub != null) {
            h.parent.map().put(h.parentSub, this);
        }
        setLength(length() + other.length());
        return true;
    }
}
