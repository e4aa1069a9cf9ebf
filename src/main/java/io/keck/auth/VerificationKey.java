package io.keck.auth;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import javax.crypto.spec.SecretKeySpec;
import org.jose4j.jwk.EllipticCurveJsonWebKey;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.OctetKeyPairJsonWebKey;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwk.RsaJsonWebKey;
import org.jspecify.annotations.Nullable;

/**
 * A key that verifies tokens. It has exactly one algorithm, so that no token can choose another one for it: an RSA key never
 * becomes the secret of an HMAC.
 *
 * @param id the id by which tokens name it; null if it has none
 */
record VerificationKey(@Nullable String id, String algorithm, Key key) {
    static final String HS256 = "HS256";
    static final String RS256 = "RS256";
    static final String ES256 = "ES256";
    static final String EDDSA = "EdDSA";

    /** The shortest secret of an HMAC, RFC 7518, section 3.2. */
    static final int MIN_SECRET_BYTES = 32;

    private static final int MIN_RSA_BITS = 2_048;
    private static final int P256_BITS = 256;
    private static final String BEGIN = "-----BEGIN PUBLIC KEY-----";
    private static final String END = "-----END PUBLIC KEY-----";

    /**
     * Creates a key from a shared secret.
     *
     * @throws IllegalArgumentException if it is too short
     */
    static VerificationKey ofSecret(@Nullable String id, String secret) {
        byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
        if (bytes.length < MIN_SECRET_BYTES) {
            throw new IllegalArgumentException("The secret of HS256 needs at least " + MIN_SECRET_BYTES
                    + " bytes, for example from: openssl rand -base64 32.");
        }
        return new VerificationKey(id, HS256, new SecretKeySpec(bytes, "HmacSHA256"));
    }

    /**
     * Creates a key from a public key in PEM ({@code BEGIN PUBLIC KEY}).
     *
     * @param algorithm RS256, ES256 or EdDSA
     * @throws IllegalArgumentException if it is not such a key, or too weak
     */
    static VerificationKey ofPem(@Nullable String id, String algorithm, String pem) {
        String type = switch (algorithm) {
            case RS256 -> "RSA";
            case ES256 -> "EC";
            case EDDSA -> "Ed25519";
            default ->
                throw new IllegalArgumentException("The algorithm of a key must be HS256, RS256, ES256 or EdDSA.");
        };
        String text = pem.strip();
        if (!text.startsWith(BEGIN) || !text.endsWith(END)) {
            throw new IllegalArgumentException("A public key must begin with " + BEGIN + ".");
        }
        try {
            byte[] der = Base64.getMimeDecoder().decode(text.substring(BEGIN.length(), text.length() - END.length()));
            Key key = KeyFactory.getInstance(type).generatePublic(new X509EncodedKeySpec(der));
            return checked(new VerificationKey(id, algorithm, key));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new IllegalArgumentException("A public key of " + algorithm + " cannot be read: " + reason(e));
        }
    }

    private static String reason(Exception e) {
        return e instanceof IllegalArgumentException && e.getMessage() != null
                ? e.getMessage()
                : "it is of another kind, or damaged.";
    }

    /** Converts a key of a JWKS; null if it is not for signatures that are supported. */
    static @Nullable VerificationKey of(JsonWebKey jwk) {
        if (jwk.getUse() != null && !jwk.getUse().equals("sig")) {
            return null;
        }
        if (jwk.getKeyOps() != null && !jwk.getKeyOps().contains("verify")) {
            return null;
        }
        String algorithm = algorithm(jwk);
        if (algorithm == null
                || (jwk.getAlgorithm() != null && !jwk.getAlgorithm().equals(algorithm))) {
            return null;
        }
        try {
            return checked(new VerificationKey(jwk.getKeyId(), algorithm, ((PublicJsonWebKey) jwk).getPublicKey()));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** Returns the algorithm for a kind of key. Symmetric keys are refused, since the server has published them. */
    private static @Nullable String algorithm(JsonWebKey jwk) {
        if (jwk instanceof RsaJsonWebKey) {
            return RS256;
        }
        if (jwk instanceof EllipticCurveJsonWebKey curve && "P-256".equals(curve.getCurveName())) {
            return ES256;
        }
        return jwk instanceof OctetKeyPairJsonWebKey okp && "Ed25519".equals(okp.getSubtype()) ? EDDSA : null;
    }

    private static VerificationKey checked(VerificationKey made) {
        Key key = made.key();
        if (key instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() < MIN_RSA_BITS) {
            throw new IllegalArgumentException("an RSA key needs at least " + MIN_RSA_BITS + " bits.");
        }
        if (key instanceof ECPublicKey ec
                && ec.getParams().getCurve().getField().getFieldSize() != P256_BITS) {
            throw new IllegalArgumentException("ES256 needs a key of the curve P-256.");
        }
        if (key instanceof EdECPublicKey ed && !ed.getParams().getName().equals("Ed25519")) {
            throw new IllegalArgumentException("EdDSA needs a key of the curve Ed25519.");
        }
        return made;
    }

    /** Leaves out the key, which may be a secret. */
    @Override
    public String toString() {
        return "VerificationKey[" + algorithm + "]";
    }
}
