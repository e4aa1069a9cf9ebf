package io.keck.crdt;

import org.jspecify.annotations.Nullable;

/**
 * The fields that an item has in common with most of its neighbours: its history, its parent, its key, and the clients
 * of its origins. Immutable; items share it (a flyweight), so that an item stores only what is its own. A history hands
 * homes out ({@link StructList#home}) and does not promise that equal homes are one object.
 *
 * <p>A home also holds the upper halves of the item's numbers. Clocks have 53 bits but rarely use more than 32, so
 * these halves are nearly always 0, and an item stores the lower halves alone.
 */
final class Home {
    final StructList list;
    final Branch parent;

    @Nullable
    final String parentSub;

    @Nullable
    final StructList originList;

    @Nullable
    final StructList rightList;

    final int clockHigh;
    final int lengthHigh;
    final int originHigh;
    final int rightHigh;

    Home(
            StructList list,
            Branch parent,
            @Nullable String parentSub,
            @Nullable StructList originList,
            @Nullable StructList rightList,
            int clockHigh,
            int lengthHigh,
            int originHigh,
            int rightHigh) {
        this.list = list;
        this.parent = parent;
        this.parentSub = parentSub;
        this.originList = originList;
        this.rightList = rightList;
        this.clockHigh = clockHigh;
        this.lengthHigh = lengthHigh;
        this.originHigh = originHigh;
        this.rightHigh = rightHigh;
    }

    /** Whether the fields are equal; both homes must be of one history. */
    boolean equalTo(
            Branch otherParent,
            @Nullable String otherSub,
            @Nullable StructList otherOrigin,
            @Nullable StructList otherRight,
            int otherClockHigh,
            int otherLengthHigh,
            int otherOriginHigh,
            int otherRightHigh) {
        return parent == otherParent
                && originList == otherOrigin
                && rightList == otherRight
                && clockHigh == otherClockHigh
                && lengthHigh == otherLengthHigh
                && originHigh == otherOriginHigh
                && rightHigh == otherRightHigh
                && (parentSub == null ? otherSub == null : parentSub.equals(otherSub));
    }

    /** A hash of the fields that usually differ between homes of one history. */
    static int hash(
            Branch parent,
            @Nullable String parentSub,
            @Nullable StructList originList,
            @Nullable StructList rightList) {
        int h = parent.hash();
        h = h * 31 + (parentSub == null ? 0 : parentSub.hashCode());
        h = h * 31 + (originList == null ? 0 : originList.ordinal + 1);
        h = h * 31 + (rightList == null ? 0 : rightList.ordinal + 1);
        h *= 0x9e3779b9;
        return h ^ (h >>> 15);
    }

    int hash() {
        return hash(parent, parentSub, originList, rightList);
    }
}
