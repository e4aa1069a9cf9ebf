package io.keck.storage.rows;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import java.util.Optional;

/**
 * How deep a stored document nests. What a peer sends is judged by size, number and depth; a whole document may be larger than
 * any message, but a value or type that no peer may send cannot be read by stock clients, whose decoders recurse. Stateless.
 */
public final class DocumentDepth {
    private static final DecodeLimits LIMITS = DecodeLimits.OWN.with(
            DecodeLimits.OWN.maxBytes(), DecodeLimits.DEFAULT.maxValueDepth(), DecodeLimits.DEFAULT.maxTypeDepth());

    private DocumentDepth() {}

    /**
     * What is too deep in an update that can be decoded, as a clause; empty where nothing is.
     *
     * @param update in V1
     */
    public static Optional<String> problem(byte[] update) {
        try {
            var unused = Update.decode(update, LIMITS);
            return Optional.empty();
        } catch (DecodeException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }
}
