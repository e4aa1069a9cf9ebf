package io.keck.block;

/** The place at which a block is inserted among the children of another block. */
public sealed interface Placement {
    /** The id of the block to insert. */
    String id();

    /** At the end. */
    record Push(String id) implements Placement {}

    /** Before another child; at the end if there is no such child. */
    record InsertBefore(String id, String before) implements Placement {}

    /** After another child; at the end if there is no such child. */
    record InsertAfter(String id, String after) implements Placement {}

    /** At an index, 0 or more; at the end if there are fewer children. */
    record InsertAt(String id, long pos) implements Placement {}
}
