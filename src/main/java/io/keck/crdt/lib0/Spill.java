package io.keck.crdt.lib0;

/** Receives the bytes that an {@link Encoder} does not keep in memory, for example in a file. Used by one thread. */
@FunctionalInterface
public interface Spill {
    /** The number of bytes that an encoder keeps before it hands them over. */
    int PIECE = 8 << 10;

    /**
     * Receives bytes; the array may be overwritten afterwards.
     *
     * @return the position of these bytes: the number of bytes received before
     */
    long take(byte[] bytes, int from, int length);
}
