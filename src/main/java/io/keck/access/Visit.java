package io.keck.access;

import org.jspecify.annotations.Nullable;

/** The access of one request: its credential is verified at the first demand. Every request on the main port has one. Thread-safe. */
public interface Visit {
    /** The attribute of a request that holds its visit. */
    String ATTRIBUTE = "io.keck.access.visit";

    /** The visit of every request while access is open: all rights. */
    Visit OPEN = new Visit() {
        @Override
        public Decision on(String document, @Nullable Purpose purpose) {
            return new Decision.Admitted(Caller.OPEN.on(document));
        }

        @Override
        public Decision onServer(Right right) {
            return new Decision.Admitted(Caller.OPEN.on(""));
        }

        @Override
        public @Nullable Ticket ticket(Grant grant, Purpose purpose, boolean once) {
            return null;
        }
    };

    /** The visit of a request without one: it has no rights. */
    Visit REFUSED = new Visit() {
        @Override
        public Decision on(String document, @Nullable Purpose purpose) {
            return new Decision.Refused(Fault.MISSING);
        }

        @Override
        public Decision onServer(Right right) {
            return new Decision.Refused(Fault.MISSING);
        }

        @Override
        public @Nullable Ticket ticket(Grant grant, Purpose purpose, boolean once) {
            return null;
        }
    };

    /**
     * A signed, short-lived credential for an address.
     *
     * @param expiresAt until when it can be used, in milliseconds since 1970 by the database's clock
     */
    record Ticket(String text, long expiresAt) {
        @Override
        public String toString() {
            return "Ticket[until " + expiresAt + "]";
        }
    }

    /** The visit that an attribute of a request holds; one that is refused where it holds none. */
    static Visit of(@Nullable Object attribute) {
        return attribute instanceof Visit visit ? visit : REFUSED;
    }

    /**
     * Judges the credential for a document. May wait for a key server, the database or a back end, for a bounded time.
     *
     * @param purpose of the call, for which a ticket is accepted; null where tickets are not accepted
     * @return a grant, which may have no right at all, or why there is none
     */
    Decision on(String document, @Nullable Purpose purpose);

    /** Judges the credential for something that concerns the whole server. */
    Decision onServer(Right right);

    /**
     * Judges the credential for a call about many documents, which looks by itself what the caller may do with each
     * ({@link Caller#on}). An operator's back end is asked once, for a document without a name, and not about each name: only
     * rules count that it, the credential or the configuration gives.
     *
     * @return a grant for no document
     */
    default Decision onNames() {
        return on("", null);
    }

    /**
     * Returns the same request with another credential in place of its own, for protocols that send one in a message. With open
     * access the credential is ignored.
     */
    default Visit showing(String credential) {
        return this;
    }

    /**
     * Makes a ticket that allows what the grant allows.
     *
     * @param once whether it can be used only once
     * @return null if access is open and no ticket is needed
     */
    @Nullable
    Ticket ticket(Grant grant, Purpose purpose, boolean once);

    /**
     * Makes a ticket of {@link Purpose#CLIENT}, which is valid for a time that a back end chooses. Connections that were
     * opened with it are closed when it expires.
     *
     * @param readOnly whether it allows only reading and being seen; otherwise it allows at most writing
     * @param millis how long it is valid; it ends no later than the grant
     * @param user recorded with each change, as the attribute {@code user}; empty for none
     * @return null if access is open and no ticket is needed
     * @throws IllegalArgumentException if the grant has too many attributes for one more; the message says so
     */
    default @Nullable Ticket clientTicket(Grant grant, boolean readOnly, long millis, String user) {
        return null;
    }

    /**
     * Watches a grant of this visit while a connection depends on it. The follower is notified once that the grant has ended:
     * because it expired, was revoked, or lost a right that the connection needs. A thread of access notifies it, so it must not
     * block.
     *
     * @param needed the rights that the connection cannot do without
     * @return ends the watch
     */
    default Runnable follow(Grant grant, Follower follower, Right... needed) {
        return () -> {};
    }

    /**
     * Watches a grant of this visit instead of another on which the same connection depended. The connection keeps its place
     * under the limits of its principal.
     *
     * @param before ends the watch of the other grant; this method runs it, if {@link #follow} or this method returned it
     * @return ends the watch
     */
    default Runnable followOn(Grant grant, Follower follower, Runnable before, Right... needed) {
        before.run();
        return follow(grant, follower, needed);
    }

    /**
     * Records in the audit log that a request for which a right was needed was answered.
     *
     * @param right the right that makes the request worth an entry: deletion, replacement, administration
     * @param detail the id of the blob, or the object of the administration; empty for none
     * @param status the status of the answer
     */
    default void done(Right right, String detail, int status) {}

    /**
     * Records in the audit log what the caller did with a document, where the right alone does not say it.
     *
     * @param event taken-in, held-dropped, undeleted or restored
     * @param detail the id of the held update, or the moment of the restoration; empty for none
     * @param status the status of the answer
     */
    default void decided(String document, String event, String detail, int status) {}

    /** Returns what a grant of this visit may still use of the limits of its principal and its tenant. */
    default Allowance allowance(Grant grant) {
        return Allowance.ALL;
    }

    /** A connection or stream that lasts as long as its grant. */
    interface Follower {
        /** The grant has ended. */
        void ended(Fault fault);

        /** The rights have changed; those that the connection needs are still among them. */
        void changed(Grant grant);

        /** Whether it counts against the limit of connections; above the limit it is notified at once that its grant has ended. */
        default boolean isConnection() {
            return false;
        }
    }

    /** As {@link #on}, but refuses unless the grant contains all of these rights. */
    default Decision demand(String document, @Nullable Purpose purpose, Right... rights) {
        Decision decision = on(document, purpose);
        if (decision instanceof Decision.Admitted admitted) {
            for (Right right : rights) {
                if (!admitted.grant().allows(right)) {
                    return new Decision.Refused(Fault.FORBIDDEN);
                }
            }
        }
        return decision;
    }
}
