package io.keck.socket;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The messages beyond y-protocols that a client asks for in the query of its address. Immutable.
 *
 * @param conflicts {@code conflicts=1}: the client wants reports on content that contradicts the document
 * @param saved {@code saved=1}: the client wants the position up to which its updates are committed
 * @param echo {@code saved=echo}: the client wants its own updates back once they are committed
 */
record Wishes(boolean conflicts, boolean saved, boolean echo) {
    static final Wishes NONE = new Wishes(false, false, false);

    /** @param query the raw query of the address; null if it has none */
    static Wishes of(@Nullable String query) {
        List<String> parts = query == null ? List.of() : List.of(query.split("&"));
        return new Wishes(parts.contains("conflicts=1"), parts.contains("saved=1"), parts.contains("saved=echo"));
    }
}
