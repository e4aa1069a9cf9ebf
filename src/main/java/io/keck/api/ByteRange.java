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
    /** Larger than any blob, small enough to count with. */
    private static final int MOST_DIGITS = 18;

    /** What a {@code Range} header asks for. */
    enum Kind {
        /** Everything: there is none, it is not understood, or it has several ranges, which may be ignored. */
        WHOLE,
        /** One range that is there. */
        PART,
        /** A range that begins beyond the end. */
        UNSATISFIABLE
    }

    /**
     * An answer to a {@code Range} header.
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
     * Understands the header.
     *
     * @param header null when there is none
     * @param size of what is asked for, bytes
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
            return Asked.WHOLE; // no range at all
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
        // of nothing the last bytes are nothing, for which there is no Content-Range
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
