package io.keck.storage.octobase;

import io.keck.protocol.RoomName;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Names from a foreign database: quoted so that they are safe on a terminal, and turned into room names. */
public final class Names {
    /** The longest base of a suggested name, which leaves space for a number after it. */
    private static final int LONGEST = RoomName.MAX_CODE_POINTS - 8;

    private static final String UNNAMED = "unnamed";

    private Names() {}

    /** The name as a JSON string of printable characters. */
    public static String quote(String name) {
        StringBuilder out = new StringBuilder("\"");
        name.codePoints().forEach(c -> {
            if (c == '"' || c == '\\') {
                out.append('\\').append((char) c);
            } else if (isUnprintable(c)) {
                out.append(String.format("\\u%04x", c));
            } else {
                out.appendCodePoint(c);
            }
        });
        return out.append('"').toString();
    }

    private static boolean isUnprintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.SURROGATE, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
                true;
            case Character.FORMAT -> Character.isBmpCodePoint(c); // among them the controls of text direction
            default -> false;
        };
    }

    /**
     * Suggests a valid room name that resembles an invalid one.
     *
     * @param isTaken whether a name is already in use
     */
    public static String suggest(String name, Predicate<String> isTaken) {
        String base = base(name);
        String candidate = base;
        for (int n = 2; isTaken.test(candidate); n++) {
            candidate = base + "-" + n;
        }
        return candidate;
    }

    private static String base(String name) {
        StringBuilder good = new StringBuilder();
        name.codePoints()
                .limit(LONGEST)
                .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE ? '-' : c)
                .forEach(good::appendCodePoint);
        List<String> segments = new ArrayList<>();
        for (String segment : good.toString().split("/", -1)) {
            if (segment.equals(".") || segment.equals("..")) {
                segments.add(segment.replace(".", "dot"));
            } else if (!segment.isEmpty()) {
                segments.add(segment);
            }
        }
        String base = String.join("/", segments);
        if (RoomName.problem(base).isPresent()) {
            base = String.join("-", segments);
        }
        return RoomName.problem(base).isPresent() ? UNNAMED : base;
    }
}
