package io.keck.access;

import io.keck.failure.Forbidden;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The rights of one caller on one document. Grants are made only by {@link Caller#on} and, for Keck's own work, by
 * {@link #ofKeck}, so a part that demands a grant cannot be reached without a decision. Every part demands the right that it
 * needs ({@link #demand}), whatever was demanded before. Immutable.
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

    /**
     * A grant for work that Keck does on its own, not on behalf of a caller. A test lists the classes that may call this.
     *
     * @param rights which it needs for that
     */
    public static Grant ofKeck(String document, Right... rights) {
        return new Grant(Caller.KECK, document, Set.copyOf(EnumSet.copyOf(Set.of(rights))));
    }

    /** The principal of the caller. */
    public Principal principal() {
        return caller.principal();
    }

    /** The caller, with its credential. */
    public Caller caller() {
        return caller;
    }

    /** The name of the document. */
    public String document() {
        return document;
    }

    /** The rights; unmodifiable. */
    public Set<Right> rights() {
        return rights;
    }

    /** The limits of the principal on this node. */
    public Limits limits() {
        return caller.limits();
    }

    /** The attributes recorded with changes, see {@link Attributes}. */
    public Map<String, String> attributes() {
        return caller.attributes();
    }

    /** The expiry in milliseconds since 1970 by the database's clock; {@link Caller#NEVER} if there is none. */
    public long expiresAt() {
        return caller.expiresAt();
    }

    /** The number of the last revocation that was known when the grant was created. */
    public long version() {
        return caller.version();
    }

    /** Whether the grant contains a right. */
    public boolean allows(Right right) {
        return rights.contains(right);
    }

    /**
     * The same grant, with one more attribute that is recorded with the changes made under it. For Keck, to say what kind of
     * change it is: the limits of {@link Attributes} are those of credentials.
     */
    public Grant noting(String attribute, String value) {
        Map<String, String> attributes = new TreeMap<>(caller.attributes());
        attributes.put(attribute, value);
        Caller noting = new Caller(
                caller.principal(),
                caller.tokenId(),
                caller.rules(),
                caller.limits(),
                Collections.unmodifiableMap(attributes),
                caller.issuedAt(),
                caller.expiresAt(),
                caller.version());
        return new Grant(noting, document, rights);
    }

    /**
     * Fails if this grant lacks one of the rights on the document.
     *
     * @throws Forbidden if this does not contain all of them
     */
    public void demand(Right... needed) {
        for (Right right : needed) {
            if (!rights.contains(right)) {
                throw new Forbidden(right.text());
            }
        }
    }

    /**
     * Fails if this grant lacks a right on the server as a whole.
     *
     * @throws Forbidden if the caller has no such right
     */
    public void demandOnServer(Right right) {
        if (!caller.onServer().contains(right)) {
            throw new Forbidden(right.text());
        }
    }

    @Override
    public String toString() {
        return "Grant[" + principal().id() + " " + rights + "]";
    }
}
