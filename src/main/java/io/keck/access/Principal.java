package io.keck.access;

import java.util.List;

/**
 * A person or a program, as rows of the log and the audit log name it.
 *
 * @param id stable and unique: the subject of a token, the user of a proxy, {@code key:} and the name of an API key
 * @param name to show to people; not unique
 */
public record Principal(String id, String name) {
    /** What the ids of API keys begin with. No other way in may use it. */
    public static final String KEY = "key:";
    /** The longest id or name, in UTF-16 code units. */
    public static final int MAX = 255;

    /** The principal of every request while access is open. */
    public static final Principal ANONYMOUS = new Principal("anonymous", "");

    /** As whom Keck writes by itself. */
    static final String SYSTEM = "system";

    private static final List<String> RESERVED = List.of(ANONYMOUS.id(), SYSTEM, Author.UNKNOWN);

    /**
     * Checks both.
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
     * One that is no API key, not {@link #ANONYMOUS} and none of the names that the log uses itself, whatever a foreign system
     * calls it.
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
