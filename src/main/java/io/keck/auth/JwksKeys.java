package io.keck.auth;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keck.access.Fault;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.lang.JoseException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys that an identity provider publishes (RFC 7517), at a given address or found by OpenID Connect Discovery. They are
 * fetched every ten minutes, and at once, at most every ten seconds, when a token names an unknown key, so a new key works
 * from its first token on. If the provider does not answer, its keys stay valid for some hours. Symmetric keys in the set are
 * ignored. Thread-safe.
 */
final class JwksKeys implements KeyRing {
    private static final Logger LOG = LoggerFactory.getLogger(JwksKeys.class);
    private static final long REFRESH_MILLIS = TimeUnit.MINUTES.toMillis(10);
    private static final long UNKNOWN_MILLIS = TimeUnit.SECONDS.toMillis(10);
    private static final long STALE_MILLIS = TimeUnit.HOURS.toMillis(12);
    private static final long WAIT_MILLIS = 6_000;
    private static final int MAX_KEYS = 100;
    private static final String DISCOVERY = "/.well-known/openid-configuration";

    private final URI address;
    private final String issuer;
    private final BoundedHttp http;
    private final Executor fetcher;
    private final LongSupplier steady;

    private volatile List<VerificationKey> keys = List.of();
    private final AtomicLong generation = new AtomicLong();
    private volatile long fetchedAt;
    private volatile boolean everFetched;
    private long triedAt = Long.MIN_VALUE / 2;
    private @Nullable CompletableFuture<Void> fetching;

    /**
     * Creates the keys without fetching any.
     *
     * @param address the address of the keys or, if {@code issuer} is not empty, of the issuer
     * @param issuer the issuer whose discovery document names the address of the keys; empty if {@code address} does
     * @param fetcher runs the fetches, one at a time
     * @param steady milliseconds of a steady clock
     */
    JwksKeys(URI address, String issuer, BoundedHttp http, Executor fetcher, LongSupplier steady) {
        this.address = address;
        this.issuer = issuer;
        this.http = http;
        this.fetcher = fetcher;
        this.steady = steady;
    }

    @Override
    public long generation() {
        return generation.get();
    }

    @Override
    public List<VerificationKey> find(String algorithm, @Nullable String id) throws RefusedException {
        long now = steady.getAsLong();
        if (everFetched && now - fetchedAt > REFRESH_MILLIS) {
            var unused = fetch(now); // in the background: the old keys are still good
        }
        List<VerificationKey> found = usable(algorithm, id, now);
        if (!found.isEmpty()) {
            return found;
        }
        CompletableFuture<Void> fetched = fetch(now);
        if (fetched != null) {
            await(fetched);
            found = usable(algorithm, id, steady.getAsLong());
        }
        if (found.isEmpty() && !isUsable(steady.getAsLong())) {
            throw new RefusedException(Fault.UNAVAILABLE, "the keys of the identity provider have not been fetched");
        }
        return found;
    }

    private boolean isUsable(long now) {
        return everFetched && now - fetchedAt <= STALE_MILLIS;
    }

    private List<VerificationKey> usable(String algorithm, @Nullable String id, long now) {
        return isUsable(now) ? KeyRing.matching(keys, algorithm, id) : List.of();
    }

    private static void await(CompletableFuture<Void> fetched) {
        try {
            fetched.get(WAIT_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            LOG.debug("Fetching the keys of the identity provider took too long or failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns the fetch in progress or starts one; null if the last one is too recent. */
    private synchronized @Nullable CompletableFuture<Void> fetch(long now) {
        CompletableFuture<Void> running = fetching;
        if (running != null && !running.isDone()) {
            return running;
        }
        if (now - triedAt < UNKNOWN_MILLIS) {
            return null;
        }
        triedAt = now;
        running = CompletableFuture.runAsync(this::fetchNow, fetcher);
        fetching = running;
        return running;
    }

    private void fetchNow() {
        try {
            take(keysOf(get(issuer.isEmpty() ? address : discover())));
        } catch (IOException | IllegalArgumentException e) {
            LOG.warn(
                    "Fetching the keys of the identity provider at {} failed ({}); {}",
                    address.getHost(),
                    e.getMessage(),
                    everFetched ? "the known keys stay in use" : "tokens are refused with 503 until a fetch succeeds");
        }
    }

    private void take(List<VerificationKey> fresh) {
        Set<String> before = names(keys);
        boolean lost = !names(fresh).containsAll(before);
        if (!everFetched || !before.equals(names(fresh))) {
            LOG.info("The identity provider at {} published {} usable keys", address.getHost(), fresh.size());
        }
        keys = List.copyOf(fresh);
        fetchedAt = steady.getAsLong();
        everFetched = true;
        if (lost) {
            generation.incrementAndGet();
        }
    }

    private static Set<String> names(List<VerificationKey> keys) {
        Set<String> names = new TreeSet<>();
        keys.forEach(key ->
                names.add(key.id() + " " + key.algorithm() + " " + key.key().hashCode()));
        return names;
    }

    /** OpenID Connect Discovery 1.0, section 4: the document has to name the issuer that was asked. */
    private URI discover() throws IOException {
        String base = address.toString();
        URI document = URI.create((base.endsWith("/") ? base.substring(0, base.length() - 1) : base) + DISCOVERY);
        ObjectNode about = StrictJson.object(get(document));
        String named = about == null ? null : StrictJson.text(about, "issuer");
        String where = about == null ? null : StrictJson.text(about, "jwks_uri");
        if (named == null || where == null || !named.equals(issuer)) {
            throw new IOException("its discovery document names another issuer than the configured one");
        }
        return BoundedHttp.address("jwks_uri", where);
    }

    private byte[] get(URI from) throws IOException {
        BoundedHttp.Answer answer = http.send(HttpRequest.newBuilder(from)
                .header("Accept", "application/json")
                .GET());
        if (answer.status() != 200) {
            throw new IOException("HTTP status " + answer.status());
        }
        return answer.body();
    }

    private static List<VerificationKey> keysOf(byte[] json) throws IOException {
        try {
            List<VerificationKey> keys = new ArrayList<>();
            for (JsonWebKey jwk : new JsonWebKeySet(new String(json, StandardCharsets.UTF_8)).getJsonWebKeys()) {
                VerificationKey key = VerificationKey.of(jwk);
                if (key != null && keys.size() < MAX_KEYS) {
                    keys.add(key);
                }
            }
            if (keys.isEmpty()) {
                throw new IOException("it published no key for RS256, ES256 or EdDSA");
            }
            return keys;
        } catch (JoseException e) {
            throw new IOException("the answer is not a set of keys", e);
        }
    }
}
