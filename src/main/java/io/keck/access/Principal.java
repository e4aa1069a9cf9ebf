package io.keck.access;

import java.util.List;

/**
 * A person or a program, as the log and the audit log record it.
 *
 * @param id stable and unique: the subject of a token, the user of a proxy, {@code key:} and the name of an API key
 * @param name a display name; not unique
 */
public record Principal(String id, String name) {
    /** The prefix of the ids of API keys. No other kind of credential may use it. */
    public static final String KEY = "key:";
    /** The longest id or name, in UTF-16 code units. */
    public static final int MAX = 255;

    /** The principal of every request while access is open. */
    public static final Principal ANONYMOUS = new Principal("anonymous", "");

    /** The principal of changes by Keck itself. */
    static final String SYSTEM = "system";

    private static final List<String> RESERVED = List.of(ANONYMOUS.id(), SYSTEM, Author.UNKNOWN);

    /**
     * Checks id and name.
     *
     * @throws IllegalArgumentException with a sentence, if one is too long or has control characters, or there is no id
     */
    public Principal {
        if (id.isBlank()) {
            throw new IllegalArgumentException("A principal has an id.");
        }
        check(id);
        check(name);
    }

    /**
     * Creates a principal from a foreign system, which must not be an API key, {@link #ANONYMOUS} or a name that the
     * log uses itself.
     *
     * @throws IllegalArgumentException also if the id is reserved
     */
    public static Principal foreign(String id, String name) {
        if (id.startsWith(KEY) || RESERVED.contains(id)) {
            throw new IllegalArgumentException("The id of a principal may not be " + String.join(", ", RESERVED)
                    + " or begin with " + KEY + ", which Keck uses itself.");
        }
        return new Principal(id, name);
    }

    private static void check(String text) {
        if (text.length() > MAX || text.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("The id and the name of a principal have " + MAX
                    + " characters at most, and no control characters.");
        }
    }
}
