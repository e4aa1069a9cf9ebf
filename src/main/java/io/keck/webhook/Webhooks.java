package io.keck.webhook;

import io.dropwizard.lifecycle.Managed;
import io.keck.access.Grant;
import io.keck.access.Right;
import io.keck.failure.Forbidden;
import io.keck.failure.Unavailable;
import io.keck.feed.Cursors;
import io.keck.feed.Hooks;
import io.keck.room.RepeatedWarning;
import io.keck.thread.Loop;
import io.keck.thread.OutOfMemory;
import io.keck.thread.Threads;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The interface of webhooks to the rest of Keck: the endpoint, the figures, and the loop that delivers. Thread-safe.
 */
public final class Webhooks implements Hooks, Managed {
    private static final Logger LOG = LoggerFactory.getLogger(Webhooks.class);
    private static final RepeatedWarning UNAVAILABLE = new RepeatedWarning(LOG, () -> System.nanoTime() / 1_000_000);
    static final String ADDRESS_REFUSED = "The host of the endpoint cannot be used: all its addresses must be"
            + " public, unless the configuration allows others.";

    private static final int MAX_URL = 2_000;
    private static final long STEP_MILLIS = 200;
    private static final long IDLE_MILLIS = 2_000;
    private static final long AFTER_FAILURE_MILLIS = 1_000;
    private static final long JOIN_MILLIS = 10_000;
    private static final long PATIENCE_MILLIS = 120_000;

    private final Cursors cursors;
    private final Deliverer deliverer;
    private final Lease lease;
    private final String configured;
    private final boolean allowPrivate;
    private final Ports ports;
    private final Resolver resolver;
    private final ExecutorService requests = Threads.pool("webhook-set", 1);
    private final Loop loop = Loop.paced("webhook", PATIENCE_MILLIS, this::turn);
    private boolean ready;
    private volatile boolean hurry;

    Webhooks(
            Cursors cursors,
            Deliverer deliverer,
            Lease lease,
            String configured,
            boolean allowPrivate,
            Ports ports,
            Resolver resolver) {
        this.ports = ports;
        this.resolver = resolver;
        this.cursors = cursors;
        this.lease = lease;
        this.deliverer = deliverer;
        this.configured = configured;
        this.allowPrivate = allowPrivate;
        this.ready = configured.isEmpty();
    }

    // ------------------------------------------------------------------ endpoint

    @Override
    public CompletionStage<Void> set(Grant grant, String url) {
        try {
            grant.demandOnServer(Right.ADMIN);
            return CompletableFuture.runAsync(
                    () -> {
                        if (!url.isEmpty()) {
                            check(url, allowPrivate, ports, resolver);
                        }
                        cursors.set(url, allowPrivate);
                        hurry = true;
                        loop.wake();
                    },
                    requests);
        } catch (Forbidden e) {
            return CompletableFuture.failedStage(e);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedStage(Unavailable.database(e));
        }
    }

    /**
     * Checks the form of an endpoint.
     *
     * @throws RefusedException if deliveries to it are impossible
     */
    static URI checkForm(String url) {
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException e) {
            throw new RefusedException("The endpoint is not a URL.");
        }
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        String host = uri.getHost();
        if (!(scheme.equals("http") || scheme.equals("https")) || host == null || host.isEmpty()) {
            throw new RefusedException("The endpoint must be an http or https URL with a host.");
        }
        if (uri.getRawUserInfo() != null || uri.getRawFragment() != null || url.length() > MAX_URL) {
            throw new RefusedException(
                    "The endpoint may have neither a password nor a fragment, and " + MAX_URL + " characters at most.");
        }
        return uri;
    }

    /**
     * Judges an endpoint.
     *
     * @param trusted whether all addresses are allowed
     * @param ports the allowed ports of an endpoint that is not trusted
     * @throws RefusedException if deliveries to it are impossible or forbidden
     */
    static void check(String url, boolean trusted, Ports ports, Resolver resolver) {
        URI uri = checkForm(url);
        if (trusted) {
            return; // any address is allowed, and the host need not resolve now
        }
        String host = uri.getHost();
        int port = uri.getPort() >= 0 ? uri.getPort() : uri.getScheme().equalsIgnoreCase("https") ? 443 : 80;
        if (!ports.accept(port)) {
            throw new RefusedException("The port of the endpoint is not one of webhook.ports of the configuration.");
        }
        try {
            resolver.resolve(host.startsWith("[") ? host.substring(1, host.length() - 1) : host);
        } catch (UnknownHostException e) {
            // one sentence for all cases, so that it does not reveal which internal names exist
            throw new RefusedException(ADDRESS_REFUSED);
        }
    }

    /**
     * Runs a task, which may wait for the database, after those that were given before.
     *
     * @throws RejectedExecutionException once this is stopped
     */
    void execute(Runnable task) {
        requests.execute(task);
    }

    // ------------------------------------------------------------------ state of delivery

    /** Records that this node has written to a room. */
    void written(long roomId) {
        deliverer.written(roomId);
    }

    /** The number of rooms with changes that the receiver has not accepted; 0 on nodes that do not deliver. */
    int backlog() {
        return deliverer.backlog();
    }

    /** The age in seconds of the oldest change that the receiver has not accepted; 0 on nodes that do not deliver. */
    double oldestSeconds() {
        return deliverer.oldestSeconds();
    }

    /** The seconds for which the receiver has accepted nothing. */
    double failingSeconds() {
        return deliverer.failingSeconds();
    }

    // ------------------------------------------------------------------ the thread

    @Override
    public void start() {
        loop.start();
    }

    private long turn() {
        try {
            if (!ready) {
                check(configured, true, ports, resolver);
                cursors.configure(configured);
                ready = true;
            }
            if (hurry) {
                hurry = false;
                lease.hurry();
            }
            deliverer.step();
            return deliverer.isActive() ? STEP_MILLIS : IDLE_MILLIS;
        } catch (RefusedException e) {
            LOG.error("HOOK_ENDPOINT cannot be used: {}", e.getMessage());
            ready = true;
            return 0;
        } catch (Unavailable e) {
            OutOfMemory.check(e);
            UNAVAILABLE.warn("Changes cannot be delivered now; trying again: " + e.getMessage());
            return AFTER_FAILURE_MILLIS;
        } catch (RuntimeException | Error e) {
            OutOfMemory.check(e);
            deliverer.forget(); // the next turn starts from the state in the database
            throw e;
        }
    }

    @Override
    public void stop() throws InterruptedException {
        loop.stop(JOIN_MILLIS);
        requests.shutdownNow();
        resolver.close();
        try {
            lease.release();
        } catch (Unavailable e) {
            LOG.debug("The webhook lease was not released; another node delivers once it has expired", e);
        }
    }
}
