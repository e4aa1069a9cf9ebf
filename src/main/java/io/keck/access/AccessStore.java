package io.keck.access;

import java.util.List;

/**
 * What access keeps in the database that all nodes share. Every method may throw a {@link RuntimeException} when the
 * database does not answer. Thread-safe.
 */
public interface AccessStore {
    /** The key that signs tickets: 32 random bytes, the same on all nodes, made by the first that asks. */
    byte[] ticketKey();

    /** Revocations with a number above that, at most {@code limit}, by number. */
    List<Revocation> after(long version, int limit);

    /**
     * Adds a revocation, whose time is that of the database where {@code before} is 0.
     *
     * @return the row, with its number
     * @throws IllegalStateException with a sentence, if there are as many as there may be
     */
    Revocation revoke(Revocation.Kind kind, String subject, long before);

    /**
     * Marks a ticket as used.
     *
     * @param until when it may be forgotten: milliseconds since 1970
     * @return whether nobody had used it
     */
    boolean use(String ticket, long until);

    /** Notes that this node has carried out all revocations up to that number. */
    void confirm(String node, long version);

    /** The nodes that confirmed something within the last {@code millis}, but not that number. */
    List<String> behind(long version, long millis);
}
