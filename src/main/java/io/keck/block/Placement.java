package io.keck.block;

/** Where among the children of a block another one goes. */
public sealed interface Placement {
    /** The child that goes there. */
    String id();

    /** At the end. */
    record Push(String id) implements Placement {}

    /** Before another child; at the end where that is none. */
    record InsertBefore(String id, String before) implements Placement {}

    /** After another child; at the end where that is none. */
    record InsertAfter(String id, String after) implements Placement {}

    /** At an index, 0 or more; at the end where there are not as many children. */
    record InsertAt(String id, long pos) implements Placement {}
}
