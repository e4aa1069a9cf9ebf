package io.keck.webhook;

import io.dropwizard.lifecycle.Managed;
import io.keck.feed.Cursors.Endpoint;
import io.keck.thread.OutOfMemory;
import io.keck.thread.Threads;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.client.BytesRequestContent;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.Request;
import org.eclipse.jetty.http.HttpCookieStore;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.util.Promise;
import org.eclipse.jetty.util.SocketAddressResolver;
import org.jspecify.annotations.Nullable;

/**
 * Posts over HTTP with Jetty's client, which lets Keck resolve the host for each connection: the connection goes to the
 * very address that was checked, so a name that resolves to another address afterwards leads nowhere else, and TLS
 * still verifies the name. (Java's own client resolves names itself; given an address instead of a name, it would
 * verify the certificate against the address.) Redirects are not followed, since they would bypass the check.
 * Thread-safe.
 */
final class HttpSender implements Sender, Managed {
    private static final int THREADS = 8;
    private static final long IDLE_MILLIS = 15_000;

    private final Signatures signatures;
    private final Clock clock;
    private final long timeoutMillis;
    /**
     * Two clients, because connections to private addresses must not be used for an endpoint that may not have such an
     * address.
     */
    private final HttpClient trusting;

    private final HttpClient careful;
    private final ExecutorService threads = Threads.pool("webhook-http", THREADS);
    private volatile @Nullable URI uri;

    /** @param timeoutMillis the time limit of a whole delivery, in milliseconds */
    HttpSender(Signatures signatures, Clock clock, long timeoutMillis, int concurrency) {
        this(signatures, clock, timeoutMillis, concurrency, InetAddress::getAllByName);
    }

    /** Resolves host names; tests supply their own. */
    interface Names {
        InetAddress[] resolve(String host) throws UnknownHostException;
    }

    HttpSender(Signatures signatures, Clock clock, long timeoutMillis, int concurrency, Names names) {
        this.signatures = signatures;
        this.clock = clock;
        this.timeoutMillis = timeoutMillis;
        this.trusting = client(names, true, concurrency);
        this.careful = client(names, false, concurrency);
    }

    private HttpClient client(Names names, boolean trusted, int concurrency) {
        HttpClient client = new HttpClient();
        client.setExecutor(threads);
        client.setFollowRedirects(false);
        client.setHttpCookieStore(new HttpCookieStore.Empty());
        client.setMaxConnectionsPerDestination(concurrency);
        client.setConnectTimeout(timeoutMillis);
        client.setIdleTimeout(IDLE_MILLIS);
        client.setUserAgentField(new org.eclipse.jetty.http.HttpField("User-Agent", "Keck"));
        client.setSocketAddressResolver(new Resolver(names, trusted, client));
        return client;
    }

    /** Resolves a host and checks its addresses. */
    private record Resolver(Names names, boolean trusted, HttpClient client) implements SocketAddressResolver {
        @Override
        public void resolve(
                String host, int port, Map<String, Object> context, Promise<List<InetSocketAddress>> promise) {
            client.getExecutor().execute(() -> {
                try {
                    List<InetSocketAddress> addresses = new ArrayList<>();
                    for (InetAddress address : AddressGuard.checked(names.resolve(host), trusted)) {
                        addresses.add(new InetSocketAddress(address, port));
                    }
                    promise.succeeded(addresses);
                } catch (UnknownHostException | RuntimeException e) {
                    promise.failed(e);
                }
            });
        }
    }

    @Override
    public void start() throws Exception {
        for (HttpClient client : List.of(trusting, careful)) {
            client.start();
            client.getProtocolHandlers().clear(); // no redirects, no logins: every answer is final
            client.getContentDecoderFactories().clear();
        }
    }

    @Override
    public CompletionStage<?> post(Endpoint endpoint, String id, byte[] body) {
        CompletableFuture<Integer> done = new CompletableFuture<>();
        long timestamp = TimeUnit.MILLISECONDS.toSeconds(clock.millis());
        Signature signature = signatures.of(endpoint.url());
        Request request = (endpoint.trusted() ? trusting : careful)
                .newRequest(uri(endpoint.url()))
                .method(HttpMethod.POST)
                .timeout(timeoutMillis, TimeUnit.MILLISECONDS)
                .headers(headers -> {
                    headers.put("webhook-id", id);
                    headers.put("webhook-timestamp", timestamp);
                    if (signature != null) {
                        headers.put("webhook-signature", signature.sign(id, timestamp, body));
                    }
                })
                .body(new BytesRequestContent("application/json", body));
        // only the status counts: the body of the answer is discarded as it arrives
        request.send(result -> {
            Throwable failure = result.getFailure();
            OutOfMemory.check(failure);
            int status = result.getResponse() == null ? 0 : result.getResponse().getStatus();
            if (failure == null && status / 100 == 2) {
                done.complete(status);
            } else {
                done.completeExceptionally(failure == null ? new IOException("it answered " + status) : failure);
            }
        });
        return done;
    }

    /** Parses the URL of the endpoint; keeps the last result, since the URL rarely changes. */
    private URI uri(String url) {
        URI last = uri;
        if (last == null || !last.toString().equals(url)) {
            last = URI.create(url);
            uri = last;
        }
        return last;
    }

    @Override
    public void stop() throws Exception {
        trusting.stop();
        careful.stop();
        threads.shutdownNow();
    }
}
