package io.keck.webhook;

import io.dropwizard.lifecycle.Managed;
import io.keck.feed.Cursors;
import io.keck.feed.FeedUnavailableException;
import io.keck.feed.Hooks;
import io.keck.room.RepeatedWarning;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The webhooks as the rest of Keck sees them: the endpoint, the state of delivery, and the thread that delivers.
 * Thread-safe.
 */
public final class Webhooks implements Hooks, Managed {
    private static final Logger LOG = LoggerFactory.getLogger(Webhooks.class);
    private static final RepeatedWarning UNAVAILABLE = new RepeatedWarning(LOG, () -> System.nanoTime() / 1_000_000);
    private static final int MAX_URL = 2_000;
    private static final long STEP_NANOS = 200_000_000;
    private static final long IDLE_NANOS = 2_000_000_000;
    private static final long AFTER_FAILURE_NANOS = 1_000_000_000;
    private static final long JOIN_MILLIS = 10_000;

    private final Cursors cursors;
    private final Deliverer deliverer;
    private final Lease lease;
    private final String configured;
    private final boolean allowPrivate;
    private final Thread thread = new Thread(this::run, "webhook");
    private final ExecutorService requests = Executors.newSingleThreadExecutor(r -> {
        Thread setter = new Thread(r, "webhook-set");
        setter.setDaemon(true);
        return setter;
    });
    private volatile boolean stopping;
    private volatile boolean hurry;

    Webhooks(Cursors cursors, Deliverer deliverer, Lease lease, String configured, boolean allowPrivate) {
        this.cursors = cursors;
        this.lease = lease;
        this.deliverer = deliverer;
        this.configured = configured;
        this.allowPrivate = allowPrivate;
        thread.setDaemon(true);
    }

    private void wake() {
        LockSupport.unpark(thread);
    }

    // ------------------------------------------------------------------ endpoint

    @Override
    public CompletionStage<Void> set(String url) {
        try {
            return CompletableFuture.runAsync(
                    () -> {
                        if (!url.isEmpty()) {
                            check(url, allowPrivate);
                        }
                        cursors.set(url, allowPrivate);
                        hurry = true;
                        wake();
                    },
                    requests);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedStage(new FeedUnavailableException(e));
        }
    }

    /**
     * Checks an endpoint.
     *
     * @param trusted whether it may have any address
     * @throws RefusedException if deliveries to it are impossible or not allowed
     */
    static void check(String url, boolean trusted) {
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException e) {
            throw new RefusedException("The endpoint is not a URL.");
        }
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        String host = uri.getHost();
        if (!(scheme.equals("http") || scheme.equals("https")) || host == null || host.isEmpty()) {
            throw new RefusedException("The endpoint has to be an http or https URL with a host.");
        }
        if (uri.getRawUserInfo() != null || uri.getRawFragment() != null || url.length() > MAX_URL) {
            throw new RefusedException(
                    "The endpoint may have neither a password nor a fragment, and " + MAX_URL + " characters at most.");
        }
        if (trusted) {
            return; // any address is allowed, and the host need not resolve now
        }
        try {
            AddressGuard.resolve(host.startsWith("[") ? host.substring(1, host.length() - 1) : host);
        } catch (AddressGuard.PrivateAddressException e) {
            throw new RefusedException(
                    "The endpoint is refused: " + e.getMessage() + ". The configuration can allow that.");
        } catch (UnknownHostException e) {
            throw new RefusedException("The host of the endpoint cannot be found.");
        }
    }

    // ------------------------------------------------------------------ state of delivery

    /** Records that this node has written to a room. */
    public void written(long roomId) {
        deliverer.written(roomId);
    }

    /** The number of rooms with changes that the receiver has not accepted; 0 on nodes that do not deliver. */
    public int backlog() {
        return deliverer.backlog();
    }

    /** The age in seconds of the oldest change that the receiver has not accepted; 0 on nodes that do not deliver. */
    public double oldestSeconds() {
        return deliverer.oldestSeconds();
    }

    /** Seconds for which the receiver has accepted nothing although deliveries were sent. */
    public double failingSeconds() {
        return deliverer.failingSeconds();
    }

    // ------------------------------------------------------------------ the thread

    @Override
    public void start() {
        thread.start();
    }

    private void run() {
        boolean ready = configured.isEmpty();
        while (!stopping) {
            long pause;
            try {
                if (!ready) {
                    check(configured, true);
                    cursors.configure(configured);
                    ready = true;
                }
                if (hurry) {
                    hurry = false;
                    lease.hurry();
                }
                deliverer.step();
                pause = deliverer.isActive() ? STEP_NANOS : IDLE_NANOS;
            } catch (RefusedException e) {
                LOG.error("HOOK_ENDPOINT cannot be used: {}", e.getMessage());
                ready = true;
                pause = 0;
            } catch (FeedUnavailableException e) {
                UNAVAILABLE.warn("Webhook deliveries wait for the database and are retried: " + e.getMessage());
                pause = AFTER_FAILURE_NANOS;
            } catch (RuntimeException | StackOverflowError e) {
                LOG.error("Unexpected error while delivering webhooks; retrying", e);
                deliverer.forget();
                pause = AFTER_FAILURE_NANOS;
            }
            if (!hurry) {
                LockSupport.parkNanos(this, pause);
            }
        }
    }

    @Override
    public void stop() throws InterruptedException {
        stopping = true;
        wake();
        thread.join(JOIN_MILLIS);
        requests.shutdownNow();
        try {
            lease.release();
        } catch (FeedUnavailableException e) {
            LOG.debug("The webhook lease was not released; another node delivers once it has expired", e);
        }
    }
}
