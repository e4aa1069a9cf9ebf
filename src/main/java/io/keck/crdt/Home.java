package io.keck.crdt;

import org.jspecify.annotations.Nullable;

/**
 * What an item has in common with most of its neighbours: whose it is, where it stands, and of which clients its origins
 * are. Immutable; items share it (a flyweight), so that an item need only know what is its own. A history hands them out
 * ({@link StructList#home}) and does not promise to share all that are equal.
 *
 * <p>Here are also the upper halves of the item's numbers. Clocks have 53 bits, but hardly ever more than 32, so these are
 * nearly always 0 and an item keeps the lower halves alone.
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

    /** Whether it says the same; both are of one history. */
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

    /** Of what is usually different between two of one history; for a table of them. */
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
