package io.keck.auth;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import io.dropwizard.util.Duration;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The {@code access.jwt} block of the configuration. Defaults are those of {@code config.yml}. */
public class JwtFactory {
    private static final Logger LOG = LoggerFactory.getLogger(JwtFactory.class);
    private static final int MAX_KEYS_BYTES = 512 << 10;
    private static final long FETCH_MILLIS = 5_000;
    private static final long MAX_SKEW_MILLIS = 60_000;
    private static final int MAX_PEM_BYTES = 64 << 10;

    /** A key of the configuration. */
    public static class KeyFactory {
        @JsonProperty
        private @Nullable String kid;

        @NotNull
        @JsonProperty
        @JsonSetter(nulls = Nulls.SKIP)
        private String algorithm = "";

        @JsonProperty
        @JsonSetter(nulls = Nulls.SKIP)
        private String secret = "";

        /** The path of a file with a public key in PEM. */
        @JsonProperty
        @JsonSetter(nulls = Nulls.SKIP)
        private String file = "";

        VerificationKey build() {
            if (algorithm.equals(VerificationKey.HS256)) {
                return VerificationKey.ofSecret(kid, secret);
            }
            if (!secret.isEmpty()) {
                throw new IllegalArgumentException("A secret can only be a key of HS256, not of another algorithm.");
            }
            try {
                Path path = Path.of(file);
                if (Files.size(path) > MAX_PEM_BYTES) {
                    throw new IllegalArgumentException("The key file " + file + " is too large.");
                }
                return VerificationKey.ofPem(kid, algorithm, Files.readString(path, StandardCharsets.US_ASCII));
            } catch (IOException e) {
                throw new IllegalArgumentException("The key file " + file + " cannot be read.", e);
            }
        }
    }

    @NotNull
    @JsonProperty
    @JsonSetter(nulls = Nulls.SKIP)
    private String secret = "";

    @NotNull
    @JsonProperty
    @JsonSetter(nulls = Nulls.SKIP)
    private String jwksUrl = "";

    @NotNull
    @JsonProperty
    @JsonSetter(nulls = Nulls.SKIP)
    private String discovery = "";

    @Valid
    @NotNull
    @JsonProperty
    private List<KeyFactory> keys = new ArrayList<>();

    @NotNull
    @JsonProperty
    @JsonSetter(nulls = Nulls.SKIP)
    private String issuer = "";

    @NotNull
    @JsonProperty
    @JsonSetter(nulls = Nulls.SKIP)
    private String audience = "";

    @NotNull
    @JsonProperty
    private Duration skew = Duration.seconds(30);

    /** Whether JSON web tokens are accepted. */
    @JsonIgnore
    boolean isOn() {
        return !secret.isEmpty() || !jwksUrl.isEmpty() || !discovery.isEmpty() || !keys.isEmpty();
    }

    /**
     * Builds the verifier of tokens.
     *
     * @param maxAgeMillis how long a token without {@code exp} is valid
     * @throws IllegalArgumentException if the block contradicts itself; the message says how
     */
    JwtVerifier build(long maxAgeMillis, Executor fetcher, LongSupplier steady) {
        if (skew.toMilliseconds() > MAX_SKEW_MILLIS) {
            throw new IllegalArgumentException("access.jwt.skew must be at most 60s.");
        }
        if (!jwksUrl.isEmpty() && !discovery.isEmpty()) {
            throw new IllegalArgumentException("Set access.jwt.jwksUrl or access.jwt.discovery, not both.");
        }
        List<VerificationKey> fixed = new ArrayList<>();
        if (!secret.isEmpty()) {
            fixed.add(VerificationKey.ofSecret(null, secret));
        }
        keys.forEach(key -> fixed.add(key.build()));
        KeyRing ring = KeyRing.of(fixed);
        if (!jwksUrl.isEmpty() || !discovery.isEmpty()) {
            ring = new CombinedKeys(ring, provider(fetcher, steady));
        }
        String expected = issuer.isEmpty() ? discovery : issuer;
        return new JwtVerifier(ring, new JwtVerifier.Settings(expected, audience, skew.toMilliseconds(), maxAgeMillis));
    }

    private JwksKeys provider(Executor fetcher, LongSupplier steady) {
        if (audience.isEmpty()) {
            LOG.warn(
                    "Tokens for every audience are accepted: any application of the same identity provider can sign in."
                            + " Set access.jwt.audience (KECK_JWT_AUDIENCE).");
        }
        BoundedHttp http = new BoundedHttp(FETCH_MILLIS, MAX_KEYS_BYTES);
        return discovery.isEmpty()
                ? new JwksKeys(BoundedHttp.address("access.jwt.jwksUrl", jwksUrl), "", http, fetcher, steady)
                : new JwksKeys(
                        BoundedHttp.address("access.jwt.discovery", discovery), discovery, http, fetcher, steady);
    }
}
