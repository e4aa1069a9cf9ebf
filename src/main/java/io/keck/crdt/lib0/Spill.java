package io.keck.crdt.lib0;

/** Takes bytes that an {@link Encoder} does not keep in memory, for example into a file. Used by one thread. */
@FunctionalInterface
public interface Spill {
    /** Bytes that an encoder keeps before it hands them over. */
    int PIECE = 8 << 10;

    /**
     * Takes bytes; the array may be written again afterwards.
     *
     * @return how many bytes were taken before: the position of these
     */
    long take(byte[] bytes, int from, int length);
}
