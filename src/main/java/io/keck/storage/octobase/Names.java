package io.keck.storage.octobase;

/** Names out of a foreign database, fit for a terminal. */
final class Names {
    private Names() {}

    /** As a JSON string, whatever is in it. */
    static String quote(String name) {
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
            case Character.FORMAT -> Character.isBmpCodePoint(c); // those that turn the direction of the line
            default -> false;
        };
    }
}
