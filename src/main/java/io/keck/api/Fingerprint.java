package io.keck.api;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The digest that identifies a request under an Idempotency-Key: method, path, query and body. {@link #of} combines all
 * parts; adding a part requires a new {@link #KIND}.
 *
 * <p>The same request can be written in several ways, and a proxy may rewrite it. The digest therefore uses a canonical
 * form: unreserved characters of path and query are decoded, all others are percent-encoded, and the query's parameters
 * are sorted by name. {@code consistency} is left out, because it only concerns reading.
 */
final class Fingerprint {
    /** Method, path, query, body. */
    private static final String KIND = "1";

    private static final String UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    private static final HexFormat UPPER = HexFormat.of().withUpperCase();

    private Fingerprint() {}

    /**
     * The fingerprint of a request.
     *
     * @param path the path as received, without the common prefix
     * @param query the query as received, or null
     * @param bodyDigest the SHA-256 of the decoded body
     */
    static String of(String method, String path, @Nullable String query, byte[] bodyDigest) {
        MessageDigest digest = sha256();
        for (String part : List.of(
                method, canonical(path, "/"), parameters(query), HexFormat.of().formatHex(bodyDigest))) {
            digest.update((part + "\n").getBytes(StandardCharsets.US_ASCII)); // no part contains a line break
        }
        return KIND + " " + HexFormat.of().formatHex(digest.digest());
    }

    private static String parameters(@Nullable String query) {
        List<String> parameters = new ArrayList<>();
        for (String parameter : query == null || query.isEmpty() ? new String[0] : query.split("&", -1)) {
            String[] pair = parameter.replace('+', ' ').split("=", 2);
            String name = canonical(pair[0], "");
            if (!name.equals("consistency")) {
                parameters.add(name + "=" + (pair.length == 1 ? "" : canonical(pair[1], "")));
            }
        }
        // sorted by name only, because the order of several values of one parameter may matter
        parameters.sort(java.util.Comparator.comparing(parameter -> parameter.substring(0, parameter.indexOf('='))));
        return String.join("&", parameters);
    }

    /** Percent-encodes all bytes except unreserved characters and those in {@code kept}. */
    private static String canonical(String text, String kept) {
        byte[] raw = text.getBytes(StandardCharsets.UTF_8);
        StringBuilder out = new StringBuilder(raw.length);
        for (int i = 0; i < raw.length; i++) {
            int high = raw[i] == '%' && i + 2 < raw.length ? Character.digit(raw[i + 1], 16) : -1;
            int low = high < 0 ? -1 : Character.digit(raw[i + 2], 16);
            if (low >= 0) {
                append(out, high << 4 | low, "");
                i += 2;
            } else {
                append(out, raw[i] & 0xff, kept);
            }
        }
        return out.toString();
    }

    private static void append(StringBuilder out, int b, String kept) {
        if (UNRESERVED.indexOf(b) >= 0 || kept.indexOf(b) >= 0) {
            out.append((char) b);
        } else {
            out.append('%').append(UPPER.toHexDigits((byte) b));
        }
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
