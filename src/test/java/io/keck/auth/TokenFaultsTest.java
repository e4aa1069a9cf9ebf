package io.keck.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.keck.access.Caller;
import io.keck.access.Fault;
import io.keck.access.Revocation;
import io.keck.access.Right;
import java.nio.charset.StandardCharsets;
import java.security.PrivateKey;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every fault a token can have, on every algorithm: only what is good passes. */
class TokenFaultsTest {
    private final AuthWorld world = AuthWorld.withJwt();

    private static PrivateKey key(String kid) {
        return switch (kid) {
            case "rsa" -> TokenForge.RSA.getPrivate();
            case "ec" -> TokenForge.EC.getPrivate();
            default -> TokenForge.ED.getPrivate();
        };
    }

    private static String token(String algorithm, String kid, String claims) {
        return algorithm.equals("HS256")
                ? TokenForge.hmac(claims)
                : TokenForge.signed(TokenForge.header(algorithm, kid), claims, key(kid));
    }

    @ParameterizedTest
    @CsvSource({"HS256,", "RS256,rsa", "ES256,ec", "EdDSA,ed"})
    void goodToken_getsTheRightsOfItsRules(String algorithm, String kid) throws Exception {
        Caller caller = world.find(token(algorithm, kid, world.claims("\"jti\":\"t-1\"")), "team-1/board");
        assertEquals("alice", caller.principal().id());
        assertEquals("Alice", caller.principal().name());
        assertEquals("t-1", caller.tokenId());
        assertTrue(caller.on("team-1/board").allows(Right.WRITE));
        assertEquals(Set.of(), caller.on("team-2/board").rights());
        assertEquals(Set.of(), caller.onServer());
        assertEquals(AuthWorld.START + 600_000 + AuthWorld.SKEW, caller.expiresAt());
    }

    /** Claims with one fault each, and what it is called. */
    private Map<String, Object[]> faultyClaims() {
        long s = AuthWorld.START / 1_000;
        String good = world.claims();
        Map<String, Object[]> faults = new LinkedHashMap<>();
        faults.put("expired", f(good.replace("\"exp\":" + (s + 600), "\"exp\":" + (s - 31)), Fault.EXPIRED));
        faults.put("issued later", f(good.replace("\"iat\":" + s, "\"iat\":" + (s + 31)), Fault.NOT_YET));
        faults.put("not before", f(world.claims("\"nbf\":" + (s + 31)), Fault.NOT_YET));
        faults.put(
                "no end",
                f(good.replace("\"exp\":" + (s + 600) + ",", "").replace("\"iat\":" + s + ",", ""), Fault.BAD));
        faults.put(
                "old without an end",
                f(
                        good.replace("\"exp\":" + (s + 600) + ",", "").replace("\"iat\":" + s, "\"iat\":" + (s - 931)),
                        Fault.EXPIRED));
        faults.put("end is text", f(good.replace("\"exp\":" + (s + 600), "\"exp\":\"" + (s + 600) + "\""), Fault.BAD));
        faults.put("end is negative", f(good.replace("\"exp\":" + (s + 600), "\"exp\":-1"), Fault.BAD));
        faults.put("end is infinite", f(good.replace("\"exp\":" + (s + 600), "\"exp\":1e400"), Fault.BAD));
        faults.put("end is twice", f(world.claims("\"exp\":9999999999"), Fault.BAD));
        faults.put("other issuer", f(good.replace("id.example", "evil.example"), Fault.BAD));
        faults.put("no issuer", f(good.replace("\"iss\":\"https://id.example\",", ""), Fault.BAD));
        faults.put("issuer with a slash", f(good.replace("id.example", "id.example/"), Fault.BAD));
        faults.put("other audience", f(good.replace("\"aud\":\"keck\"", "\"aud\":\"other\""), Fault.BAD));
        faults.put("other audiences", f(good.replace("\"aud\":\"keck\"", "\"aud\":[\"a\",\"b\"]"), Fault.BAD));
        faults.put("no audience", f(good.replace("\"aud\":\"keck\",", ""), Fault.BAD));
        faults.put("no subject", f(good.replace("\"sub\":\"alice\",", ""), Fault.BAD));
        faults.put("subject is a number", f(good.replace("\"alice\"", "7"), Fault.BAD));
        faults.put("subject of a key", f(good.replace("alice", "key:ci"), Fault.BAD));
        faults.put("subject with a line feed", f(good.replace("alice", "al\\nice"), Fault.BAD));
        faults.put("unknown role", f(good.replace("\"write\"", "\"Write\""), Fault.BAD));
        faults.put("unknown right", f(good.replace("\"role\":\"write\"", "\"rights\":[\"rite\"]"), Fault.BAD));
        faults.put("star inside", f(good.replace("team-1/*", "team-*/x"), Fault.BAD));
        faults.put("rules are no array", f(good.replace("[{", "{\"a\":{").replace("}]", "}}"), Fault.BAD));
        faults.put("claims are no object", f("[1]", Fault.BAD));
        return faults;
    }

    private static Object[] f(String claims, Fault fault) {
        return new Object[] {claims, fault};
    }

    @ParameterizedTest
    @CsvSource({"HS256,", "RS256,rsa", "ES256,ec", "EdDSA,ed"})
    void faultyClaims_areRefused(String algorithm, String kid) {
        faultyClaims().forEach((name, fault) -> {
            AuthWorld fresh = AuthWorld.withJwt();
            assertEquals(fault[1], fresh.fault(token(algorithm, kid, (String) fault[0])), name);
        });
    }

    @ParameterizedTest
    @CsvSource({"HS256,", "RS256,rsa", "ES256,ec", "EdDSA,ed"})
    void anyTamperedCharacter_isRefused(String algorithm, String kid) {
        String good = token(algorithm, kid, world.claims());
        assertNull(world.fault(good));
        for (int i = 0; i < good.length(); i++) {
            char c = good.charAt(i);
            String tampered = good.substring(0, i) + (c == 'A' ? 'B' : 'A') + good.substring(i + 1);
            assertNotNull(AuthWorld.withJwt().fault(tampered), "character " + i);
        }
    }

    /** Whatever says that there is no signature, in each spelling that libraries have fallen for. */
    @ParameterizedTest
    @ValueSource(strings = {"none", "None", "NONE", "nOnE", "", "HS384", "RS384", "PS256", "ES256K", "hs256", "dir"})
    void otherAlgorithms_areRefused(String algorithm) {
        String signed = TokenForge.base64(TokenForge.header(algorithm)) + "." + TokenForge.base64(world.claims());
        assertEquals(Fault.BAD, world.fault(signed + "."));
        assertEquals(Fault.BAD, world.fault(signed + "." + TokenForge.base64("x")));
        assertEquals(
                Fault.BAD,
                world.fault(TokenForge.hmac(
                        TokenForge.header(algorithm),
                        world.claims(),
                        TokenForge.SECRET.getBytes(StandardCharsets.UTF_8))));
    }

    /** A public key is no secret of an HMAC, in none of its spellings. */
    @Test
    void keyConfusion_isRefused() {
        byte[] der = TokenForge.RSA.getPublic().getEncoded();
        String pem = "-----BEGIN PUBLIC KEY-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END PUBLIC KEY-----";
        for (byte[] secret : List.of(
                der,
                pem.getBytes(StandardCharsets.US_ASCII),
                (pem + "\n").getBytes(StandardCharsets.US_ASCII),
                Base64.getEncoder().encode(der))) {
            for (String header : List.of(TokenForge.header("HS256", "rsa"), TokenForge.header("HS256"))) {
                assertEquals(Fault.BAD, AuthWorld.withJwt().fault(TokenForge.hmac(header, world.claims(), secret)));
            }
        }
    }

    /** The twin: were a key to take the algorithm that the token names, that forged token would pass. */
    @Test
    void keyConfusion_passesWhereAKeyTakesAnyAlgorithm() throws Exception {
        byte[] der = TokenForge.RSA.getPublic().getEncoded();
        KeyRing careless = KeyRing.of(
                List.of(new VerificationKey("rsa", VerificationKey.HS256, new SecretKeySpec(der, "HmacSHA256"))));
        String forged = TokenForge.hmac(TokenForge.header("HS256", "rsa"), world.claims(), der);
        assertEquals(
                "alice",
                AuthWorld.verifier(careless)
                        .verify(forged, AuthWorld.START)
                        .principal()
                        .id());
    }

    /** A token of one key that names another one, or none. */
    @Test
    void wrongKey_isRefused() {
        String claims = world.claims();
        assertEquals(
                Fault.BAD,
                world.fault(TokenForge.signed(
                        TokenForge.header("RS256", "rsa"), claims, TokenForge.OTHER_RSA.getPrivate())));
        assertEquals(Fault.BAD, world.fault(TokenForge.signed(TokenForge.header("RS256", "ec"), claims, key("rsa"))));
        assertEquals(
                Fault.BAD, world.fault(TokenForge.signed(TokenForge.header("RS256", "../rsa"), claims, key("rsa"))));
        assertEquals(Fault.BAD, world.fault(TokenForge.hmac(TokenForge.header("HS256"), claims, new byte[32])));
        assertNull(world.fault(TokenForge.signed(TokenForge.header("RS256"), claims, key("rsa"))), "without a kid");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}",
                "\"jku\":\"https://evil.example/keys\"",
                "\"x5u\":\"https://evil.example/cert\"",
                "\"x5c\":[\"MIIB\"]",
                "\"crit\":[\"exp\"]",
                "\"b64\":false",
                "\"zip\":\"DEF\"",
                "\"typ\":\"logout+jwt\"",
                "\"alg\":\"HS256\"",
                "\"kid\":7"
            })
    void headerThatBringsMore_isRefused(String member) {
        String header = "{\"alg\":\"HS256\"," + member + "}";
        assertEquals(
                Fault.BAD,
                world.fault(
                        TokenForge.hmac(header, world.claims(), TokenForge.SECRET.getBytes(StandardCharsets.UTF_8))));
    }

    @Test
    void otherForms_areRefused() {
        String good = TokenForge.hmac(world.claims());
        for (String bad : List.of(
                good + ".",
                good + "=",
                good + ".a.b",
                " " + good,
                good.replace('.', ':'),
                good.substring(0, good.lastIndexOf('.')),
                "eyJ.eyJ.",
                "..",
                good + "A".repeat(Credential.MAX))) {
            assertEquals(Fault.BAD, AuthWorld.withJwt().fault(bad), bad.length() + " characters");
        }
    }

    @Test
    void tokenWithoutAnEnd_countsFromItsIssue() throws Exception {
        long s = AuthWorld.START / 1_000;
        Caller caller =
                world.find(TokenForge.hmac(world.claims().replace("\"exp\":" + (s + 600) + ",", "")), "team-1/board");
        assertEquals(AuthWorld.START + AuthWorld.MAX_AGE + AuthWorld.SKEW, caller.expiresAt());
    }

    @Test
    void cachedToken_endsWithItself() throws Exception {
        String token = TokenForge.hmac(world.claims());
        Caller first = world.find(token, "team-1/board");
        assertEquals(first, world.find(token, "team-1/other"));
        assertEquals(1, world.authenticator.cached());
        world.now.set(first.expiresAt() - 1);
        world.revocations.poll();
        assertNull(world.fault(token));
        world.now.set(first.expiresAt());
        world.revocations.poll();
        assertEquals(Fault.EXPIRED, world.fault(token));
    }

    @Test
    void revocations_endTokens() {
        String token = TokenForge.hmac(world.claims("\"jti\":\"t-1\""));
        String other = TokenForge.hmac(world.claims("\"jti\":\"t-2\""));
        String bob = TokenForge.hmac(world.claims("\"jti\":\"t-3\"").replace("alice", "bob"));
        assertNull(world.fault(token));
        world.store.revoke(Revocation.Kind.TOKEN, "t-1", 0);
        assertNull(world.fault(token), "not read yet");
        world.revocations.poll();
        assertEquals(Fault.REVOKED, world.fault(token), "also where it is cached");
        assertNull(world.fault(other));
        world.store.revoke(Revocation.Kind.PRINCIPAL, "alice", 0);
        world.revocations.poll();
        assertEquals(Fault.REVOKED, world.fault(other));
        assertNull(world.fault(bob));
        world.now.addAndGet(1_000);
        world.revocations.poll();
        assertNull(world.fault(TokenForge.hmac(world.claims("\"jti\":\"t-4\""))), "issued after the revocation");
        world.store.revoke(Revocation.Kind.ISSUED_BEFORE, "", world.now.get());
        world.revocations.poll();
        assertEquals(Fault.REVOKED, world.fault(bob));
    }

    @Test
    void nodeWithoutTheDatabase_takesNoNewCredential() {
        String known = TokenForge.hmac(world.claims());
        assertNull(world.fault(known));
        world.now.addAndGet(Revocations.FRESH_MILLIS + 1);
        assertNull(world.fault(known), "what was checked before goes on");
        assertEquals(Fault.UNAVAILABLE, world.fault(TokenForge.hmac(world.claims("\"jti\":\"2\""))));
        world.now.set(AuthWorld.START + AuthWorld.MAX_AGE + 1);
        assertEquals(
                Fault.EXPIRED,
                AuthWorld.withJwt()
                        .fault(TokenForge.hmac(
                                world.claims().replace("\"exp\":" + (world.now.get() / 1_000 + 600), "\"exp\":1"))));
        assertEquals(Fault.UNAVAILABLE, world.fault(known.substring(0, 5) + "x.y.z"));
        world.revocations.poll();
        assertNull(world.fault(TokenForge.hmac(world.claims("\"jti\":\"3\""))));
    }

    @Test
    void failedAttempts_areSlowedByAddress() {
        String good = TokenForge.hmac(world.claims());
        assertNull(world.fault(good));
        for (int i = 0; i < Throttle.ATTEMPTS; i++) {
            assertEquals(Fault.BAD, world.fault("eyJ.x.y" + i));
        }
        assertEquals(Fault.TOO_MANY, world.fault("eyJ.x.y"));
        assertNull(world.fault(good), "what is known to be good is not slowed");
        assertNull(
                faultFrom("198.51.100.7", TokenForge.hmac(world.claims("\"jti\":\"5\""))), "nor are other addresses");
        world.now.addAndGet(1_000);
        world.revocations.poll();
        assertEquals(Fault.BAD, world.fault("eyJ.x.y"));
    }

    private Fault faultFrom(String address, String credential) {
        try {
            world.authenticator.find(AuthWorld.attempt(credential, address, Map.of()), "team-1/board", null);
            return null;
        } catch (RefusedException e) {
            return e.fault();
        }
    }
}
