package io.keck.access;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * Rights on all documents whose name matches a pattern.
 *
 * @param match a name, or a prefix followed by {@code *}, which stands for any characters including slashes. Names are
 *     compared code unit by code unit
 * @param rights unmodifiable
 */
public record Rule(String match, Set<Right> rights) {
    /** The longest pattern, in UTF-16 code units. */
    public static final int MAX_MATCH = 1_024;

    /**
     * Checks the pattern.
     *
     * @throws IllegalArgumentException with a sentence that does not contain the pattern
     */
    public Rule {
        int star = match.indexOf('*');
        if (match.isEmpty() || match.length() > MAX_MATCH) {
            throw new IllegalArgumentException("A match has 1 to " + MAX_MATCH + " characters.");
        }
        if (star >= 0 && star < match.length() - 1) {
            throw new IllegalArgumentException("A match may have a * only as its last character.");
        }
        EnumSet<Right> copy = EnumSet.noneOf(Right.class);
        copy.addAll(rights);
        rights = Collections.unmodifiableSet(copy);
    }

    boolean isPrefix() {
        return match.endsWith("*");
    }

    /** The prefix of matching names. */
    String prefix() {
        return match.substring(0, match.length() - 1);
    }
}
