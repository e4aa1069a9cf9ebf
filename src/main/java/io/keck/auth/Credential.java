package io.keck.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;

/** A secret that a request presents. Its text form does not contain the secret. */
final class Credential {
    /** The longest credential, in characters. */
    static final int MAX = 8_192;

    private final Carrier carrier;
    private final String text;

    Credential(Carrier carrier, String text) {
        this.carrier = carrier;
        this.text = text;
    }

    Carrier carrier() {
        return carrier;
    }

    String text() {
        return text;
    }

    /** Returns the SHA-256 of the text in base64url. It may be stored and compared, and does not reveal the text. */
    String hash() {
        return hash(text);
    }

    static String hash(String text) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(Digests.sha256(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** Compares two texts in a time that does not depend on where they differ. */
    static boolean same(String one, String other) {
        return MessageDigest.isEqual(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return "Credential[" + carrier + "]";
    }
}
