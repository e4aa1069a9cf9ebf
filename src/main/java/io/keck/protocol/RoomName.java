package io.keck.protocol;

import java.text.Normalizer;
import java.util.Optional;

/**
 * The rules for room names: 1 to 255 code points without control characters (C0, DEL, C1). A name may contain slashes, but
 * no empty segment and no segment "." or "..", so that it means the same as a path, a file name and a part of a URL. Names
 * of new rooms must also satisfy {@link #problemOfNew}. Names are compared code point by code point.
 */
public final class RoomName {
    /** The greatest length of a name, in code points. */
    public static final int MAX_CODE_POINTS = 255;

    private RoomName() {}

    /** The rule that a name breaks, as a sentence; empty if the name is valid. */
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
     * The rule that the name of a new room breaks beyond {@link #problem}, as a sentence; empty if there is none. Names that
     * look the same must be the same (NFC, Unicode standard annex 15), and a name must not rearrange the line that contains
     * it (bidirectional controls, annex 9; line and paragraph separators). The joiners U+200C and U+200D are allowed,
     * because many scripts and emoji need them. Existing rooms with other names stay reachable.
     */
    public static Optional<String> problemOfNew(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (rearranges(name.charAt(i))) {
                return Optional.of("The name of a new document contains a line separator or a control character of"
                        + " text direction.");
            }
        }
        return Normalizer.isNormalized(name, Normalizer.Form.NFC)
                ? Optional.empty()
                : Optional.of("The name of a new document must be in Unicode normalization form C (NFC).");
    }

    /** Whether a character changes the order or the lines of the surrounding text. All such characters are below U+10000. */
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
