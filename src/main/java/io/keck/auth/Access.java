package io.keck.auth;

import com.codahale.metrics.health.HealthCheck;
import io.dropwizard.lifecycle.Managed;
import io.keck.access.AccessStore;
import io.keck.access.Caller;
import io.keck.access.Revocation;
import io.keck.access.Visit;
import io.keck.thread.Loop;
import io.keck.thread.Threads;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.function.LongSupplier;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Access while the server runs: reads the revocations twice a second, watches the connections that depend on a grant, and
 * gives every request its visit. Thread-safe.
 */
final class Access implements Managed {
    private static final Logger LOG = LoggerFactory.getLogger(Access.class);
    private static final long TICK_MILLIS = 500;
    private static final long MEASURE_MILLIS = 1_000;
    /** How long the answer to a revocation waits for the other nodes. */
    private static final long ALL_NODES_MILLIS = 5_000;

    /** Threads that ask the operator's back end about connections whose grants end soon. */
    private static final int JUDGES = 4;
    /** Largest number of requests that wait for other nodes; each costs one query per turn of the loop. */
    static final int MAX_UNCONFIRMED = 100;

    private final Authenticator authenticator;
    private final AccessStore store;
    private final @Nullable ApiKeys keys;
    private final Attempt.CookieRule cookies;
    private final Usage usage;
    private final Extensions extensions;
    private final Audit audit;
    private final Followers followers;
    private final LongSupplier steady;
    private final Loop loop = Loop.every("access", TICK_MILLIS, this::tick);
    /** Measures what tenants have stored; null if no quota needs it. */
    private final @Nullable Loop measuring;
    /** Judges connections again. Apart from the loop, because the operator's back end may be slow to answer. */
    private final ExecutorService judge = Threads.pool("access-judge", JUDGES);

    /**
     * A stored revocation or recheck. Its request is answered when all nodes have carried it out.
     *
     * @param version the number of the row
     * @param until the latest time of the answer, in milliseconds of the steady clock
     * @param answer the labels of the nodes that have not carried it out
     */
    private record Unconfirmed(long version, long until, CompletableFuture<List<String>> answer) {}

    private final Queue<Unconfirmed> unconfirmed = new ConcurrentLinkedQueue<>();
    private long generation;
    private boolean failing;

    Access(
            Authenticator authenticator,
            AccessStore store,
            @Nullable ApiKeys keys,
            Attempt.CookieRule cookies,
            Audit audit,
            Tenants tenants,
            LongSupplier steady) {
        this.authenticator = authenticator;
        this.store = store;
        this.keys = keys;
        this.cookies = cookies;
        this.usage = new Usage(tenants, steady);
        this.audit = audit;
        this.followers = new Followers(authenticator, judge);
        this.extensions = new Extensions(store, judge);
        this.steady = steady;
        this.generation = authenticator.generation();
        this.measuring = tenants.areMeasured() ? Loop.every("tenants", MEASURE_MILLIS, tenants::turn) : null;
    }

    @Override
    public void start() {
        authenticator.revocations().confirm(true);
        loop.start();
        if (measuring != null) {
            measuring.start();
        }
    }

    @Override
    public void stop() {
        loop.stop();
        if (measuring != null) {
            measuring.stop();
        }
        judge.shutdownNow();
        unconfirmed.forEach(
                one -> one.answer().completeExceptionally(new IllegalStateException("the node is stopping")));
    }

    /** Runs one turn of the loop: reads new rows and carries them out. */
    synchronized void tick() {
        if (keys != null) {
            keys.look();
        }
        Revocations.Read read = read();
        long now = authenticator.generation();
        if (now != generation) {
            generation = now;
            judge.execute(() -> followers.judgeAgain("", ""));
        }
        if (read.any()) {
            authenticator.forget("");
        }
        read.extensions().forEach(followers::extend); // before the tick, which ends expired connections
        followers.tick();
        for (Revocations.Recheck recheck : read.rechecks()) {
            judge.execute(() -> followers.judgeAgain(recheck.principal(), recheck.document()));
        }
        authenticator.revocations().confirm(read.any());
        unconfirmed.removeIf(one -> isAnswered(one, steady.getAsLong() >= one.until()));
    }

    private Revocations.Read read() {
        try {
            Revocations.Read read = authenticator.revocations().poll();
            failing = false;
            return read;
        } catch (RuntimeException e) {
            if (!failing) {
                LOG.warn(
                        "Reading the revocations failed; after {} s of failures this node refuses new credentials",
                        Revocations.FRESH_MILLIS / 1_000);
            }
            failing = true;
            return Revocations.Read.NOTHING;
        }
    }

    /** Returns the visit of a request. */
    Visit visit(Request request) {
        return new RequestVisit(
                authenticator, followers, extensions, usage, audit, Attempt.of(request, cookies, authenticator.now()));
    }

    /** Reports whether this node knows the current revocations. */
    HealthCheck.Result health() {
        return authenticator.revocations().areFresh()
                ? HealthCheck.Result.healthy()
                : HealthCheck.Result.unhealthy("Reading the revocations has failed for more than "
                        + Revocations.FRESH_MILLIS / 1_000
                        + " s; this node refuses credentials that it has not checked before.");
    }

    /** Returns the table of the audit log; null if none is configured. */
    @Nullable
    AuditTable auditTable() {
        return audit.table();
    }

    int following() {
        return followers.size();
    }

    /**
     * Revokes credentials on all nodes.
     *
     * @param before ends credentials issued up to this time, in milliseconds since 1970; 0 stands for now
     * @return the nodes that have not carried it out. Completes when there are none, after five seconds at the latest, and at
     *     once if {@value #MAX_UNCONFIRMED} requests wait already; fails if the database or this node goes away after the
     *     revocation was stored
     */
    CompletableFuture<List<String>> revoke(Caller by, Revocation.Kind kind, String subject, long before) {
        Revocation row = store.revoke(kind, subject, before);
        audit.revoked(by.principal().id(), row);
        return everywhere(row);
    }

    /** Makes all nodes judge connections again; the result completes as that of {@link #revoke} does. */
    CompletableFuture<List<String>> recheck(Caller by, String principal, String document) {
        audit.recheck(by.principal().id(), principal, document);
        String subject = new Revocations.Recheck(principal, document).subject();
        return everywhere(store.revoke(Revocation.Kind.RECHECK, subject, 0));
    }

    private CompletableFuture<List<String>> everywhere(Revocation row) {
        Unconfirmed one =
                new Unconfirmed(row.version(), steady.getAsLong() + ALL_NODES_MILLIS, new CompletableFuture<>());
        tick(); // carried out here at once, without waiting for the loop
        if (!isAnswered(one, unconfirmed.size() >= MAX_UNCONFIRMED)) {
            unconfirmed.add(one);
        }
        return one.answer();
    }

    private boolean isAnswered(Unconfirmed one, boolean waitsNoMore) {
        try {
            List<String> behind = store.behind(one.version(), Revocations.FRESH_MILLIS);
            return (behind.isEmpty() || waitsNoMore) && one.answer().complete(behind);
        } catch (RuntimeException e) {
            one.answer().completeExceptionally(e);
            return true;
        }
    }
}
