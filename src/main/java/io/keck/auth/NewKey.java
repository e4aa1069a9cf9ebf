package io.keck.auth;

import io.keck.access.Rule;
import java.security.SecureRandom;
import java.time.Instant;

/**
 * A new API key.
 *
 * @param key shown once, to be given to the back end
 * @param line for the file of API keys; holds the hash of the key alone
 */
public record NewKey(String key, String line) {
    /**
     * Draws one.
     *
     * @param match the documents it is for, see {@link Rule}
     * @throws IllegalArgumentException with a sentence, if the name, the match or the role is wrong
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
