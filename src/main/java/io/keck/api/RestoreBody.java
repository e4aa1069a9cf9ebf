package io.keck.api;

import io.keck.failure.HistoryGone;
import io.keck.history.RestoreRequest;
import jakarta.ws.rs.core.Response.Status;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request for a restoration. A moment is a row of the log (a number), a time (RFC 3339) or the label of a
 * version.
 *
 * @param at the moment whose state is restored, or null
 * @param from the moment after which rows are reverted, or null
 * @param to the moment up to which rows are reverted, or null for the newest row
 */
record RestoreBody(
        @Nullable Object at,
        @Nullable Object from,
        @Nullable Object to,
        @Nullable String root,
        @Nullable String block,
        @Nullable String by,
        @Nullable String agent,
        boolean preview) {
    private static final Set<String> KEYS = Set.of("at", "from", "to", "root", "block", "by", "agent", "preview");
    private static final int MAX_TEXT = 1_024;

    /** Checks the shape of a body; refuses others with 400. */
    static RestoreBody of(@Nullable Object body) {
        if (!(body instanceof Map<?, ?> map)) {
            throw Refusal.bad("The body is a JSON object.");
        }
        for (Object key : map.keySet()) {
            if (!(key instanceof String name) || !KEYS.contains(name)) {
                throw Refusal.bad(
                        "The body has an unknown key; known are at, from, to, root, block, by, agent and preview.");
            }
        }
        Object preview = map.get("preview");
        if (preview != null && !(preview instanceof Boolean)) {
            throw Refusal.bad("preview is true, false or left out.");
        }
        RestoreBody read = new RestoreBody(
                moment(map, "at"),
                moment(map, "from"),
                moment(map, "to"),
                text(map, "root"),
                text(map, "block"),
                text(map, "by"),
                text(map, "agent"),
                Boolean.TRUE.equals(preview));
        read.check();
        return read;
    }

    private void check() {
        if (at == null && from == null) {
            throw Refusal.bad("The body names a moment: at, or from and possibly to.");
        }
        if (at != null && (from != null || to != null)) {
            throw Refusal.bad("The body has either at, or from and possibly to.");
        }
        if (root != null && block != null) {
            throw Refusal.bad("The body has either root or block.");
        }
    }

    private static @Nullable Object moment(Map<?, ?> map, String key) {
        Object value = map.get(key);
        Long seq = Parameters.wholeNumber(value);
        if (seq != null) {
            return seq;
        }
        return value == null || value instanceof String
                ? text(map, key)
                : refuse(key + " is the number of a row, a time or a label.");
    }

    private static @Nullable String text(Map<?, ?> map, String key) {
        Object value = map.get(key);
        if (value == null) {
            return null;
        }
        return value instanceof String text && !text.isEmpty() && text.length() <= MAX_TEXT
                ? text
                : refuse(key + " is a string of 1 to " + MAX_TEXT + " characters.");
    }

    private static String refuse(String sentence) {
        throw Refusal.bad(sentence);
    }

    /**
     * Finds the rows of the moments. Waits for the database. With {@code by} or {@code agent}, {@code at} means the same
     * as {@code from}: the changes of that author since then.
     *
     * @param moments looks moments up
     * @param head the newest row
     * @throws HistoryGone if a row is beyond the newest
     */
    RestoreRequest rows(Moments moments, long roomId, long head) {
        boolean isState = from == null && by == null && agent == null;
        long first = row(from == null ? at : from, moments, roomId, head);
        long last = isState ? first : to == null ? head : row(to, moments, roomId, head);
        if (last < first) {
            throw Refusal.bad("to is before from.");
        }
        return new RestoreRequest(isState, first, last, root, block, by, agent);
    }

    private static long row(@Nullable Object moment, Moments moments, long roomId, long head) {
        long seq = moment instanceof Long number ? number : moments.seq(roomId, String.valueOf(moment));
        if (seq > head) {
            throw new Refusal(Status.NOT_FOUND, "There is no row " + seq + " yet: the newest is row " + head + ".");
        }
        return seq;
    }
}
