package io.keck.access;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * Rights on all documents whose name matches a pattern.
 *
 * @param match a name, or the beginning of names followed by {@code *}, which stands for any characters, slashes too.
 *     Names are compared as they are written, code unit by code unit
 * @param rights unmodifiable
 */
public record Rule(String match, Set<Right> rights) {
    /** The longest pattern, in UTF-16 code units. */
    public static final int MAX_MATCH = 1_024;

    /**
     * Checks the pattern.
     *
     * @throws IllegalArgumentException with a sentence about what is wrong, without the pattern itself
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

    /** What names must begin with. */
    String prefix() {
        return match.substring(0, match.length() - 1);
    }
}
