package io.keck.socket;

import io.keck.room.Connection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The messages beyond y-protocols that a client asks for in the query of its address. Immutable.
 *
 * @param conflicts {@code conflicts=1}: the client wants reports on content that contradicts the document
 * @param saved {@code saved=1}: the client wants the position up to which its updates are committed
 * @param echo {@code saved=echo}: the client wants its own updates back once they are committed
 */
record Wishes(boolean conflicts, boolean saved, boolean echo, long epoch) {
    static final Wishes NONE = new Wishes(false, false, false, Connection.NO_EPOCH);

    /** The value of {@link #epoch} where the query has no number. */
    static final long NO_NUMBER = -2;

    private static final String EPOCH = "epoch=";
    private static final int MAX_DIGITS = 18;

    /** @param query the raw query of the address; null if it has none */
    static Wishes of(@Nullable String query) {
        List<String> parts = query == null ? List.of() : List.of(query.split("&"));
        return new Wishes(
                parts.contains("conflicts=1"), parts.contains("saved=1"), parts.contains("saved=echo"), epoch(parts));
    }

    private static long epoch(List<String> parts) {
        long epoch = Connection.NO_EPOCH;
        for (String part : parts) {
            if (part.startsWith(EPOCH)) {
                String digits = part.substring(EPOCH.length());
                boolean isNumber =
                        digits.length() <= MAX_DIGITS && digits.chars().allMatch(c -> c >= '0' && c <= '9');
                epoch = !isNumber ? NO_NUMBER : digits.isEmpty() ? 0 : Long.parseLong(digits);
            }
        }
        return epoch;
    }
}
