package io.keck.crdt;

/** The info byte of a struct on the wire: content kind in the low five bits, flags above. Source: Yjs {@code Item.js}. */
final class Refs {
    static final int GC = 0;
    static final int DELETED = 1;
    static final int JSON = 2;
    static final int BINARY = 3;
    static final int STRING = 4;
    static final int EMBED = 5;
    static final int FORMAT = 6;
    static final int TYPE = 7;
    static final int ANY = 8;
    static final int DOC = 9;
    static final int SKIP = 10;

    static final int MASK = 0x1f;
    static final int PARENT_SUB = 0x20;
    static final int RIGHT_ORIGIN = 0x40;
    static final int ORIGIN = 0x80;

    private Refs() {}

    static boolean squashes(int ref) {
        return ref == STRING || ref == ANY || ref == DELETED || ref == JSON;
    }
}
