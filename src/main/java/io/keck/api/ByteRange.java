package io.keck.api;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A single range of bytes (RFC 9110, section 14).
 *
 * @param first the first byte, from 0 on
 * @param last the last byte, not before the first
 */
record ByteRange(long first, long last) {
    private static final Pattern SINGLE = Pattern.compile("(?i)bytes\\s*=\\s*(\\d*)-(\\d*)\\s*");
    /** Numbers of this many digits exceed any blob and fit a long. */
    private static final int MOST_DIGITS = 18;

    /** The meaning of a {@code Range} header. */
    enum Kind {
        /** Send everything: there is no header, or it is malformed, or it has several ranges and so may be ignored. */
        WHOLE,
        /** Send one range. */
        PART,
        /** A range that begins beyond the end. */
        UNSATISFIABLE
    }

    /**
     * The result of parsing a {@code Range} header.
     *
     * @param kind what to send
     * @param range set for a part
     */
    record Asked(Kind kind, @Nullable ByteRange range) {
        private static final Asked WHOLE = new Asked(Kind.WHOLE, null);
        private static final Asked UNSATISFIABLE = new Asked(Kind.UNSATISFIABLE, null);
    }

    long length() {
        return last - first + 1;
    }

    /**
     * Parses the header.
     *
     * @param header null if there is none
     * @param size the size of the requested blob in bytes
     */
    static Asked parse(@Nullable String header, long size) {
        Matcher m = header == null ? null : SINGLE.matcher(header.strip());
        if (m == null || !m.matches()) {
            return Asked.WHOLE;
        }
        Optional<Long> first = number(m.group(1));
        Optional<Long> last = number(m.group(2));
        if (first.isEmpty()) {
            return last.map(n -> suffix(n, size)).orElse(Asked.WHOLE);
        }
        long from = first.get();
        if (last.isPresent() && last.get() < from) {
            return Asked.WHOLE; // not a range
        }
        if (from >= size) {
            return Asked.UNSATISFIABLE;
        }
        return part(from, Math.min(last.orElse(Long.MAX_VALUE), size - 1));
    }

    private static Asked suffix(long length, long size) {
        if (length == 0) {
            return Asked.UNSATISFIABLE;
        }
        // a suffix of an empty blob is empty, which Content-Range cannot express
        return size == 0 ? Asked.WHOLE : part(Math.max(0, size - length), size - 1);
    }

    private static Asked part(long first, long last) {
        return new Asked(Kind.PART, new ByteRange(first, last));
    }

    private static Optional<Long> number(String digits) {
        if (digits.isEmpty()) {
            return Optional.empty();
        }
        String significant = digits.replaceFirst("^0+(?=.)", "");
        return Optional.of(significant.length() > MOST_DIGITS ? Long.MAX_VALUE : Long.parseLong(significant));
    }
}
