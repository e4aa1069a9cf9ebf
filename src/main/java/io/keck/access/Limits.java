package io.keck.access;

/**
 * What one principal may take of this node. In what a credential says, 0 stands for a limit that it leaves to the
 * configuration.
 *
 * @param requestsPerSecond HTTP requests and upgrades a second; ten seconds' worth may come at once
 * @param connections WebSockets and event streams that are open at a time
 * @param newDocumentsPerHour documents that it may make in an hour; an hour's worth may be made at once
 * @param bytesPerSecond bytes that it may send a second, over WebSockets and in bodies; ten seconds' worth may come at once
 * @param maxDocument bytes of a document, as Yjs encodes it, to which its changes may make one grow
 */
public record Limits(
        int requestsPerSecond, int connections, int newDocumentsPerHour, long bytesPerSecond, long maxDocument) {
    /** No limit. */
    public static final Limits NONE =
            new Limits(Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);

    /** What a credential says that names no limit. */
    public static final Limits UNSAID = new Limits(0, 0, 0, 0, 0);

    /** A limit of requests alone. */
    public static Limits ofRequests(int perSecond) {
        return new Limits(perSecond, NONE.connections, NONE.newDocumentsPerHour, NONE.bytesPerSecond, NONE.maxDocument);
    }

    /** These, with those of {@code others} where these say nothing. */
    public Limits or(Limits others) {
        return new Limits(
                requestsPerSecond == 0 ? others.requestsPerSecond : requestsPerSecond,
                connections == 0 ? others.connections : connections,
                newDocumentsPerHour == 0 ? others.newDocumentsPerHour : newDocumentsPerHour,
                bytesPerSecond == 0 ? others.bytesPerSecond : bytesPerSecond,
                maxDocument == 0 ? others.maxDocument : maxDocument);
    }
}
