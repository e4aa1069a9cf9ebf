package io.keck.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.keck.access.Fault;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Keys of an identity provider, from a stand-in that signs real tokens. */
class JwksKeysTest {
    private final StandIn provider = new StandIn();
    private final AtomicLong steady = new AtomicLong(1_000_000);
    private final JwksKeys keys =
            new JwksKeys(provider.uri("/keys"), "", new BoundedHttp(2_000, 64 << 10), Runnable::run, steady::get);
    private final AuthWorld world = new AuthWorld(AuthWorld.ways(AuthWorld.verifier(keys), null, null));

    @AfterEach
    void close() {
        provider.close();
    }

    private static byte[] unsigned(BigInteger number, int length) {
        byte[] bytes = number.toByteArray();
        int from = Math.max(0, bytes.length - length);
        byte[] tail = Arrays.copyOfRange(bytes, from, bytes.length);
        byte[] padded = new byte[length];
        System.arraycopy(tail, 0, padded, length - tail.length, tail.length);
        return padded;
    }

    static String jwk(String kid, KeyPair pair) {
        String head = "{\"kid\":\"" + kid + "\",\"use\":\"sig\",";
        if (pair.getPublic() instanceof RSAPublicKey rsa) {
            int length = rsa.getModulus().bitLength() / 8;
            return head + "\"kty\":\"RSA\",\"n\":\"" + TokenForge.base64(unsigned(rsa.getModulus(), length))
                    + "\",\"e\":\"AQAB\"}";
        }
        if (pair.getPublic() instanceof ECPublicKey ec) {
            return head + "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\""
                    + TokenForge.base64(unsigned(ec.getW().getAffineX(), 32)) + "\",\"y\":\""
                    + TokenForge.base64(unsigned(ec.getW().getAffineY(), 32)) + "\"}";
        }
        byte[] der = ((EdECPublicKey) pair.getPublic()).getEncoded();
        return head + "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\""
                + TokenForge.base64(Arrays.copyOfRange(der, der.length - 32, der.length)) + "\"}";
    }

    static String set(String... jwks) {
        return "{\"keys\":[" + String.join(",", jwks) + "]}";
    }

    private void publish(String... jwks) {
        provider.answers = path -> new StandIn.Answer(200, set(jwks));
    }

    private String token(String algorithm, String kid, KeyPair pair) {
        return TokenForge.signed(TokenForge.header(algorithm, kid), world.claims(), pair.getPrivate());
    }

    @Test
    void keysOfAllKinds_areTakenAndKept() {
        publish(jwk("r", TokenForge.RSA), jwk("e", TokenForge.EC), jwk("d", TokenForge.ED));
        assertNull(world.fault(token("RS256", "r", TokenForge.RSA)));
        assertNull(world.fault(token("ES256", "e", TokenForge.EC)));
        assertNull(world.fault(token("EdDSA", "d", TokenForge.ED)));
        assertEquals(1, provider.asked.size(), "one fetch serves all");
    }

    @Test
    void newKey_worksFromItsFirstTokenOn() {
        publish(jwk("old", TokenForge.RSA));
        assertNull(world.fault(token("RS256", "old", TokenForge.RSA)));
        publish(jwk("old", TokenForge.RSA), jwk("new", TokenForge.OTHER_RSA));
        steady.addAndGet(10_001);
        assertNull(world.fault(token("RS256", "new", TokenForge.OTHER_RSA)));
    }

    @Test
    void unknownKeys_areAskedForSeldom() {
        publish(jwk("r", TokenForge.RSA));
        for (int i = 0; i < 10; i++) {
            assertEquals(Fault.BAD, world.fault(token("RS256", "made-up-" + i, TokenForge.OTHER_RSA)));
        }
        assertEquals(1, provider.asked.size());
    }

    @Test
    void withdrawnKey_endsItsCachedTokens() {
        publish(jwk("r", TokenForge.RSA), jwk("e", TokenForge.EC));
        String token = token("RS256", "r", TokenForge.RSA);
        assertNull(world.fault(token));
        publish(jwk("e", TokenForge.EC));
        steady.addAndGet(600_001);
        assertNull(world.fault(token("ES256", "e", TokenForge.EC))); // fetches
        assertEquals(Fault.BAD, world.fault(token));
    }

    @Test
    void providerThatFails_keepsTheKnownKeys() {
        publish(jwk("r", TokenForge.RSA));
        assertNull(world.fault(token("RS256", "r", TokenForge.RSA)));
        provider.answers = path -> new StandIn.Answer(500, "");
        steady.addAndGet(600_001);
        assertNull(world.fault(TokenForge.signed(
                TokenForge.header("RS256", "r"), world.claims("\"jti\":\"2\""), TokenForge.RSA.getPrivate())));
        steady.addAndGet(13 * 3_600_000L);
        assertEquals(
                Fault.UNAVAILABLE,
                world.fault(TokenForge.signed(
                        TokenForge.header("RS256", "r"), world.claims("\"jti\":\"3\""), TokenForge.RSA.getPrivate())),
                "but not for ever");
    }

    @Test
    void providerThatNeverAnswered_refusesAsUnavailable() {
        for (StandIn.Answer answer : new StandIn.Answer[] {
            new StandIn.Answer(500, ""),
            new StandIn.Answer(302, ""),
            new StandIn.Answer(200, "[]"),
            new StandIn.Answer(200, "{\"keys\":[]}"),
            new StandIn.Answer(200, "x".repeat(65 << 10)),
        }) {
            provider.answers = path -> answer;
            steady.addAndGet(10_001);
            assertEquals(Fault.UNAVAILABLE, world.fault(token("RS256", "r", TokenForge.RSA)));
        }
    }

    /** A secret that is published, a key for encryption, and a key that names another algorithm. */
    @Test
    void unfitKeys_areLeftOut() {
        String secret = TokenForge.base64(TokenForge.SECRET);
        publish(
                "{\"kid\":\"s\",\"kty\":\"oct\",\"k\":\"" + secret + "\",\"alg\":\"HS256\"}",
                jwk("enc", TokenForge.RSA).replace("\"sig\"", "\"enc\""),
                jwk("ps", TokenForge.RSA).replace("\"kty\"", "\"alg\":\"PS256\",\"kty\""),
                jwk("good", TokenForge.EC));
        String byPublishedSecret = TokenForge.hmac(
                TokenForge.header("HS256", "s"),
                world.claims(),
                TokenForge.SECRET.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertEquals(Fault.BAD, world.fault(byPublishedSecret));
        assertEquals(Fault.BAD, world.fault(token("RS256", "enc", TokenForge.RSA)));
        assertEquals(Fault.BAD, world.fault(token("RS256", "ps", TokenForge.RSA)));
        assertNull(world.fault(token("ES256", "good", TokenForge.EC)));
    }

    @Test
    void discovery_findsTheKeysOfItsIssuerOnly() throws Exception {
        String issuer = provider.uri("/realm").toString();
        JwksKeys found = new JwksKeys(
                provider.uri("/realm"), issuer, new BoundedHttp(2_000, 64 << 10), Runnable::run, steady::get);
        String[] named = {issuer};
        provider.answers = path -> path.equals("/realm/.well-known/openid-configuration")
                ? new StandIn.Answer(
                        200, "{\"issuer\":\"" + named[0] + "\",\"jwks_uri\":\"" + provider.uri("/k") + "\"}")
                : new StandIn.Answer(200, set(jwk("r", TokenForge.RSA)));
        assertEquals(1, found.find("RS256", "r").size());
        assertTrue(provider.asked.get(1).startsWith("/k"));
        JwksKeys other = new JwksKeys(
                provider.uri("/realm"), issuer, new BoundedHttp(2_000, 64 << 10), Runnable::run, steady::get);
        named[0] = "https://evil.example";
        AuthWorld refusing = new AuthWorld(AuthWorld.ways(AuthWorld.verifier(other), null, null));
        assertEquals(Fault.UNAVAILABLE, refusing.fault(token("RS256", "r", TokenForge.RSA)));
    }
}
