package io.keck.protocol;

import java.util.Optional;

/**
 * The rule for room names: 1 to 255 code points without control characters (C0, DEL, C1). A name may contain slashes, but
 * no empty segment and no "." or ".." as one, so a name means the same as a path, a file name or a part of a URL.
 */
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
        Optional<String> character = characterProblem(name);
        return character.isPresent() ? character : segmentProblem(name);
    }

    private static Optional<String> characterProblem(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (Character.isISOControl(c)) {
                return Optional.of("The room name contains a control character.");
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

    private static Optional<String> segmentProblem(String name) {
        for (String segment : name.split("/", -1)) {
            if (segment.isEmpty()) {
                return Optional.of(
                        "The room name has an empty segment: it begins or ends with a slash, or two slashes follow"
                                + " each other.");
            }
            if (segment.equals(".") || segment.equals("..")) {
                return Optional.of("The room name has \".\" or \"..\" as a segment.");
            }
        }
        return Optional.empty();
    }
}
