package io.keck.access;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * The author of a change, as the log keeps it: taken from the grant, never from what a client says about itself. A change
 * without an author counts as one of an unknown author. Immutable.
 *
 * @param principal the id of a {@link Principal}
 * @param origin the way by which the change arrived
 * @param attributes the attributes of the credential, checked ({@link Attributes})
 */
public record Author(String principal, Origin origin, Map<String, String> attributes) {
    /** The attribute of a credential that names the program which acts for the principal. */
    public static final String AGENT = "agent";

    /** The attribute of a change that was held and taken in: the principal that decided so. */
    public static final String TAKEN_IN_BY = "taken_in_by";

    /** The attribute of a change that went back in history: to which row, or which rows of whom it took back. */
    public static final String RESTORE_OF = "restoreOf";

    /** The author that answers name for changes without a known author. No principal may have this name. */
    public static final String UNKNOWN = "unknown";

    /** Keck itself. */
    public static final Author SYSTEM = new Author(Principal.SYSTEM, Origin.SYSTEM, Map.of());

    /** The commands that import documents. Keck does not know which operator ran them. */
    public static final Author IMPORT = new Author(Principal.SYSTEM, Origin.IMPORT, Map.of());

    private static final Author OPEN_SOCKET = new Author(Principal.ANONYMOUS.id(), Origin.SOCKET, Map.of());
    private static final Author OPEN_REST = new Author(Principal.ANONYMOUS.id(), Origin.REST, Map.of());

    /** As {@link #bySocket}, for an update that strict authorship held and that was taken in later. */
    public Author takenInBy(String decider) {
        Map<String, String> more = new TreeMap<>(attributes);
        more.put(TAKEN_IN_BY, decider);
        return new Author(principal, origin, Collections.unmodifiableMap(more));
    }

    /** The holder of a grant, by a WebSocket. */
    public static Author bySocket(Grant grant) {
        return isAnonymous(grant) ? OPEN_SOCKET : of(grant, Origin.SOCKET);
    }

    /** The holder of a grant, by a request over HTTP. */
    public static Author byRequest(Grant grant) {
        return isAnonymous(grant) ? OPEN_REST : of(grant, Origin.REST);
    }

    private static boolean isAnonymous(Grant grant) {
        return grant.principal().equals(Principal.ANONYMOUS)
                && grant.attributes().isEmpty();
    }

    private static Author of(Grant grant, Origin way) {
        boolean isAgent = grant.attributes().containsKey(AGENT);
        return new Author(grant.principal().id(), isAgent ? Origin.AGENT : way, grant.attributes());
    }
}
