package io.keck.auth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keck.access.Fault;
import io.keck.access.Limits;
import io.keck.access.Principal;
import io.keck.access.Rules;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jose4j.jca.ProviderContext;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwa.AlgorithmConstraints.ConstraintType;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.lang.JoseException;
import org.jspecify.annotations.Nullable;

/**
 * Verifies JSON web tokens (RFC 7519, with the advice of RFC 8725). A key has one algorithm and comes from the configuration
 * or the identity provider, never from the token; times are judged by the clock of the database.
 *
 * <p>The claim {@code keck} is {@code {"documents":[rules],"name":"…","attributes":{…},"limits":{…}}}. A token without
 * {@code exp} is valid for {@code maxAge} after its {@code iat}; a token without both is refused. Thread-safe.
 */
final class JwtVerifier {
    /** Header members that contain a key or point at one. */
    private static final List<String> EMBEDDED_KEYS = List.of("jwk", "jku", "x5u", "x5c");

    private static final Set<String> TYPES = Set.of("jwt", "at+jwt", "application/jwt", "application/at+jwt");
    private static final Set<String> ALGORITHMS =
            Set.of(VerificationKey.HS256, VerificationKey.RS256, VerificationKey.ES256, VerificationKey.EDDSA);

    private static final int PARTS = 3;
    private static final int MAX_KEY_ID = 256;
    private static final int MAX_GROUPS = 200;
    private static final int MAX_KEYS = 20;
    private static final double MAX_SECONDS = 253_402_300_799.0; // the end of the year 9999

    /**
     * The requirements on tokens.
     *
     * @param issuer the required {@code iss}; empty to accept any
     * @param audience the value that {@code aud} must contain; empty to accept any
     * @param skewMillis how far the clock of an issuer may be off
     * @param maxAgeMillis how long a token without {@code exp} is valid
     */
    record Settings(String issuer, String audience, long skewMillis, long maxAgeMillis) {}

    private final KeyRing keys;
    private final Settings settings;

    JwtVerifier(KeyRing keys, Settings settings) {
        this.keys = keys;
        this.settings = settings;
    }

    /** Returns a number that changes whenever a valid token may have become invalid. */
    long generation() {
        return keys.generation();
    }

    /** Whether a credential has the form of a token. */
    static boolean isToken(String text) {
        int first = text.indexOf('.');
        return first > 0 && text.indexOf('.', first + 1) > first && text.startsWith("eyJ");
    }

    /**
     * Returns the holder of a token.
     *
     * @param now milliseconds since 1970 by the database's clock
     * @throws RefusedException if the token is malformed, forged, expired or for someone else
     */
    Identified verify(String token, long now) throws RefusedException {
        String[] parts = token.split("\\.", -1);
        if (token.length() > Credential.MAX || parts.length != PARTS) {
            throw bad("it does not have three parts");
        }
        ObjectNode header = object(parts[0]);
        ObjectNode claims = object(parts[1]);
        bytes(parts[2]);
        checkHeader(header);
        checkSignature(token, header);
        return read(token, claims, now);
    }

    private static void checkHeader(ObjectNode header) throws RefusedException {
        for (String member : EMBEDDED_KEYS) {
            if (header.has(member)) {
                throw bad("its header contains a key or points at one");
            }
        }
        if (header.has("crit") || header.has("b64") || header.has("zip") || header.has("enc")) {
            throw bad("its header asks for an extension");
        }
        String type = text(header, "typ");
        if (type != null && !TYPES.contains(type.toLowerCase(Locale.ROOT))) {
            throw bad("it is of another type");
        }
    }

    private void checkSignature(String token, ObjectNode header) throws RefusedException {
        String algorithm = text(header, "alg");
        String id = text(header, "kid");
        if (algorithm == null || !ALGORITHMS.contains(algorithm)) {
            throw bad("no key has its algorithm");
        }
        if (id != null && (id.length() > MAX_KEY_ID || id.chars().anyMatch(Character::isISOControl))) {
            throw bad("its key id is malformed");
        }
        List<VerificationKey> candidates = keys.find(algorithm, id);
        for (VerificationKey key : candidates.subList(0, Math.min(MAX_KEYS, candidates.size()))) {
            if (isSignedBy(key, token)) {
                return;
            }
        }
        throw bad(candidates.isEmpty() ? "it names an unknown key" : "its signature is wrong");
    }

    private static boolean isSignedBy(VerificationKey key, String token) {
        JsonWebSignature signature = new JsonWebSignature();
        signature.setProviderContext(new ProviderContext());
        signature.setAlgorithmConstraints(new AlgorithmConstraints(ConstraintType.PERMIT, key.algorithm()));
        signature.setKey(key.key());
        try {
            signature.setCompactSerialization(token);
            return signature.verifySignature();
        } catch (JoseException e) {
            return false;
        }
    }

    private Identified read(String token, ObjectNode claims, long now) throws RefusedException {
        Long expires = time(claims, "exp");
        Long notBefore = time(claims, "nbf");
        Long issued = time(claims, "iat");
        long end;
        if (expires != null) {
            end = expires;
        } else if (issued != null) {
            end = issued + settings.maxAgeMillis();
        } else {
            throw bad("it has neither exp nor iat");
        }
        if (now >= end + settings.skewMillis()) {
            throw new RefusedException(Fault.EXPIRED, "the token has expired");
        }
        if ((notBefore != null && now < notBefore - settings.skewMillis())
                || (issued != null && now < issued - settings.skewMillis())) {
            throw new RefusedException(Fault.NOT_YET, "the token is not valid yet");
        }
        if (!settings.issuer().isEmpty() && !settings.issuer().equals(text(claims, "iss"))) {
            throw bad("it is of another issuer");
        }
        if (!settings.audience().isEmpty() && !audiences(claims).contains(settings.audience())) {
            throw bad("it is for another audience");
        }
        try {
            return identified(token, claims, issued == null ? 0 : issued, end + settings.skewMillis());
        } catch (IllegalArgumentException e) {
            throw bad(String.valueOf(e.getMessage()));
        }
    }

    private static Identified identified(String token, ObjectNode claims, long issued, long end)
            throws RefusedException {
        String subject = text(claims, "sub");
        if (subject == null) {
            throw bad("it has no sub");
        }
        JsonNode keck = claims.get("keck");
        if (keck != null && !keck.isObject()) {
            throw bad("its claim keck is not an object");
        }
        String shown = keck == null ? null : StrictJson.text(keck, "name");
        String name = shown != null ? shown : text(claims, "name");
        Rules rules = keck == null || !keck.has("documents") ? null : RuleReader.rules(keck.get("documents"));
        String tokenId = text(claims, "jti");
        return new Identified(
                Principal.foreign(subject, name == null ? "" : name),
                tokenId == null ? Credential.hash(token) : tokenId,
                rules,
                groups(claims.get("groups")),
                keck == null ? Map.of() : RuleReader.attributes(keck.get("attributes")),
                issued,
                end,
                keck == null ? Limits.UNSAID : LimitsReader.limits(keck.get("limits")));
    }

    private static List<String> groups(@Nullable JsonNode claim) {
        List<String> groups = new ArrayList<>();
        if (claim != null && claim.isArray() && claim.size() <= MAX_GROUPS) {
            claim.forEach(group -> {
                if (group.isTextual()) {
                    groups.add(group.textValue());
                }
            });
        }
        return groups;
    }

    private static List<String> audiences(ObjectNode claims) throws RefusedException {
        JsonNode claim = claims.get("aud");
        if (claim == null || claim.isTextual()) {
            return claim == null ? List.of() : List.of(claim.textValue());
        }
        List<String> audiences = new ArrayList<>();
        if (!claim.isArray()) {
            throw bad("its aud is malformed");
        }
        claim.forEach(audience -> audiences.add(audience.asText()));
        return audiences;
    }

    /** Returns a NumericDate in milliseconds since 1970; null if the claim is missing. */
    private static @Nullable Long time(ObjectNode claims, String claim) throws RefusedException {
        JsonNode node = claims.get(claim);
        if (node == null) {
            return null;
        }
        double seconds = node.isNumber() ? node.doubleValue() : Double.NaN;
        if (!(seconds >= 0 && seconds <= MAX_SECONDS)) {
            throw bad("one of its times is malformed");
        }
        return (long) (seconds * 1_000);
    }

    private static @Nullable String text(ObjectNode object, String member) throws RefusedException {
        try {
            return StrictJson.text(object, member);
        } catch (IllegalArgumentException e) {
            throw bad("one of its members is malformed");
        }
    }

    private static ObjectNode object(String part) throws RefusedException {
        ObjectNode object = StrictJson.object(bytes(part));
        if (object == null) {
            throw bad("a part of it is not a JSON object");
        }
        return object;
    }

    /** Decodes base64url as RFC 7515 demands it: without padding, and with only one accepted spelling of the same bytes. */
    private static byte[] bytes(String part) throws RefusedException {
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(part);
            if (part.equals(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes))) {
                return bytes;
            }
        } catch (IllegalArgumentException e) {
            // the same sentence
        }
        throw bad("a part of it is not base64");
    }

    private static RefusedException bad(String why) {
        return new RefusedException(Fault.BAD, "the token is refused: " + why);
    }
}
