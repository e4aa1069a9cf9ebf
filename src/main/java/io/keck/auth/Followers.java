package io.keck.auth;

import io.keck.access.Caller;
import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Purpose;
import io.keck.access.Right;
import io.keck.access.Visit;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections that live by a grant. Looked through twice a second: each ends with its grant, and is judged anew after a
 * change of keys or on request. Thread-safe.
 */
final class Followers {
    private static final Logger LOG = LoggerFactory.getLogger(Followers.class);

    private final Authenticator authenticator;
    private final Set<Following> all = ConcurrentHashMap.newKeySet();

    Followers(Authenticator authenticator) {
        this.authenticator = authenticator;
    }

    /** One connection. */
    private static final class Following {
        final Attempt attempt;
        final @Nullable Purpose purpose;
        final Visit.Follower follower;
        final Set<Right> needed;
        final AtomicBoolean ended = new AtomicBoolean();
        volatile Grant grant;

        Following(Attempt attempt, @Nullable Purpose purpose, Visit.Follower follower, Set<Right> needed, Grant grant) {
            this.attempt = attempt;
            this.purpose = purpose;
            this.follower = follower;
            this.needed = needed;
            this.grant = grant;
        }
    }

    /** Adds a connection; what is returned removes it. */
    Runnable add(Attempt attempt, @Nullable Purpose purpose, Grant grant, Visit.Follower follower, Set<Right> needed) {
        Following following = new Following(attempt, purpose, follower, needed, grant);
        all.add(following);
        check(following, authenticator.now()); // a revocation may have come since the grant was made
        return () -> all.remove(following);
    }

    int size() {
        return all.size();
    }

    /** Ends those whose grant has ended. */
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
        Caller caller = following.grant.caller();
        if (now >= caller.expiresAt()) {
            end(following, Fault.EXPIRED);
        } else if (authenticator.revocations().revoke(caller)) {
            end(following, Fault.REVOKED);
        }
    }

    /**
     * Judges those of that principal and that document again; empty stands for all. A ticket is not judged again: it has
     * ended long ago, and its grant holds until it ends or is revoked.
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
                if (changed) {
                    following.follower.changed(fresh);
                }
            }
        } catch (RefusedException e) {
            if (e.fault() != Fault.UNAVAILABLE) { // that it cannot be judged now does not end what was good
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
