package io.keck.access;

import java.util.Map;
import java.util.Set;

/**
 * The holder of a verified credential, with the rules of that credential. Only {@code io.keck.auth} creates callers.
 *
 * @param tokenId the id by which this credential can be revoked: {@code jti}, or a hash of it
 * @param attributes the checked attributes, see {@link Attributes}
 * @param issuedAt milliseconds since 1970 by the clock of the issuer; 0 if unknown
 * @param expiresAt milliseconds since 1970 by the database's clock
 * @param version the number of the last revocation that was known when this caller was created
 */
public record Caller(
        Principal principal,
        String tokenId,
        Rules rules,
        Limits limits,
        Map<String, String> attributes,
        long issuedAt,
        long expiresAt,
        long version) {
    /** The value of {@link #expiresAt} for credentials that never expire. */
    public static final long NEVER = Long.MAX_VALUE;

    /** The caller of every request while access is open: all rights, without expiry. */
    public static final Caller OPEN =
            new Caller(Principal.ANONYMOUS, "", Rules.ALL, Limits.NONE, Map.of(), 0, NEVER, 0);

    /** Keck itself; it has the rights that {@link Grant#ofKeck} names, and no others. */
    static final Caller KECK =
            new Caller(new Principal(Principal.SYSTEM, ""), "", Rules.NONE, Limits.NONE, Map.of(), 0, NEVER, 0);

    /** Returns the grant for a document. */
    public Grant on(String document) {
        return new Grant(this, document, rules.on(document));
    }

    /** Returns the rights that concern the whole server. */
    public Set<Right> onServer() {
        return rules.onServer();
    }
}
