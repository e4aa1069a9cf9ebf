package io.keck.access;

/**
 * What one principal may take of this node.
 *
 * @param sockets open WebSockets at a time
 * @param requestsPerSecond HTTP requests and upgrades a second, over some ten seconds
 */
public record Limits(int sockets, int requestsPerSecond) {
    /** No limit. */
    public static final Limits NONE = new Limits(Integer.MAX_VALUE, Integer.MAX_VALUE);
}
