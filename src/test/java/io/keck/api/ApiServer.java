package io.keck.api;

import io.dropwizard.core.Application;
import io.dropwizard.core.Configuration;
import io.dropwizard.core.server.DefaultServerFactory;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.jetty.ConnectorFactory;
import io.dropwizard.jetty.HttpConnectorFactory;
import io.dropwizard.testing.DropwizardTestSupport;
import io.keck.access.Visit;
import io.keck.blob.BlobStore;
import io.keck.history.DeletedDocuments;
import io.keck.http.MainPort;
import io.keck.metrics.BlobMetrics;
import io.keck.node.Node;
import io.keck.storage.DatabaseFactory;
import io.keck.storage.Storage;
import io.keck.storage.blob.JdbiBlobStore;
import jakarta.servlet.DispatcherType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.eclipse.jetty.http.UriCompliance;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A Dropwizard server with the HTTP interface over {@link FakeDocuments}, with blobs in a SQLite file where it is given a
 * place for one, and nothing else. Time stands still, unless it races. In a static field with {@code @RegisterExtension} it
 * serves the tests of one class, each of which finds no documents.
 */
public final class ApiServer implements AutoCloseable, BeforeEachCallback, AfterAllCallback {
    /** What its clock says. */
    static final long NOW = 1_700_000_000_000L;

    /** The limit of bodies and blobs here, in bytes. */
    static final int MAX_BODY = 1 << 16;

    /** A workspace that was deleted a moment ago; known to the blobs alone. */
    static final String DELETED = "deleted";

    private static final int MAX_DEPTH = 50;
    private static final long MIN_RATE = 1_000;
    static final long HALF_MINUTE = 31_000_000_000L;

    final FakeDocuments documents = new FakeDocuments();
    final FakeFeed feed = new FakeFeed(documents);

    /** Who comes with the next request. */
    public volatile Supplier<Visit> visits = () -> Visit.OPEN;

    /** Whether each look at the steady clock finds that time has passed: half a minute, unless {@link #race} says otherwise. */
    volatile boolean timeRaces;

    /** Nanoseconds that pass then. */
    volatile long race = HALF_MINUTE;

    private final AtomicLong nanos = new AtomicLong();
    private final @Nullable Path blobs;
    private final List<Object> more;
    private final DropwizardTestSupport<Configuration> support;
    private final HttpClient client = HttpClient.newHttpClient();

    /** What Keck's application does about the interface. */
    private static final class Server extends Application<Configuration> {
        private final ApiServer server;
        private final ApiFactory factory;

        Server(ApiServer server, ApiFactory factory) {
            this.server = server;
            this.factory = factory;
        }

        @Override
        public void run(Configuration configuration, Environment environment) {
            MainPort.install(environment, "The Connection header is missing.");
            environment
                    .servlets()
                    .addFilter("visits", (request, response, chain) -> {
                        request.setAttribute(Visit.ATTRIBUTE, server.visits.get());
                        chain.doFilter(request, response);
                    })
                    .addMappingForUrlPatterns(EnumSet.allOf(DispatcherType.class), false, "/*");
            server.more.forEach(environment.jersey()::register);
            factory.build(new Node(environment), server.documents, server.feed.feed(), () -> NOW, server::nanos);
            DeletedDocuments deleted = new FakeDeletedDocuments(() -> server.documents.database);
            environment.jersey().register(new UndeleteResource(deleted));
            environment.jersey().register(new PurgeResource(deleted));
            if (server.blobs != null) {
                DatabaseFactory database = new DatabaseFactory();
                database.setUrl("jdbc:sqlite:" + server.blobs.resolve("keck.db"));
                Duration hold = Duration.ofMillis(Long.MAX_VALUE / 2);
                Storage storage = database.build(environment, "test", hold);
                storage.log().open(DELETED).toCompletableFuture().join();
                storage.log().delete(DELETED).toCompletableFuture().join();
                BlobStore store = new SwitchedBlobs(
                        storage.blobs(
                                JdbiBlobStore.Settings.DEFAULT
                                        .withKeepDeleted(Duration.ZERO)
                                        .withDeletedNameHold(hold),
                                BlobMetrics.NONE),
                        () -> server.documents.database);
                BlobLimits limits = new BlobLimits(MAX_BODY, 10, MIN_RATE);
                environment.jersey().register(new BlobsResource(store, limits, BlobMetrics.NONE, server::nanos));
                environment
                        .jersey()
                        .register(new WorkspaceBlobResource(store, limits, BlobMetrics.NONE, server::nanos));
            }
        }
    }

    /** Without blobs. */
    ApiServer(boolean docs) {
        this(docs, null);
    }

    /** With the description and more resources, without blobs. */
    public static ApiServer with(Object... resources) {
        return new ApiServer(limited(new ApiFactory(), true), null, UriCompliance.UNSAFE, List.of(resources));
    }

    /** @param blobs a directory for the database of blobs */
    ApiServer(boolean docs, @Nullable Path blobs) {
        this(limited(new ApiFactory(), docs), blobs);
    }

    /** With that factory as it is: a twin has other limits, or lacks a part. */
    ApiServer(ApiFactory factory, @Nullable Path blobs) {
        this(factory, blobs, UriCompliance.UNSAFE); // judged by the resources here
    }

    /** @param compliance what Jetty lets through */
    ApiServer(ApiFactory factory, @Nullable Path blobs, UriCompliance compliance) {
        this(factory, blobs, compliance, List.of());
    }

    private ApiServer(ApiFactory factory, @Nullable Path blobs, UriCompliance compliance, List<Object> more) {
        this.blobs = blobs;
        this.more = more;
        Configuration config = new Configuration();
        DefaultServerFactory server = (DefaultServerFactory) config.getServerFactory();
        server.setRegisterDefaultExceptionMappers(false);
        for (ConnectorFactory connector : server.getApplicationConnectors()) {
            HttpConnectorFactory http = (HttpConnectorFactory) connector;
            http.setPort(0);
            http.setBindHost("127.0.0.1");
            http.setUriCompliance(compliance);
        }
        ((HttpConnectorFactory) server.getAdminConnectors().get(0)).setPort(0);
        support = new DropwizardTestSupport<>(Server.class, config) {
            @Override
            public Application<Configuration> newApplication() {
                return new Server(ApiServer.this, factory);
            }
        };
        try {
            support.before();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** The factory with the limits that all tests know. */
    static ApiFactory limited(ApiFactory factory, boolean docs) {
        factory.limit(MAX_BODY, 2 * MAX_BODY, MAX_DEPTH, MIN_RATE, docs);
        return factory;
    }

    private long nanos() {
        return timeRaces ? nanos.addAndGet(race) : nanos.get();
    }

    public HttpResponse<byte[]> send(String method, String path, byte[] body, String... headers) {
        return exchange(
                method, path, body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body), headers);
    }

    HttpResponse<byte[]> exchange(String method, String path, BodyPublisher body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + support.getLocalPort() + path))
                .method(method, body);
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        try {
            return client.send(request.build(), BodyHandlers.ofByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    Reply get(String path, String... headers) {
        return new Reply(send("GET", path, null, headers));
    }

    Reply delete(String path, String... headers) {
        return new Reply(send("DELETE", path, null, headers));
    }

    /** Posts JSON. */
    Reply post(String path, String json, String... headers) {
        return json("POST", path, json, headers);
    }

    /** Puts JSON. */
    Reply put(String path, String json, String... headers) {
        return json("PUT", path, json, headers);
    }

    private Reply json(String method, String path, String json, String... headers) {
        String[] all = java.util.Arrays.copyOf(headers, headers.length + 2);
        all[headers.length] = "Content-Type";
        all[headers.length + 1] = "application/json";
        return new Reply(send(method, path, json.getBytes(StandardCharsets.UTF_8), all));
    }

    /** A connection, for what no library does. */
    Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), support.getLocalPort());
        socket.setSoTimeout(20_000);
        return socket;
    }

    /** Sends a path that no library would send; the status. */
    int rawGet(String rawPath) {
        return Integer.parseInt(raw("GET", rawPath).split(" ", 2)[0]);
    }

    /** Sends a request line and header lines that no library would send; status, media type and body of the answer. */
    String raw(String method, String rawPath, String... headerLines) {
        return exchange(method + " " + rawPath + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + String.join(
                        "",
                        java.util.Arrays.stream(headerLines)
                                .map(line -> line + "\r\n")
                                .toList())
                + "\r\n");
    }

    /** Sends these bytes and reads to the end; status, media type and body of the answer. */
    String exchange(String bytes) {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(bytes.getBytes(StandardCharsets.UTF_8));
            String[] answer =
                    new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split("\r\n\r\n", 2);
            String type = answer[0]
                    .lines()
                    .filter(line -> line.toLowerCase(java.util.Locale.ROOT).startsWith("content-type:"))
                    .map(line -> " " + line.substring(13).strip().replaceFirst(";.*", ""))
                    .findFirst()
                    .orElse("");
            return answer[0].split(" ", 3)[1] + type + (answer[1].isEmpty() ? "" : " " + answer[1]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An answer as text. */
    record Reply(HttpResponse<byte[]> response) {
        int status() {
            return response.statusCode();
        }

        String body() {
            return new String(response.body(), StandardCharsets.UTF_8);
        }

        String header(String name) {
            return response.headers().firstValue(name).orElse(null);
        }

        @Override
        public String toString() {
            String type = header("Content-Type");
            return status()
                    + (type == null ? "" : " " + type.replaceFirst(";.*", ""))
                    + (body().isEmpty() ? "" : " " + body());
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        documents.reset();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        close();
    }

    @Override
    public void close() {
        support.after();
        try {
            documents.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
