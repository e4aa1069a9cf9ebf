package io.keck.protocol;

import java.text.Normalizer;
import java.util.Optional;

/**
 * The rule for room names: 1 to 255 code points without control characters (C0, DEL, C1). A name may contain slashes, but
 * no empty segment and no "." or ".." as one, so a name means the same as a path, a file name or a part of a URL. Names of
 * new rooms have to fulfil {@link #problemOfNew} as well. Names are compared as they are written.
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

    /**
     * What is wrong with a name for a room that is not there yet, beside {@link #problem}: two names that look the same have
     * to be the same (NFC of the Unicode standard, annex 15), and a name must not rearrange the line in which it stands
     * (bidirectional controls, annex 9; line and paragraph separators). The joiners U+200C and U+200D are letters' parts in many
     * scripts and emoji, and allowed. A room that is there is reached by its name as it was written.
     */
    public static Optional<String> problemOfNew(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (rearranges(name.charAt(i))) {
                return Optional.of("The name of a new document contains a line separator or a control character for"
                        + " the direction of text.");
            }
        }
        return Normalizer.isNormalized(name, Normalizer.Form.NFC)
                ? Optional.empty()
                : Optional.of("The name of a new document has to be in Unicode normalization form C (NFC).");
    }

    /** Whether a character changes the order or the lines of the text around it. All of them are below U+10000. */
    private static boolean rearranges(char c) {
        return c == '\u061c'
                || c == '\u200e'
                || c == '\u200f'
                || (c >= '\u2028' && c <= '\u202e')
                || (c >= '\u2066' && c <= '\u2069');
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
