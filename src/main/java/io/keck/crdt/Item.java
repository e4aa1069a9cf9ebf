package io.keck.crdt;

import org.jspecify.annotations.Nullable;

/**
 * A piece of content and its place among its siblings: one or more units with consecutive clocks that stand next to each
 * other.
 *
 * <p>Siblings form a list linked by {@link #left} and {@link #right}. An item is placed by YATA (Nicolaescu et al.,
 * "Near Real-Time Peer-to-Peer Shared Editing on Extensible Data Types", 2016): it names the units between which its
 * author saw it, {@code origin} and {@code right origin}. Where several items name the same gap, or gaps that overlap,
 * all replicas put them into the same order: links from origins never cross, and what remains is ordered by client id.
 * {@link Integration} does that. Deleted items stay as tombstones, so that others can still name them.
 *
 * <p>An item of a map stands in the list of its key ({@link #parentSub}); the rightmost one is the value, all before it
 * are deleted.
 *
 * <p>Origins are kept as history and clock, not as objects: most items never need the objects, and the clock outlives
 * splits. Source: Yjs {@code Item.js}.
 */
final class Item extends Struct {
    private static final int KEEP = 1;
    private static final int DELETED = 2;
    private static final int MARKED = 4;
    private static final int REDONE = 8;

    @Nullable
    StructList originList;

    @Nullable
    StructList rightList;

    long originClock;
    long rightClock;

    @Nullable
    Item left;

    @Nullable
    Item right;

    Branch parent;

    @Nullable
    String parentSub;

    ItemContent content;
    /** Where the section of a text or of values begins in the buffers of the history. */
    int at;
    /** When a walk over conflicting items passed here; see {@link Integration}. */
    int walk;

    private byte flags;

    Item(StructList list, long clock, long length, Branch parent, @Nullable String parentSub, ItemContent content) {
        super(list, clock, length);
        this.parent = parent;
        this.parentSub = parentSub;
        this.content = content;
    }

    @Override
    boolean isDeleted() {
        return (flags & DELETED) != 0;
    }

    /** Whether units of it count for the length of the parent. */
    boolean isVisible() {
        return (flags & DELETED) == 0 && content.isCountable();
    }

    void markDeleted() {
        flags |= DELETED;
    }

    /** Whether the collector has to leave it alone, since somebody may want to undo its deletion. */
    boolean isKept() {
        return (flags & KEEP) != 0;
    }

    /** Keeps this item and all it stands in, or lets go of them. */
    void keep(boolean keep) {
        Item item = this;
        while (item != null && item.isKept() != keep) {
            item.flag(KEEP, keep);
            item = item.parent.item;
        }
    }

    /** Whether a position cache may point at it. */
    boolean isMarked() {
        return (flags & MARKED) != 0;
    }

    void mark(boolean marked) {
        flag(MARKED, marked);
    }

    /** Whether it was deleted and made again by an undo; the document knows as what. */
    boolean isRedone() {
        return (flags & REDONE) != 0;
    }

    void markRedone() {
        flags |= REDONE;
    }

    private void flag(int flag, boolean on) {
        flags = (byte) (on ? flags | flag : flags & ~flag);
    }

    long lastClock() {
        return clock + length - 1;
    }

    Id lastId() {
        return new Id(list.client, clock + length - 1);
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
        return originList == other.originList && (originList == null || originClock == other.originClock);
    }

    boolean sameRightOrigin(Item other) {
        return rightList == other.rightList && (rightList == null || rightClock == other.rightClock);
    }

    /** Cuts off what stands from {@code offset} on; the rest of the links is up to the caller. */
    Item cut(long offset) {
        Item rest = new Item(list, clock + offset, length - offset, parent, parentSub, content);
        rest.originList = list;
        rest.originClock = clock + offset - 1;
        rest.rightList = rightList;
        rest.rightClock = rightClock;
        rest.flags = (byte) (flags & (DELETED | KEEP));
        content.split(this, rest, offset);
        length = offset;
        rest.left = this;
        rest.right = right;
        if (right != null) {
            right.left = rest;
        } else if (parentSub != null) {
            parent.map().put(parentSub, rest);
        }
        right = rest;
        return rest;
    }

    @Override
    boolean mergeWith(Struct struct) {
        if (!(struct instanceof Item other)
                || right != other
                || end() != other.clock
                || other.originList != list
                || other.originClock != lastClock()
                || !sameRightOrigin(other)
                || ((flags ^ other.flags) & DELETED) != 0
                || ((flags | other.flags) & REDONE) != 0
                || !content.merges(this, other)) {
            return false;
        }
        if (other.isMarked() && parent.markers != null) {
            parent.markers.merged(this, other);
        }
        if (other.isKept()) {
            flags |= KEEP;
        }
        right = other.right;
        if (right != null) {
            right.left = this;
        } else if (parentSub != null) {
            parent.map().put(parentSub, this);
        }
        length += other.length;
        return true;
    }
}
