package io.keck.access;

/** Why a request is refused. The sentences show nothing of the credential and nothing of the document. */
public enum Fault {
    /** There is none. */
    MISSING(401, "A credential is needed."),
    /** It is not good: malformed, not signed by a known key, for another server, or of another purpose. */
    BAD(401, "The credential is not valid."),
    /** It was good once. */
    EXPIRED(401, "The credential has expired."),
    /** It was good, and its sender shows a newer one by itself when it comes again: a cookie, or headers of a proxy. */
    STALE(401, "The credential must be shown again; please reconnect."),
    /** It will be good later. */
    NOT_YET(401, "The credential is not valid yet."),
    /** It was ended by an operator. */
    REVOKED(401, "The credential was revoked."),
    /** It is good, and does not contain the right. */
    FORBIDDEN(403, "The credential does not allow this."),
    /** Too many failed attempts from that address. */
    TOO_MANY(429, "Too many failed attempts came from this address; please wait."),
    /** More requests than the credential's limit. */
    LIMIT(429, "This is more than the limit of the credential; please wait."),
    /** The tenant of the document has as many documents, or has stored as many bytes, as it may. */
    QUOTA(507, "The tenant of this document has used up its quota; what is deleted makes room."),
    /** Whatever decides does not answer. */
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

    /** For people. */
    public String sentence() {
        return sentence;
    }
}
