package io.keck.access;

import java.util.List;

/**
 * The data of access in the database that all nodes share. Every method may throw a {@link RuntimeException} if the
 * database does not answer. Thread-safe.
 */
public interface AccessStore {
    /** The key that signs tickets: 32 random bytes, the same on all nodes, drawn by the first node that asks. */
    byte[] ticketKey();

    /** Returns at most {@code limit} revocations with a number above {@code version}, in order. */
    List<Revocation> after(long version, int limit);

    /**
     * Adds a revocation, whose time is that of the database where {@code before} is 0.
     *
     * @return the row, with its number
     * @throws IllegalStateException with a sentence, at the limit of revocations
     */
    Revocation revoke(Revocation.Kind kind, String subject, long before);

    /**
     * Marks a ticket as used.
     *
     * @param until the time from which on the mark may be deleted, in milliseconds since 1970
     * @return whether the ticket was unused
     */
    boolean use(String ticket, long until);

    /** Records that a node has carried out all revocations up to a number. */
    void confirm(String node, long version);

    /**
     * Returns the nodes that confirmed some number within the last {@code millis} milliseconds, but not yet this one.
     */
    List<String> behind(long version, long millis);
}
