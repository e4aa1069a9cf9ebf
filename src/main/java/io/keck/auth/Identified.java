package io.keck.auth;

import io.keck.access.Limits;
import io.keck.access.Principal;
import io.keck.access.Rules;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The holder of a credential, as far as the credential tells.
 *
 * @param rules the rules of the credential; null if the configuration or the access hook decides
 * @param groups the groups of the principal, for rules of the configuration
 * @param issuedAt milliseconds since 1970; 0 if the credential does not say
 * @param expiresAt milliseconds since 1970
 * @param limits the limits that the credential names; the others are 0
 */
record Identified(
        Principal principal,
        String tokenId,
        @Nullable Rules rules,
        List<String> groups,
        Map<String, String> attributes,
        long issuedAt,
        long expiresAt,
        Limits limits) {}
