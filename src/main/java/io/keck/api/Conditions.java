package io.keck.api;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The conditional headers of a request for immutable content (RFC 9110, section 13). Beyond the RFC an entity tag may
 * lack its quotes, as clients of OctoBase's Keck send it.
 */
final class Conditions {
    private static final DateTimeFormatter HTTP_DATE =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH);

    private final Function<String, @Nullable String> header;
    private final String tag;
    private final long modifiedSeconds;

    /**
     * @param header returns a header of the request by name, or null if it is missing
     * @param tag the entity tag, without quotes
     * @param modifiedMillis the time of creation in milliseconds since 1970
     */
    Conditions(Function<String, @Nullable String> header, String tag, long modifiedMillis) {
        this.header = header;
        this.tag = tag;
        this.modifiedSeconds = Math.floorDiv(modifiedMillis, 1_000L);
    }

    /** Formats a time as an HTTP date. */
    static String date(long millis) {
        return HTTP_DATE.format(ZonedDateTime.ofInstant(Instant.ofEpochMilli(millis), ZoneOffset.UTC));
    }

    /** Whether a precondition fails: 412. */
    boolean failed() {
        String match = header.apply("If-Match");
        if (match != null) {
            return !names(match, false);
        }
        return dateOf("If-Unmodified-Since").map(s -> modifiedSeconds > s).orElse(false);
    }

    /** Whether the client has the content already: 304. */
    boolean notModified() {
        String noneMatch = header.apply("If-None-Match");
        if (noneMatch != null) {
            return names(noneMatch, true);
        }
        return dateOf("If-Modified-Since").map(s -> modifiedSeconds <= s).orElse(false);
    }

    /** Whether a {@code Range} applies: there is no {@code If-Range}, or it matches. */
    boolean rangeCounts() {
        String ifRange = header.apply("If-Range");
        if (ifRange == null) {
            return true;
        }
        return isTag(ifRange.strip(), false)
                || parseDate(ifRange).map(s -> s == modifiedSeconds).orElse(false);
    }

    /**
     * Whether a list of entity tags contains this one. Keck's tags have no commas, so splitting foreign tags at commas
     * is harmless.
     */
    private boolean names(String list, boolean weakIsEnough) {
        if (list.strip().equals("*")) {
            return true;
        }
        for (String each : list.split(",", -1)) {
            if (isTag(each.strip(), weakIsEnough)) {
                return true;
            }
        }
        return false;
    }

    private boolean isTag(String given, boolean weakIsEnough) {
        String t = weakIsEnough && given.startsWith("W/") ? given.substring(2) : given;
        return t.equals(tag) || t.equals('"' + tag + '"');
    }

    private Optional<Long> dateOf(String name) {
        String value = header.apply(name);
        return value == null ? Optional.empty() : parseDate(value);
    }

    /** Parses a date to seconds since 1970; empty for an invalid date, which is ignored. */
    private static Optional<Long> parseDate(String value) {
        try {
            return Optional.of(ZonedDateTime.parse(value.strip(), DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toEpochSecond());
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
