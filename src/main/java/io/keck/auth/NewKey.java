package io.keck.auth;

import io.keck.access.Rule;
import java.security.SecureRandom;
import java.time.Instant;

/**
 * A new API key.
 *
 * @param key the key, which is shown once, for the back end
 * @param line the line for the file of API keys; it contains only the hash of the key
 */
public record NewKey(String key, String line) {
    /**
     * Draws a random key.
     *
     * @param match the documents it opens, see {@link Rule}
     * @throws IllegalArgumentException if the name, the match or the role is wrong; the message says which
     */
    public static NewKey make(String name, String match, String role) {
        Rule rule = new Rule(match, RuleReader.role(role).rights());
        ApiKeys.Made made = ApiKeys.make(name, rule, Instant.now(), new SecureRandom());
        return new NewKey(made.key(), made.line());
    }

    @Override
    public String toString() {
        return "NewKey[" + line + "]";
    }
}
