package io.keck.access;

import java.util.Map;
import java.util.Set;

/**
 * The holder of a verified credential, with the rules of that credential. Only {@code io.keck.auth} creates callers.
 *
 * @param tokenId by which this one credential can be revoked: {@code jti}, or a hash of it
 * @param attributes checked, see {@link Attributes}
 * @param issuedAt milliseconds since 1970 by the clock of the issuer; 0 where it has no beginning
 * @param expiresAt milliseconds since 1970 by the database's clock
 * @param version the number of the last revocation that was known when this was made
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
    /** For {@link #expiresAt} of what never expires. */
    public static final long NEVER = Long.MAX_VALUE;

    /** The caller of every request while access is open: all rights, without an end. */
    public static final Caller OPEN =
            new Caller(Principal.ANONYMOUS, "", Rules.ALL, Limits.NONE, Map.of(), 0, NEVER, 0);

    /** Keck itself; it has the rights that {@link Grant#ofKeck} names, and no others. */
    static final Caller KECK =
            new Caller(new Principal(Principal.SYSTEM, ""), "", Rules.NONE, Limits.NONE, Map.of(), 0, NEVER, 0);

    /** What it may do with the document of that name. */
    public Grant on(String document) {
        return new Grant(this, document, rules.on(document));
    }

    /** What it may do with the server as a whole. */
    public Set<Right> onServer() {
        return rules.onServer();
    }
}
