package io.keck.testing;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** JSON web tokens that are signed with a shared secret (HS256), as the back end of an application makes them. */
public final class Tokens {
    /** The secret of tokens that are made without one; for {@code KECK_JWT_SECRET} of the server. */
    public static final String SECRET = "another secret of tests with more than 32 bytes";

    private Tokens() {}

    /**
     * A token that is good for ten minutes and all documents.
     *
     * @param attributes a JSON object
     */
    public static String forAll(String subject, String role, String attributes) {
        return of(
                SECRET,
                subject,
                "{\"documents\":[{\"match\":\"*\",\"role\":\"" + role + "\"}],\"attributes\":" + attributes + "}");
    }

    /**
     * A token that is good for ten minutes.
     *
     * @param keck the claim of that name, a JSON object
     */
    public static String of(String secret, String subject, String keck) {
        long now = System.currentTimeMillis() / 1_000;
        String claims =
                "{\"sub\":\"" + subject + "\",\"iat\":" + now + ",\"exp\":" + (now + 600) + ",\"keck\":" + keck + "}";
        String signed = base64("{\"alg\":\"HS256\"}".getBytes(StandardCharsets.UTF_8)) + "."
                + base64(claims.getBytes(StandardCharsets.UTF_8));
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return signed + "." + base64(mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
