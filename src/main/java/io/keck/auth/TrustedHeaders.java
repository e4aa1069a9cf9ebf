package io.keck.auth;

import io.keck.access.Fault;
import io.keck.access.Limits;
import io.keck.access.Principal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Headers by which a proxy names the user it has authenticated (oauth2-proxy, Authelia, nginx {@code auth_request}). They count
 * only if the peer of the TCP connection is a configured one, whatever a forwarding header says; from all other peers they
 * are ignored. A header that came twice is refused, since a proxy that adds its own to that of a client is misconfigured.
 * Immutable.
 */
final class TrustedHeaders {
    private static final int MAX_GROUPS = 200;

    private final String user;
    private final String name;
    private final String groups;
    private final Networks peers;

    /**
     * @param headers the names of up to three headers with commas between them: user, name, groups
     * @param peers addresses and networks of the proxy
     */
    TrustedHeaders(String headers, String peers) {
        String[] names = headers.split(",", -1);
        this.user = names[0].strip();
        this.name = names.length > 1 ? names[1].strip() : "";
        this.groups = names.length > 2 ? names[2].strip() : "";
        this.peers = new Networks(peers);
        if (names.length > 3 || user.isEmpty()) {
            throw new IllegalArgumentException(
                    "List at most three trusted headers: user, name and groups, in this order.");
        }
        for (String header : List.of(user, name, groups)) {
            if (header.equalsIgnoreCase("Authorization") || header.equalsIgnoreCase("Cookie")) {
                throw new IllegalArgumentException("A trusted header must be one that only the proxy sets.");
            }
        }
    }

    /** Whether the headers of that peer of the TCP connection are trusted. */
    boolean trusts(String peer) {
        return peers.contain(peer);
    }

    /**
     * Returns the user that the headers of a trusted peer name.
     *
     * @param values returns the values of a header by its name
     * @return null if the proxy names no user
     * @throws RefusedException if the headers are malformed
     */
    @org.jspecify.annotations.Nullable
    Identified read(Function<String, List<String>> values, long now, long expiresAt) throws RefusedException {
        String id = one(values, user);
        if (id.isBlank()) {
            return null;
        }
        List<String> member = new ArrayList<>();
        for (String group :
                groups.isEmpty() ? new String[0] : one(values, groups).split(",", -1)) {
            if (!group.isBlank() && member.size() < MAX_GROUPS) {
                member.add(group.strip());
            }
        }
        try {
            Principal principal = Principal.foreign(
                    id.strip(), name.isEmpty() ? "" : one(values, name).strip());
            return new Identified(principal, "", null, member, Map.of(), now, expiresAt, Limits.UNSAID);
        } catch (IllegalArgumentException e) {
            throw new RefusedException(Fault.BAD, String.valueOf(e.getMessage()));
        }
    }

    private static String one(Function<String, List<String>> values, String header) throws RefusedException {
        List<String> all = values.apply(header);
        if (all.size() > 1) {
            throw new RefusedException(Fault.BAD, "a trusted header came twice");
        }
        return all.isEmpty() ? "" : all.get(0);
    }
}
