package io.keck.api;

import io.keck.history.DocumentVersions;
import io.keck.history.HistoryReader;
import jakarta.ws.rs.core.Response.Status;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/**
 * Moments of a document as callers name them: the number of a row, a time (RFC 3339), or the label of a version.
 * Thread-safe; {@link #seq} waits for the database.
 */
final class Moments {
    /** The forms of a moment, for sentences. */
    static final String FORMS = "the number of a row, a time such as 2026-01-31T08:00:00Z, or the label of a version";

    private final HistoryReader reader;
    private final DocumentVersions versions;

    Moments(HistoryReader reader, DocumentVersions versions) {
        this.reader = reader;
        this.versions = versions;
    }

    /** Whether a text is read as the number of a row or as a time, and cannot be a label. */
    static boolean isReserved(String text) {
        return isNumber(text) || time(text) != null;
    }

    private static boolean isNumber(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private static @Nullable Instant time(String text) {
        // a plus that was not encoded arrives as a space
        String whole = text.length() > 6 && text.charAt(text.length() - 6) == ' '
                ? text.substring(0, text.length() - 6) + "+" + text.substring(text.length() - 5)
                : text;
        try {
            return OffsetDateTime.parse(whole).toInstant();
        } catch (DateTimeException e) {
            return null;
        }
    }

    /** Milliseconds since 1970; for a time that is too far away, the first or last that can be expressed. */
    static long millis(Instant time) {
        try {
            return time.toEpochMilli();
        } catch (ArithmeticException tooFar) {
            return time.isAfter(Instant.EPOCH) ? Long.MAX_VALUE : Long.MIN_VALUE;
        }
    }

    /**
     * Refuses a malformed moment before anything is looked up.
     *
     * @param name the name of the parameter
     */
    static void check(String name, @Nullable String moment) {
        if (moment != null && !isGood(moment)) {
            throw Refusal.bad(name + " is " + FORMS + ".");
        }
    }

    /** Whether a text can be a moment. */
    static boolean isGood(String moment) {
        return !moment.isEmpty() && moment.length() <= DocumentVersions.MAX_LABEL;
    }

    /**
     * Returns the row of a moment.
     *
     * @throws io.keck.failure.HistoryGone if the document at that time is no longer known
     */
    long seq(long roomId, String moment) {
        if (isNumber(moment)) {
            return Parameters.wholeNumber("a row", moment, 0);
        }
        Instant time = time(moment);
        if (time != null) {
            return reader.seqAt(roomId, millis(time));
        }
        return versions.labelled(roomId, moment)
                .orElseThrow(() -> new Refusal(
                        Status.NOT_FOUND, "The document has no version labelled " + Parameters.quoted(moment) + "."))
                .seq();
    }
}
