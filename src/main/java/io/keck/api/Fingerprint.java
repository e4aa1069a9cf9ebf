package io.keck.api;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a request is told apart by when it comes again under the same Idempotency-Key: method, path, query and body. Everything
 * that is to be part of this is put together in {@link #of}; a part that is added makes another {@link #KIND}.
 *
 * <p>The same request may be written in several ways, and a proxy between may write it in another than the client did: so
 * each character of path and query that needs no percent sign has none, all others have one, and the parameters of the
 * query are sorted by name. {@code consistency} is left out, since it only says how to read.
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
     * @param path as it came, without the part that all paths have
     * @param query as it came, or null
     * @param bodyDigest the SHA-256 of the body as it is without Content-Encoding
     */
    static String of(String method, String path, @Nullable String query, byte[] bodyDigest) {
        MessageDigest digest = sha256();
        for (String part : List.of(
                method, canonical(path, "/"), parameters(query), HexFormat.of().formatHex(bodyDigest))) {
            digest.update((part + "\n").getBytes(StandardCharsets.US_ASCII)); // no part has a line break
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
        // of several values of one parameter the order may count, so only names are compared
        parameters.sort(java.util.Comparator.comparing(parameter -> parameter.substring(0, parameter.indexOf('='))));
        return String.join("&", parameters);
    }

    /** The text with percent signs before all bytes but those of unreserved characters and the ones that are kept. */
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
