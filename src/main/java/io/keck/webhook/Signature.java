package io.keck.webhook;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Signs deliveries with a secret: HMAC-SHA256 of {@code id.timestamp.body}. A secret that begins with {@code whsec_}
 * continues in base64; any other secret is used as it is, in UTF-8. Source: Standard Webhooks 1.0. Thread-safe.
 */
final class Signature {
    private static final String PREFIX = "whsec_";
    private static final String ALGORITHM = "HmacSHA256";

    private final SecretKeySpec key;

    private Signature(byte[] secret) {
        key = new SecretKeySpec(secret, ALGORITHM);
    }

    /**
     * Creates the signature for a secret; null if there is no secret. No character is left out, not even a space at an
     * end.
     *
     * @throws IllegalArgumentException if the secret is blank, is not base64 after {@code whsec_}, or is empty after it
     */
    static @Nullable Signature of(@Nullable String secret) {
        if (secret == null || secret.isEmpty()) {
            return null;
        }
        if (secret.isBlank()) {
            throw new IllegalArgumentException("The secret consists of spaces only.");
        }
        return new Signature(
                secret.startsWith(PREFIX)
                        ? Base64.getDecoder()
                                .decode(secret.substring(PREFIX.length()).strip())
                        : secret.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * The value of the header {@code webhook-signature}.
     *
     * @param timestamp seconds since 1970
     */
    String sign(String id, long timestamp, byte[] body) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
            return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every Java runtime has HMAC-SHA256
        }
    }
}
