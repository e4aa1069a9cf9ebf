package io.keck.access;

/**
 * The limits of one principal on this node. In a credential, 0 leaves a limit to the configuration.
 *
 * @param requestsPerSecond HTTP requests and upgrades per second; a burst may be ten times that
 * @param connections the number of concurrent WebSockets and event streams
 * @param newDocumentsPerHour documents created per hour; a burst may be that many
 * @param bytesPerSecond bytes sent per second over WebSockets and in bodies; a burst may be ten times that
 * @param maxDocument the largest size in bytes to which changes may make an encoded document grow
 */
public record Limits(
        int requestsPerSecond, int connections, int newDocumentsPerHour, long bytesPerSecond, long maxDocument) {
    /** No limit. */
    public static final Limits NONE =
            new Limits(Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);

    /** The limits of a credential that names none. */
    public static final Limits UNSAID = new Limits(0, 0, 0, 0, 0);

    /** Returns a limit of requests only. */
    public static Limits ofRequests(int perSecond) {
        return new Limits(perSecond, NONE.connections, NONE.newDocumentsPerHour, NONE.bytesPerSecond, NONE.maxDocument);
    }

    /** Returns these limits, with those of {@code others} where these have none. */
    public Limits or(Limits others) {
        Limits both = new Limits(
                requestsPerSecond == 0 ? others.requestsPerSecond : requestsPerSecond,
                connections == 0 ? others.connections : connections,
                newDocumentsPerHour == 0 ? others.newDocumentsPerHour : newDocumentsPerHour,
                bytesPerSecond == 0 ? others.bytesPerSecond : bytesPerSecond,
                maxDocument == 0 ? others.maxDocument : maxDocument);
        return both.equals(NONE) ? NONE : both; // one object for nearly all callers, which is compared fast
    }
}
