package io.keck.crdt.store;

/**
 * The permanent id of one unit of a document: the client that created it and its place in that client's history.
 * Immutable. Source: Yjs {@code ID.js}.
 *
 * @param client the client id, 0 to 2^53 - 1
 * @param clock the clock, 0 to 2^53 - 1
 */
public record Id(long client, long clock) {
    @Override
    public String toString() {
        return client + ":" + clock;
    }
}
