package io.keck.crdt.store;

/**
 * The info byte of a struct on the wire: the kind of content in the low five bits, flags above. Source: Yjs
 * {@code Item.js}. Internal: shared with {@code io.keck.crdt}, and free to change with every release.
 */
public final class Refs {
    /** A collected struct: only clocks are left. */
    public static final int GC = 0;
    /** Deleted content: only its length is left. */
    public static final int DELETED = 1;
    /** Values as JSON text, written by old versions of Yjs. */
    public static final int JSON = 2;
    /** Bytes. */
    public static final int BINARY = 3;
    /** Text. */
    public static final int STRING = 4;
    /** A JSON value in a text. */
    public static final int EMBED = 5;
    /** A format mark in a text. */
    public static final int FORMAT = 6;
    /** A shared type. */
    public static final int TYPE = 7;
    /** Values in lib0's "any" encoding. */
    public static final int ANY = 8;
    /** A subdocument. */
    public static final int DOC = 9;
    /** A gap: clocks that the update lacks. */
    public static final int SKIP = 10;

    /** The bits of the kind of content. */
    public static final int MASK = 0x1f;
    /** Flag: the item is under a key of its parent. */
    public static final int PARENT_SUB = 0x20;
    /** Flag: the item names a right origin. */
    public static final int RIGHT_ORIGIN = 0x40;
    /** Flag: the item names a left origin. */
    public static final int ORIGIN = 0x80;

    private Refs() {}

    /** Whether neighbouring structs with content of this kind can become one struct. */
    public static boolean squashes(int ref) {
        return ref == STRING || ref == ANY || ref == DELETED || ref == JSON;
    }
}
