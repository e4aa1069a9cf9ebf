package io.keck.auth;

import io.keck.access.Caller;
import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Purpose;
import io.keck.access.Right;
import io.keck.access.Visit;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections that depend on a grant, checked twice a second. A connection ends with its grant. It is judged again after
 * a change of keys, on request, and, if the operator's back end decides, shortly before its grant ends: a later end in the
 * answer keeps the connection open. Thread-safe.
 */
final class Followers {
    private static final Logger LOG = LoggerFactory.getLogger(Followers.class);

    /** How long before its end a grant is renewed: a tenth of its duration, and at most this long. */
    private static final long MAX_RENEWAL_MILLIS = 60_000;

    private final Authenticator authenticator;
    private final Executor judge;
    private final Set<Following> all = ConcurrentHashMap.newKeySet();

    /** @param judge runs calls that may wait for the operator's back end */
    Followers(Authenticator authenticator, Executor judge) {
        this.authenticator = authenticator;
        this.judge = judge;
    }

    /** A connection. */
    private static final class Following {
        final Attempt attempt;
        final @Nullable Purpose purpose;
        final Visit.Follower follower;
        final Set<Right> needed;
        final AtomicBoolean ended = new AtomicBoolean();
        final AtomicBoolean renewing = new AtomicBoolean();
        volatile Grant grant;
        /** When the connection ends, and when the renewal of its grant begins; milliseconds since 1970. */
        volatile long expiresAt;

        volatile long renewAt;

        Following(Attempt attempt, @Nullable Purpose purpose, Visit.Follower follower, Set<Right> needed, Grant grant) {
            this.attempt = attempt;
            this.purpose = purpose;
            this.follower = follower;
            this.needed = needed;
            this.grant = grant;
        }

        void lastsUntil(long end, long now) {
            expiresAt = end;
            renewAt = end == Caller.NEVER ? end : end - Math.min(MAX_RENEWAL_MILLIS, Math.max(0, end - now) / 10);
        }
    }

    /** Adds a connection; running the result removes it. */
    Runnable add(Attempt attempt, @Nullable Purpose purpose, Grant grant, Visit.Follower follower, Set<Right> needed) {
        Following following = new Following(attempt, purpose, follower, needed, grant);
        long now = authenticator.now();
        following.lastsUntil(grant.expiresAt(), now);
        all.add(following);
        check(following, now); // a revocation may have arrived after the grant was made
        return () -> all.remove(following);
    }

    int size() {
        return all.size();
    }

    /** Ends connections whose grant has ended, and renews grants that end soon. */
    void tick() {
        long now = authenticator.now();
        boolean usable = authenticator.revocations().areUsable();
        for (Following following : all) {
            if (usable) {
                check(following, now);
            } else {
                end(following, Fault.UNAVAILABLE);
            }
        }
    }

    private void check(Following following, long now) {
        if (now >= following.expiresAt) {
            boolean comesAnew = following.attempt.isByCookie() || authenticator.isNamedByProxy(following.attempt);
            end(following, comesAnew ? Fault.STALE : Fault.EXPIRED);
        } else if (authenticator.revocations().revoke(following.grant.caller())) {
            end(following, Fault.REVOKED);
        } else if (now >= following.renewAt
                && isRenewable(following)
                && following.renewing.compareAndSet(false, true)) {
            judge.execute(() -> renew(following));
        }
    }

    /** Whether the operator's back end can renew the grant; nothing else can prolong one. */
    private boolean isRenewable(Following following) {
        return authenticator.hasHook() && !isByTicket(following.attempt);
    }

    private void renew(Following following) {
        try {
            long before = following.expiresAt;
            judge(following);
            if (following.expiresAt <= before && !following.ended.get()) { // a cached answer
                authenticator.forget(following.grant.principal().id());
                judge(following);
            }
        } finally {
            following.lastsUntil(following.expiresAt, authenticator.now()); // so that each further attempt comes later
            following.renewing.set(false);
        }
    }

    /**
     * Judges the connections of a principal to a document again; empty stands for all. Tickets are not judged again: they have
     * expired long ago, and their grants hold until they end or are revoked.
     */
    void judgeAgain(String principal, String document) {
        for (Following following : all) {
            boolean concerned =
                    (principal.isEmpty() || following.grant.principal().id().equals(principal))
                            && (document.isEmpty() || following.grant.document().equals(document));
            if (concerned && !isByTicket(following.attempt)) {
                judge(following);
            }
        }
    }

    /**
     * Prolongs the connections of a principal to a document after it showed a newer credential. Their rights stay the same:
     * a connection gets more rights only with a credential that it shows itself.
     */
    void extend(Revocations.Extension extension) {
        long now = authenticator.now();
        for (Following following : all) {
            Grant grant = following.grant;
            if (extension.until() > following.expiresAt
                    && grant.document().equals(extension.of().document())
                    && grant.principal().id().equals(extension.of().principal())) {
                following.lastsUntil(extension.until(), now);
            }
        }
    }

    private static boolean isByTicket(Attempt attempt) {
        Credential credential = attempt.credential();
        return credential != null && Tickets.isTicket(credential.text());
    }

    private void judge(Following following) {
        try {
            Caller caller = authenticator.find(following.attempt, following.grant.document(), following.purpose);
            Grant fresh = caller.on(following.grant.document());
            if (!fresh.rights().containsAll(following.needed)) {
                end(following, Fault.FORBIDDEN);
            } else if (!following.ended.get()) {
                boolean changed = !fresh.rights().equals(following.grant.rights());
                following.grant = fresh;
                if (isRenewable(following)) { // proxy headers were shown once, so judging them again prolongs nothing
                    following.lastsUntil(fresh.expiresAt(), authenticator.now());
                }
                if (changed) {
                    following.follower.changed(fresh);
                }
            }
        } catch (RefusedException e) {
            boolean isOver = e.fault() == Fault.EXPIRED || e.fault() == Fault.STALE;
            boolean extended = isOver && authenticator.now() < following.expiresAt;
            if (e.fault() != Fault.UNAVAILABLE
                    && !extended) { // while the judge is unavailable the connection stays as it is
                end(following, e.fault());
            }
        }
    }

    private void end(Following following, Fault fault) {
        all.remove(following);
        if (following.ended.compareAndSet(false, true)) {
            try {
                following.follower.ended(fault);
            } catch (RuntimeException e) {
                LOG.error("A connection whose grant has ended could not be closed", e);
            }
        }
    }
}
