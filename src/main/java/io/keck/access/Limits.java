package io.keck.access;

/**
 * What one principal may take of this node.
 *
 * @param requestsPerSecond HTTP requests and upgrades a second; ten seconds' worth may come at once
 */
public record Limits(int requestsPerSecond) {
    /** No limit. */
    public static final Limits NONE = new Limits(Integer.MAX_VALUE);
}
