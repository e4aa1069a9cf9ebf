package io.keck.auth;

import io.keck.access.Allowance;
import io.keck.access.Caller;
import io.keck.access.Decision;
import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Purpose;
import io.keck.access.Right;
import io.keck.access.Visit;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/** The visit of one request. Its ticket is judged once, so a ticket for a single use serves the whole request. */
final class RequestVisit implements Visit {
    private final Authenticator authenticator;
    private final Followers followers;
    private final Extensions extensions;
    private final Usage usage;
    private final Audit audit;
    private final Attempt attempt;
    private @Nullable Asked asked;

    /** The last question and its answer, which may be still to come. */
    private record Asked(
            @Nullable String document, @Nullable Purpose purpose, FutureTask<Decision> answer) {
        boolean is(@Nullable String otherDocument, @Nullable Purpose otherPurpose) {
            return purpose == otherPurpose && Objects.equals(document, otherDocument);
        }

        /** The answer, as soon as the thread that asks has it. Throws what judging has thrown. */
        Decision decision() {
            boolean isInterrupted = false;
            while (true) {
                try {
                    Decision decision = answer.get();
                    if (isInterrupted) {
                        Thread.currentThread().interrupt();
                    }
                    return decision;
                } catch (InterruptedException e) {
                    isInterrupted = true; // judging takes a bounded time
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof RuntimeException unchecked) {
                        throw unchecked;
                    } else if (e.getCause() instanceof Error error) {
                        throw error;
                    }
                    throw new IllegalStateException("the credential could not be judged", e);
                }
            }
        }
    }

    RequestVisit(
            Authenticator authenticator,
            Followers followers,
            Extensions extensions,
            Usage usage,
            Audit audit,
            Attempt attempt) {
        this.authenticator = authenticator;
        this.followers = followers;
        this.extensions = extensions;
        this.usage = usage;
        this.audit = audit;
        this.attempt = attempt;
    }

    @Override
    public Visit showing(String credential) {
        return new RequestVisit(authenticator, followers, extensions, usage, audit, attempt.showing(credential));
    }

    @Override
    public Decision on(String document, @Nullable Purpose purpose) {
        return decide(document, purpose);
    }

    @Override
    public Decision onServer(Right right) {
        Decision decision = decide(null, null);
        if (decision instanceof Decision.Admitted admitted
                && !admitted.grant().caller().onServer().contains(right)) {
            return forbidden(admitted.grant(), null, right);
        }
        return decision;
    }

    @Override
    public Decision demand(String document, @Nullable Purpose purpose, Right... rights) {
        Decision decision = on(document, purpose);
        if (decision instanceof Decision.Admitted admitted) {
            for (Right right : rights) {
                if (!admitted.grant().allows(right)) {
                    return forbidden(admitted.grant(), document, right);
                }
            }
        }
        return decision;
    }

    private Decision forbidden(Grant grant, @Nullable String document, Right right) {
        audit.refused(attempt, grant.principal().id(), document, Fault.FORBIDDEN, right);
        return new Decision.Refused(Fault.FORBIDDEN);
    }

    @Override
    public void done(Right right, String detail, int status) {
        Asked last;
        synchronized (this) {
            last = asked;
        }
        if (last == null || !(last.decision() instanceof Decision.Admitted admitted)) {
            return;
        }
        switch (right) {
            case DELETE -> audit.removed(attempt, admitted.grant(), "deleted", detail, status);
            case REPLACE -> audit.removed(attempt, admitted.grant(), "replaced", detail, status);
            case PURGE -> audit.removed(attempt, admitted.grant(), "purged", detail, status);
            case BLOB_DELETE -> audit.removed(attempt, admitted.grant(), "blob-deleted", detail, status);
            case ADMIN, OPERATE -> audit.operated(admitted.grant().principal().id(), detail, status);
            default -> {}
        }
    }

    @Override
    public void decided(String document, String event, String id, int status) {
        if (on(document, null) instanceof Decision.Admitted admitted) {
            audit.removed(attempt, admitted.grant(), event, id, status);
        }
    }

    /** Answers the last question once more without judging again. Other questions do not wait for it. */
    private Decision decide(@Nullable String document, @Nullable Purpose purpose) {
        Asked now;
        synchronized (this) {
            Asked before = asked;
            now = before != null && before.is(document, purpose)
                    ? before
                    : new Asked(document, purpose, new FutureTask<>(() -> judge(document, purpose)));
            asked = now;
        }
        now.answer().run(); // does nothing if another thread has begun
        try {
            return now.decision();
        } catch (RuntimeException | Error e) {
            forget(now);
            throw e;
        }
    }

    private synchronized void forget(Asked failed) {
        if (failed.equals(asked)) {
            asked = null;
        }
    }

    private Decision judge(@Nullable String document, @Nullable Purpose purpose) {
        try {
            Caller caller = authenticator.find(attempt, document, purpose);
            int wait = usage.request(caller, attempt.address(), document);
            if (wait > 0) {
                audit.refused(attempt, caller.principal().id(), document, Fault.LIMIT, null);
                return new Decision.Refused(Fault.LIMIT, wait);
            }
            return new Decision.Admitted(caller.on(document == null ? "" : document));
        } catch (RefusedException e) {
            audit.refused(attempt, "", document, e.fault(), null);
            return new Decision.Refused(e.fault(), retryAfter(e.fault()));
        }
    }

    private int retryAfter(Fault fault) {
        return switch (fault) {
            case TOO_MANY -> Math.max(1, authenticator.wait(attempt.address()));
            case UNAVAILABLE -> 1;
            case MISSING, BAD, EXPIRED, STALE, NOT_YET, REVOKED, FORBIDDEN, LIMIT, QUOTA -> 0;
        };
    }

    @Override
    public Ticket ticket(Grant grant, Purpose purpose, boolean once) {
        extensions.shown(grant);
        return authenticator.tickets().make(grant, purpose, once, authenticator.now());
    }

    @Override
    public Ticket clientTicket(Grant grant, boolean readOnly, long millis, String user) {
        return authenticator.tickets().makeForClient(grant, readOnly, millis, user, authenticator.now());
    }

    @Override
    public Runnable follow(Grant grant, Follower follower, Right... needed) {
        Runnable leave = follower.isConnection() ? usage.enter(grant, attempt.address()) : () -> {};
        if (leave == null) {
            follower.ended(Fault.LIMIT);
            return () -> {};
        }
        return new Followed(grant, watch(grant, follower, needed), leave);
    }

    private Runnable watch(Grant grant, Follower follower, Right... needed) {
        Asked before;
        synchronized (this) {
            before = asked;
        }
        if (follower.isConnection()) {
            audit.admitted(attempt, grant);
        }
        return followers.add(attempt, before == null ? null : before.purpose(), grant, follower, Set.of(needed));
    }

    /**
     * A watched connection.
     *
     * @param unfollow ends the watch
     * @param leave frees the connection's place among those of its principal
     */
    private record Followed(Grant grant, Runnable unfollow, Runnable leave) implements Runnable {
        @Override
        public void run() {
            unfollow.run();
            leave.run();
        }
    }

    @Override
    public Runnable followOn(Grant grant, Follower follower, Runnable before, Right... needed) {
        if (before instanceof Followed followed
                && followed.grant().principal().equals(grant.principal())
                && followed.grant().document().equals(grant.document())) {
            followed.unfollow().run();
            return new Followed(grant, watch(grant, follower, needed), followed.leave());
        }
        before.run();
        return follow(grant, follower, needed);
    }

    @Override
    public Allowance allowance(Grant grant) {
        return usage.of(grant, attempt.address());
    }
}
