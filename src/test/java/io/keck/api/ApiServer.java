package io.keck.api;

import io.dropwizard.core.Application;
import io.dropwizard.core.Configuration;
import io.dropwizard.core.server.DefaultServerFactory;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.jetty.ConnectorFactory;
import io.dropwizard.jetty.HttpConnectorFactory;
import io.dropwizard.testing.DropwizardTestSupport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.http.UriCompliance;

/** A Dropwizard server with the HTTP interface over {@link FakeDocuments}, and nothing else; time stands still. */
final class ApiServer implements AutoCloseable {
    /** What its clock says. */
    static final long NOW = 1_700_000_000_000L;

    /** The limit of bodies here, in bytes. */
    static final int MAX_BODY = 1 << 16;

    final FakeDocuments documents = new FakeDocuments();
    private final DropwizardTestSupport<Configuration> support;
    private final HttpClient client = HttpClient.newHttpClient();

    /** What Keck's application does about the interface. */
    public static final class Server extends Application<Configuration> {
        private final ApiFactory factory;
        private final FakeDocuments documents;

        Server(ApiFactory factory, FakeDocuments documents) {
            this.factory = factory;
            this.documents = documents;
        }

        @Override
        public void run(Configuration configuration, Environment environment) {
            environment.getApplicationContext().getServletHandler().setDecodeAmbiguousURIs(true);
            environment.jersey().setUrlPattern("/api/*");
            factory.build(
                    environment,
                    documents,
                    task -> environment
                            .getApplicationContext()
                            .getServer()
                            .getThreadPool()
                            .execute(task),
                    () -> NOW);
        }
    }

    ApiServer(boolean docs) {
        ApiFactory factory = new ApiFactory();
        factory.limit(MAX_BODY, 2 * MAX_BODY, 50, docs);
        Configuration config = new Configuration();
        DefaultServerFactory server = (DefaultServerFactory) config.getServerFactory();
        for (ConnectorFactory connector : server.getApplicationConnectors()) {
            HttpConnectorFactory http = (HttpConnectorFactory) connector;
            http.setPort(0);
            http.setBindHost("127.0.0.1");
            http.setUriCompliance(UriCompliance.UNSAFE); // judged by the resources here
        }
        ((HttpConnectorFactory) server.getAdminConnectors().get(0)).setPort(0);
        support = new DropwizardTestSupport<>(Server.class, config) {
            @Override
            public Application<Configuration> newApplication() {
                return new Server(factory, documents);
            }
        };
        try {
            support.before();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    HttpResponse<byte[]> send(String method, String path, byte[] body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + support.getLocalPort() + path))
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
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
        String[] all = java.util.Arrays.copyOf(headers, headers.length + 2);
        all[headers.length] = "Content-Type";
        all[headers.length + 1] = "application/json";
        return new Reply(send("POST", path, json.getBytes(StandardCharsets.UTF_8), all));
    }

    /** Sends a path that no library would send; the status. */
    int rawGet(String rawPath) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), support.getLocalPort())) {
            socket.setSoTimeout(10_000);
            String head = "GET " + rawPath + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return Integer.parseInt(answer.split(" ", 3)[1]);
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
    public void close() {
        support.after();
        try {
            documents.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
