package io.keck.protocol;

import java.util.Optional;

/** What may be the name of a room: 1 to 255 code points without control characters or a slash, not "." or "..". */
public final class RoomName {
    /** The longest name, in code points. */
    public static final int MAX_CODE_POINTS = 255;

    private RoomName() {}

    /** What is wrong with a name, as a sentence; empty when it is a good one. */
    public static Optional<String> problem(String name) {
        int points = name.codePointCount(0, name.length());
        if (points == 0) {
            return Optional.of("The room name is empty.");
        }
        if (points > MAX_CODE_POINTS) {
            return Optional.of("The room name is longer than " + MAX_CODE_POINTS + " characters.");
        }
        if (name.equals(".") || name.equals("..")) {
            return Optional.of("A room cannot be named \".\" or \"..\".");
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (Character.isISOControl(c)) {
                return Optional.of("The room name contains a control character.");
            }
            if (c == '/') {
                return Optional.of("The room name contains a slash.");
            }
            if (Character.isSurrogate(c)) {
                boolean pair = Character.isHighSurrogate(c)
                        && i + 1 < name.length()
                        && Character.isLowSurrogate(name.charAt(i + 1));
                if (!pair) {
                    return Optional.of("The room name is not valid Unicode.");
                }
                i++;
            }
        }
        return Optional.empty();
    }
}
