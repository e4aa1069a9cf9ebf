package io.keck.api;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** The text of request targets, as clients send them. Stateless. */
final class UriText {
    private static final HexFormat UPPER = HexFormat.of().withUpperCase();
    private static final String ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    /** RFC 3986, section 3.3, and the slashes between segments. */
    static final String IN_PATH = ALNUM + "-._~!$&'()*+,;=:@/";

    /** RFC 3986, section 3.4. */
    static final String IN_QUERY = IN_PATH + "?";

    /** Of {@code /api/block/{workspace}/}, {@code /api/blobs/{workspace}/} and {@code /api/workspace/{workspace}/}. */
    private static final int SLASHES_BEFORE_KEYS = 4;

    private UriText() {}

    /**
     * The target with {@code %25} for each percent sign that begins no escape, behind the name of a workspace in a path below
     * {@code /api/}. The name itself has to be encoded well, since two names must not mean one document.
     */
    static String withoutStrayPercents(String target) {
        if (target.indexOf('%') < 0 || !target.startsWith("/api/")) {
            return target;
        }
        int query = target.indexOf('?');
        int end = query < 0 ? target.length() : query;
        StringBuilder out = new StringBuilder(target.length() + 8);
        int slashes = 0;
        for (int i = 0; i < target.length(); i++) {
            char c = target.charAt(i);
            out.append(c);
            slashes += c == '/' && i < end ? 1 : 0;
            if (c == '%' && i < end && slashes >= SLASHES_BEFORE_KEYS && !isEscape(target, i)) {
                out.append("25");
            }
        }
        return out.toString();
    }

    /** Whether an escape begins there. */
    private static boolean isEscape(String text, int at) {
        return text.charAt(at) == '%'
                && at + 2 < text.length()
                && Character.digit(text.charAt(at + 1), 16) >= 0
                && Character.digit(text.charAt(at + 2), 16) >= 0;
    }

    /** The text with all that is neither allowed nor an escape encoded. */
    static String encoded(String text, String allowed) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            if (allowed.indexOf(c) >= 0 || isEscape(text, i)) {
                out.append((char) c);
            } else {
                for (byte b : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
                    out.append('%').append(UPPER.toHexDigits(b));
                }
            }
            i += Character.charCount(c);
        }
        return out.toString();
    }
}
