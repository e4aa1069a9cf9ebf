package io.keck.webhook;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.keck.feed.Hooks.RefusedException;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The signatures of endpoints. Deliveries to an endpoint with a secret of its own are signed with that secret only, so
 * that no other receiver gets a signature that this one accepts. All others are signed with the common secret.
 * Immutable.
 */
final class Signatures {
    /**
     * An endpoint with a secret of its own.
     *
     * @param url the URL of the endpoint; compared ignoring the case of the host, a default port and an empty path
     */
    record Own(String url, String secret) {
        Own(@JsonProperty("url") @Nullable String url, @JsonProperty("secret") @Nullable String secret) {
            this.url = url == null ? "" : url; // refused by the validation of the list
            this.secret = secret == null ? "" : secret;
        }

        @Override
        public String toString() {
            return url; // without the secret
        }
    }

    private final @Nullable Signature common;
    private final Map<String, Signature> own = new HashMap<>();

    /**
     * Creates the signatures for these secrets.
     *
     * @param secret the common secret; null or empty for none
     * @throws IllegalArgumentException if a secret cannot be used; the message contains no secret
     */
    Signatures(@Nullable String secret, List<Own> endpoints) {
        common = Signature.of(secret);
        for (Own endpoint : endpoints) {
            Signature signature = Signature.of(endpoint.secret());
            if (signature == null) {
                throw new IllegalArgumentException("an endpoint has no secret");
            }
            if (own.put(key(endpoint.url()), signature) != null) {
                throw new IllegalArgumentException("an endpoint is there twice");
            }
        }
    }

    /** The signature for an endpoint; null if its deliveries are not signed. */
    @Nullable
    Signature of(String url) {
        return own.isEmpty() ? common : own.getOrDefault(key(url), common);
    }

    private static String key(String url) {
        URI uri;
        try {
            uri = Webhooks.checkForm(url.strip());
        } catch (RefusedException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
        int port = uri.getPort() >= 0 ? uri.getPort() : scheme.equals("https") ? 443 : 80;
        String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
        return scheme + "://" + uri.getHost().toLowerCase(Locale.ROOT) + ":" + port + path + query;
    }
}
