package io.keck.access;

import java.util.Map;
import java.util.Set;

/**
 * What one caller may do with one document. There is no other way to one than {@link Caller#on}, so a part that demands a
 * grant cannot be reached without a decision. Immutable.
 */
public final class Grant {
    private final Caller caller;
    private final String document;
    private final Set<Right> rights;

    Grant(Caller caller, String document, Set<Right> rights) {
        this.caller = caller;
        this.document = document;
        this.rights = rights;
    }

    /** Who. */
    public Principal principal() {
        return caller.principal();
    }

    /** By which credential. */
    public Caller caller() {
        return caller;
    }

    /** The name of the document. */
    public String document() {
        return document;
    }

    /** Unmodifiable. */
    public Set<Right> rights() {
        return rights;
    }

    /** What the principal may take of this node. */
    public Limits limits() {
        return caller.limits();
    }

    /** For the log of changes, see {@link Attributes}. */
    public Map<String, String> attributes() {
        return caller.attributes();
    }

    /** Milliseconds since 1970 by the database's clock; {@link Caller#NEVER} without an end. */
    public long expiresAt() {
        return caller.expiresAt();
    }

    /** The number of the last revocation that was known when it was made. */
    public long version() {
        return caller.version();
    }

    /** Whether it contains that right. */
    public boolean allows(Right right) {
        return rights.contains(right);
    }

    @Override
    public String toString() {
        return "Grant[" + principal().id() + " " + rights + "]";
    }
}
