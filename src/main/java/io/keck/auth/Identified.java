package io.keck.auth;

import io.keck.access.Limits;
import io.keck.access.Principal;
import io.keck.access.Rules;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The holder of a credential.
 *
 * @param rules those that the credential itself has; null if the configuration or the access hook decides
 * @param groups of the principal, for rules of the configuration
 * @param issuedAt milliseconds since 1970; 0 where it has no beginning
 * @param expiresAt milliseconds since 1970
 * @param limits those that the credential itself names; the others are 0
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
