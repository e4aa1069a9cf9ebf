package io.keck.webhook;

import io.dropwizard.lifecycle.Managed;
import io.keck.failure.Unavailable;
import io.keck.feed.Cursors;
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

/** Webhooks as the rest of Keck sees them: where to, how it goes, and the thread that delivers. Thread-safe. */
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

    // ------------------------------------------------------------------ where to

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
            return CompletableFuture.failedStage(Unavailable.database(e));
        }
    }

    /**
     * Judges an endpoint.
     *
     * @param trusted whether it may be any address
     * @throws RefusedException if nothing can be delivered there, or may be
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
            return; // wherever it leads, now or when it can be found again
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

    // ------------------------------------------------------------------ how it goes

    /** This node has written to that room. */
    public void written(long roomId) {
        deliverer.written(roomId);
    }

    /** Rooms with something that was not taken yet; 0 on nodes that do not deliver. */
    public int backlog() {
        return deliverer.backlog();
    }

    /** Age of the oldest change that was not taken, in seconds; 0 on nodes that do not deliver. */
    public double oldestSeconds() {
        return deliverer.oldestSeconds();
    }

    /** For how long the receiver has taken nothing, in seconds. */
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
            } catch (Unavailable e) {
                UNAVAILABLE.warn("Changes cannot be delivered now, they will be: " + e.getMessage());
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
        } catch (Unavailable e) {
            LOG.debug("Another node has to wait until it may deliver", e);
        }
    }
}
