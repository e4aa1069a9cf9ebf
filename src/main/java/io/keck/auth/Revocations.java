package io.keck.auth;

import io.keck.access.AccessStore;
import io.keck.access.Caller;
import io.keck.access.Revocation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The revocations in the database, as far as this node has read them. If reading them fails for ten seconds, this node
 * refuses credentials that it has not checked before; if it fails for {@code maxAge}, the node refuses all and ends open
 * connections. Thread-safe.
 */
final class Revocations {
    private static final Logger LOG = LoggerFactory.getLogger(Revocations.class);
    /** After this long without reading revocations, new credentials are refused. */
    static final long FRESH_MILLIS = 10_000;

    private static final int PAGE = 1_000;
    /** How far an issuer may round a time down: tokens have whole seconds. */
    private static final long SECOND = 1_000;

    private final AccessStore store;
    private final String node;
    private final LongSupplier steady;
    private final long maxAgeMillis;
    private final Map<String, Long> principals = new ConcurrentHashMap<>();
    private final Map<String, Long> tokens = new ConcurrentHashMap<>();
    private volatile long issuedBefore = -1;
    private volatile long version;
    private volatile long readAt;
    private long confirmedAt = Long.MIN_VALUE / 2;

    /**
     * Creates the revocations and reads all of them.
     *
     * @param node the label of this node
     * @param steady milliseconds of a steady clock
     * @param maxAgeMillis how long an open grant outlives the connection to the database
     */
    Revocations(AccessStore store, String node, LongSupplier steady, long maxAgeMillis) {
        this.store = store;
        this.node = node;
        this.steady = steady;
        this.maxAgeMillis = maxAgeMillis;
        var unused = poll();
    }

    /**
     * What one poll has read.
     *
     * @param any whether there was anything apart from extensions
     * @param rechecks connections to judge again
     * @param extensions connections that last longer
     */
    record Read(boolean any, List<Recheck> rechecks, List<Extension> extensions) {
        static final Read NOTHING = new Read(false, List.of(), List.of());
    }

    /** Connections of a principal to a document may last until the given time, in milliseconds since 1970. */
    record Extension(Recheck of, long until) {}

    /** Connections of a principal to a document have to be judged again; empty stands for all. */
    record Recheck(String principal, String document) {
        static Recheck of(String subject) {
            int line = subject.indexOf('\n');
            return line < 0
                    ? new Recheck(subject, "")
                    : new Recheck(subject.substring(0, line), subject.substring(line + 1));
        }

        String subject() {
            return principal + "\n" + document;
        }
    }

    /**
     * Reads rows that were added since the last poll.
     *
     * @throws RuntimeException if the database does not answer
     */
    synchronized Read poll() {
        long before = steady.getAsLong();
        boolean any = false;
        List<Recheck> rechecks = new ArrayList<>();
        List<Extension> extensions = new ArrayList<>();
        for (List<Revocation> page = store.after(version, PAGE); ; page = store.after(version, PAGE)) {
            for (Revocation revocation : page) {
                any |= revocation.kind() != Revocation.Kind.EXTENSION;
                take(revocation, rechecks, extensions);
            }
            if (page.size() < PAGE) {
                break;
            }
        }
        readAt = before;
        return new Read(any, rechecks, extensions);
    }

    private void take(Revocation revocation, List<Recheck> rechecks, List<Extension> extensions) {
        switch (revocation.kind()) {
            case PRINCIPAL -> principals.merge(revocation.subject(), revocation.before(), Math::max);
            case TOKEN -> tokens.merge(revocation.subject(), revocation.before(), Math::max);
            case ISSUED_BEFORE -> issuedBefore = Math.max(issuedBefore, revocation.before());
            case RECHECK -> rechecks.add(Recheck.of(revocation.subject()));
            case EXTENSION -> extensions.add(new Extension(Recheck.of(revocation.subject()), revocation.before()));
        }
        version = Math.max(version, revocation.version());
    }

    /** Tells the other nodes what this node has carried out: after each change, and every few seconds as a sign of life. */
    synchronized void confirm(boolean changed) {
        long now = steady.getAsLong();
        if (changed || now - confirmedAt >= FRESH_MILLIS / 3) {
            try {
                store.confirm(node, version);
                confirmedAt = now;
            } catch (RuntimeException e) {
                LOG.debug("Storing the sign of life of access failed", e);
            }
        }
    }

    /** Returns the number of the newest row that was read. */
    long version() {
        return version;
    }

    /** Whether credentials that were not checked before may be accepted. */
    boolean areFresh() {
        return steady.getAsLong() - readAt <= FRESH_MILLIS;
    }

    /** Whether open connections and cached callers may go on. */
    boolean areUsable() {
        return steady.getAsLong() - readAt <= maxAgeMillis;
    }

    /** Whether a credential was revoked. One without a time of issue is ended by every revocation of its principal. */
    boolean revoke(Caller caller) {
        return revoke(caller.principal().id(), caller.tokenId(), caller.issuedAt());
    }

    boolean revoke(String principal, String tokenId, long issuedAt) {
        if (version == 0) {
            return false;
        }
        long second = issuedAt - issuedAt % SECOND;
        return second <= issuedBefore || isIn(principals, principal, second) || isIn(tokens, tokenId, 0);
    }

    private static boolean isIn(Map<String, Long> revoked, String subject, long second) {
        Long before = subject.isEmpty() ? null : revoked.get(subject);
        return before != null && second <= before;
    }
}
