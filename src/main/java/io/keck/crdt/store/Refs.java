package io.keck.crdt.store;

/**
 * The info byte of a struct on the wire: the kind of content in the low five bits, flags above. Source: Yjs
 * {@code Item.js}. Internal: shared with {@code io.keck.crdt}, and free to change with every release.
 */
public final class Refs {
    public static final int GC = 0;
    public static final int DELETED = 1;
    public static final int JSON = 2;
    public static final int BINARY = 3;
    public static final int STRING = 4;
    public static final int EMBED = 5;
    public static final int FORMAT = 6;
    public static final int TYPE = 7;
    public static final int ANY = 8;
    public static final int DOC = 9;
    public static final int SKIP = 10;

    public static final int MASK = 0x1f;
    public static final int PARENT_SUB = 0x20;
    public static final int RIGHT_ORIGIN = 0x40;
    public static final int ORIGIN = 0x80;

    private Refs() {}

    public static boolean squashes(int ref) {
        return ref == STRING || ref == ANY || ref == DELETED || ref == JSON;
    }
}
