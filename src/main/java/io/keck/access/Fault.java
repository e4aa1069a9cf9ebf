package io.keck.access;

/** The reason why a request is refused. The sentences reveal nothing about the credential or the document. */
public enum Fault {
    /** The request has no credential. */
    MISSING(401, "A credential is needed."),
    /** The credential is malformed, not signed by a known key, or meant for another server or purpose. */
    BAD(401, "The credential is not valid."),
    /** The credential has expired. */
    EXPIRED(401, "The credential has expired."),
    /**
     * The credential has expired, and the sender will show a newer one by itself when it reconnects: a cookie, or
     * headers of a proxy.
     */
    STALE(401, "The credential must be shown again; please reconnect."),
    /** The credential is not valid yet. */
    NOT_YET(401, "The credential is not valid yet."),
    /** An operator revoked the credential. */
    REVOKED(401, "The credential was revoked."),
    /** The credential is valid and lacks the right. */
    FORBIDDEN(403, "The credential does not allow this."),
    /** There were too many failed attempts from the address. */
    TOO_MANY(429, "Too many failed attempts came from this address; please wait."),
    /** The request exceeds a limit of the credential. */
    LIMIT(429, "This is more than the limit of the credential; please wait."),
    /** The tenant of the document has reached its quota of documents or bytes. */
    QUOTA(507, "The tenant of this document has used up its quota; deletions free space."),
    /** The service that decides does not answer. */
    UNAVAILABLE(503, "Credentials cannot be checked now, please try again.");

    private final int status;
    private final String sentence;

    Fault(int status, String sentence) {
        this.status = status;
        this.sentence = sentence;
    }

    /** The HTTP status. */
    public int status() {
        return status;
    }

    /** The sentence for people. */
    public String sentence() {
        return sentence;
    }
}
