package io.keck.linearizability;

/**
 * Something that a run showed and that must not be.
 *
 * @param document the document it is about, or empty
 * @param text for people; with the calls that show it
 */
record Finding(Kind kind, String document, String text) {
    enum Kind {
        /** No order of the calls explains the answers. */
        NOT_LINEARIZABLE,
        /** The search was given up. */
        UNDECIDED,
        /** The server failed: 500. */
        SERVER_ERROR,
        /** A status that the contract does not have for this call. */
        UNEXPECTED_STATUS,
        /** A forced init that kept the document. */
        FORCE_KEPT,
        /** An answer to a creation that tells of another life than the one it made. */
        ANSWER_OF_ANOTHER_LIFE,
        /** What was answered as not done was done. */
        REFUSED_BUT_APPLIED,
        /** An entry is in a list more than once. */
        APPLIED_TWICE,
        /** A value that no client wrote. */
        PHANTOM,
        /** Entries of a list are out of order. */
        ORDER,
        /** A list has one order for one reader and another for another. */
        TWO_ORDERS,
        /** Nodes, sockets, exports or event streams do not end equal. */
        NOT_CONVERGED,
        /** An event stream lacks or repeats something, or tells of another life. */
        EVENTS,
        /** A webhook lacks or repeats something, or tells of another life. */
        WEBHOOKS,
        /** A newcomer's socket is refused though the document exists. */
        SOCKET_REFUSED
    }

    @Override
    public String toString() {
        return kind + (document.isEmpty() ? "" : " in " + document) + ": " + text;
    }
}
