package io.keck.storage.rows;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import java.util.Optional;

/**
 * Checks the nesting depth of a stored document. A whole document may be larger than any message of a peer, but values
 * and types deeper than a peer may send cannot be read by stock clients, whose decoders recurse. Stateless.
 */
public final class DocumentDepth {
    private static final DecodeLimits LIMITS = DecodeLimits.OWN.with(
            DecodeLimits.OWN.maxBytes(), DecodeLimits.DEFAULT.maxValueDepth(), DecodeLimits.DEFAULT.maxTypeDepth());

    private DocumentDepth() {}

    /**
     * Returns a clause that names the content that is nested too deep in a decodable update; empty if there is none.
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
