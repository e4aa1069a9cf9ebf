package io.keck.auth;

import io.keck.access.Caller;
import io.keck.access.Fault;
import io.keck.access.Limits;
import io.keck.access.Purpose;
import io.keck.access.Rules;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** An authenticator with clocks that are set by hand. */
final class AuthWorld {
    static final long START = 1_800_000_000_000L;
    static final long SKEW = 30_000;
    static final long MAX_AGE = 900_000;
    static final long TTL = 60_000;

    final AtomicLong now = new AtomicLong(START);
    final FakeAccessStore store = new FakeAccessStore(now::get);
    final Revocations revocations;
    final Throttle throttle = new Throttle(now::get);
    final Tickets tickets = new Tickets(store, TTL);
    final Authenticator authenticator;

    AuthWorld(Authenticator.Ways ways) {
        revocations = new Revocations(store, "node", now::get, MAX_AGE);
        authenticator = new Authenticator(ways, tickets, revocations, throttle, now::get);
    }

    /** Tenants without quotas. */
    Tenants tenants() {
        return new Tenants(Tenants.Quota.NONE, Map.of(), new FakeTenantSizes(), now::get);
    }

    /** With a secret, three public keys, an issuer and an audience. */
    static JwtVerifier verifier(KeyRing keys) {
        return new JwtVerifier(keys, new JwtVerifier.Settings("https://id.example", "keck", SKEW, MAX_AGE));
    }

    static KeyRing keys() {
        return KeyRing.of(List.of(
                VerificationKey.ofSecret(null, TokenForge.SECRET),
                new VerificationKey("rsa", VerificationKey.RS256, TokenForge.RSA.getPublic()),
                new VerificationKey("ec", VerificationKey.ES256, TokenForge.EC.getPublic()),
                new VerificationKey("ed", VerificationKey.EDDSA, TokenForge.ED.getPublic())));
    }

    static Authenticator.Ways ways(@Nullable JwtVerifier jwt, @Nullable ApiKeys keys, @Nullable AccessHook hook) {
        return ways(jwt, keys, hook, null, new ConfiguredRules(List.of()));
    }

    static Authenticator.Ways ways(
            @Nullable JwtVerifier jwt,
            @Nullable ApiKeys keys,
            @Nullable AccessHook hook,
            @Nullable TrustedHeaders headers,
            ConfiguredRules configured) {
        return new Authenticator.Ways(jwt, keys, hook, headers, (Rules) null, configured, Limits.NONE, 30_000, MAX_AGE);
    }

    static AuthWorld withJwt() {
        return new AuthWorld(ways(verifier(keys()), null, null));
    }

    static AuthWorld withKeys(Path file) {
        return new AuthWorld(ways(null, new ApiKeys(file), null));
    }

    /** Good claims for now. */
    String claims() {
        return claims("");
    }

    /** The same with more, such as {@code "jti":"1"}. */
    String claims(String more) {
        long seconds = now.get() / 1_000;
        return "{\"sub\":\"alice\",\"iss\":\"https://id.example\",\"aud\":\"keck\",\"iat\":" + seconds + ",\"exp\":"
                + (seconds + 600) + ",\"keck\":{\"documents\":[{\"match\":\"team-1/*\",\"role\":\"write\"}],"
                + "\"name\":\"Alice\"}" + (more.isEmpty() ? "" : "," + more) + "}";
    }

    static Attempt attempt(@Nullable String credential) {
        return attempt(credential, "192.0.2.1", Map.of());
    }

    static Attempt attempt(@Nullable String credential, String peer, Map<String, List<String>> headers) {
        return new Attempt(
                peer,
                peer,
                credential == null ? null : new Credential(Carrier.HEADER, credential),
                false,
                name -> headers.getOrDefault(name, List.of()),
                START);
    }

    Caller find(String credential, String document) throws RefusedException {
        return authenticator.find(attempt(credential), document, null);
    }

    /** Why a credential is refused; null where it is not. */
    @Nullable
    Fault fault(String credential, String document, @Nullable Purpose purpose) {
        try {
            authenticator.find(attempt(credential), document, purpose);
            return null;
        } catch (RefusedException e) {
            return e.fault();
        }
    }

    @Nullable
    Fault fault(String credential) {
        return fault(credential, "team-1/board", null);
    }
}
