package io.keck.access;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Names that follow each other in the order of their code points, which is also the order of their bytes in UTF-8 and
 * the order of the databases. Immutable.
 *
 * @param from the first name
 * @param to the end, which is not included; null for all names that follow
 */
public record NameRange(String from, @Nullable String to) {
    /** Compares names by code points; {@link String#compareTo} places those beyond U+FFFF elsewhere. */
    public static final Comparator<String> ORDER = NameRange::compare;

    /** Every name. */
    public static final NameRange ALL = new NameRange("", null);

    /** The lowest character that a name may contain, so nothing lies between a name and the same with this one added. */
    private static final String LOWEST = " ";

    private static int compare(String a, String b) {
        int most = Math.min(a.length(), b.length());
        for (int i = 0; i < most; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x != y) {
                // surrogates stand for code points above all others
                boolean isHigh = Character.isSurrogate(x);
                return isHigh == Character.isSurrogate(y) ? Character.compare(x, y) : isHigh ? 1 : -1;
            }
        }
        return Integer.compare(a.length(), b.length());
    }

    /** The names with a prefix. */
    public static NameRange of(String prefix) {
        return new NameRange(prefix, after(prefix));
    }

    /** One name. */
    static NameRange only(String name) {
        return new NameRange(name, name + LOWEST);
    }

    /** The first text after all that begin with a prefix; null if there is none. */
    private static @Nullable String after(String prefix) {
        int end = prefix.length();
        while (end > 0) {
            int last = prefix.codePointBefore(end);
            end -= Character.charCount(last);
            if (last < Character.MAX_CODE_POINT) {
                int next = last + 1 == Character.MIN_SURROGATE ? Character.MAX_SURROGATE + 1 : last + 1;
                return prefix.substring(0, end) + Character.toString(next);
            }
        }
        return null;
    }

    /** Whether a name is in this range. */
    public boolean contains(String name) {
        return compare(name, from) >= 0 && (to == null || compare(name, to) < 0);
    }

    /** The part of this range that is also in another; null if there is none. */
    public @Nullable NameRange within(NameRange other) {
        String begin = compare(from, other.from) >= 0 ? from : other.from;
        String end = to == null || (other.to != null && compare(other.to, to) < 0) ? other.to : to;
        return end == null || compare(begin, end) < 0 ? new NameRange(begin, end) : null;
    }

    /**
     * The ranges that together hold every name with a right by these patterns or names, in order and without overlaps.
     * A name in one of them may still lack the right, if a rule for exactly this name takes it away.
     *
     * @param patterns rules for prefixes, of which the longest counts
     * @param exact names with the right
     */
    static List<NameRange> of(List<Rule> patterns, Collection<String> exact, Right right) {
        TreeSet<String> ends = new TreeSet<>(ORDER);
        for (Rule rule : patterns) {
            if (isWellFormed(rule.prefix())) {
                NameRange names = of(rule.prefix());
                ends.add(names.from);
                if (names.to != null) {
                    ends.add(names.to);
                }
            }
        }
        TreeSet<String> names = new TreeSet<>(ORDER);
        exact.stream().filter(NameRange::isWellFormed).forEach(names::add);
        List<NameRange> ranges = new ArrayList<>();
        for (String from : ends) {
            // between two ends all names have the same prefixes
            if (has(patterns, from, right)) {
                String to = ends.higher(from);
                add(ranges, new NameRange(from, to));
                (to == null ? names.tailSet(from, true) : names.subSet(from, true, to, false)).clear();
            }
        }
        names.forEach(name -> ranges.add(only(name)));
        ranges.sort(Comparator.comparing(NameRange::from, ORDER));
        return ranges;
    }

    private static void add(List<NameRange> ranges, NameRange next) {
        NameRange last = ranges.isEmpty() ? null : ranges.get(ranges.size() - 1);
        if (last != null && next.from.equals(last.to)) {
            ranges.set(ranges.size() - 1, new NameRange(last.from, next.to));
        } else {
            ranges.add(next);
        }
    }

    private static boolean has(List<Rule> longestFirst, String name, Right right) {
        for (Rule rule : longestFirst) {
            if (name.startsWith(rule.prefix())) {
                return rule.rights().contains(right);
            }
        }
        return false;
    }

    /** Whether a name can have these characters; a pattern with others matches none. */
    private static boolean isWellFormed(String text) {
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            int c = text.codePointAt(i);
            if (Character.isISOControl(c) || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
                return false;
            }
        }
        return true;
    }
}
