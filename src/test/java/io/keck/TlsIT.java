package io.keck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.protocol.Message;
import io.keck.testing.Certificates;
import io.keck.testing.Documented;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.Nginx;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS on both ports, as deploy.md sets it up: new certificates without a restart, and certificates between nginx and a node. */
class TlsIT {
    private static final Pattern STARTED =
            Pattern.compile("Started application@.*\\(ssl, http/1\\.1\\).*\\{127\\.0\\.0\\.1:(\\d+)}");

    @TempDir
    private Path dir;

    private Certificates authority;
    private @Nullable KeckProcess keck;
    private int port;

    @BeforeEach
    void certify() {
        authority = Certificates.authority(dir, "authority")
                .certify("one", "dns:localhost,dns:keck.internal,ip:127.0.0.1")
                .certify("two", "dns:localhost,dns:keck.internal,ip:127.0.0.1")
                .certify("nginx", "dns:nginx");
    }

    @AfterEach
    void stop() {
        if (keck != null) {
            keck.close();
        }
    }

    /** Starts Keck with a documented connector on both ports. */
    private void start(int occurrence, String... files) throws IOException {
        List<String> connector = Documented.block("deploy.md", "- type: https", occurrence).stream()
                .takeWhile(line -> !line.isBlank())
                .toList();
        String whole = connector.stream().map(line -> "    " + line).collect(Collectors.joining("\n")) + "\n";
        for (int i = 0; i < files.length; i += 2) {
            whole = Nginx.replaced(whole, files[i], files[i + 1]);
        }
        String config = Files.readString(Path.of("config.yml"));
        int application = config.indexOf("    - type: http\n");
        int afterApplication = config.indexOf("  # Health checks, metrics and tasks");
        int admin = config.indexOf("    - type: http\n", afterApplication);
        int afterAdmin = config.indexOf("  # Requests are not logged");
        String tls = config.substring(0, application)
                + whole
                + config.substring(afterApplication, admin)
                + whole.replace("KECK_BIND", "KECK_ADMIN_BIND").replace("KECK_PORT:-3000", "KECK_ADMIN_PORT:-3100")
                + config.substring(afterAdmin);
        keck = KeckProcess.in(dir)
                .brief()
                .env("KECK_FORWARDED_HEADERS", "true")
                .config(Files.writeString(dir.resolve("config.yml"), tls))
                .launch();
        port = Integer.parseInt(keck.awaitLog(STARTED).group(1));
    }

    private void put(String alias) throws IOException {
        Files.copy(authority.certificate(alias), dir.resolve("live.crt"), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(authority.key(alias), dir.resolve("live.key"), StandardCopyOption.REPLACE_EXISTING);
    }

    private String served(int at) {
        SSLContext trusting = authority.client(null);
        try (SSLSocket socket = (SSLSocket) trusting.getSocketFactory().createSocket("127.0.0.1", at)) {
            socket.startHandshake();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0])
                    .getSubjectX500Principal()
                    .getName();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A WebSocket over TLS. */
    private static final class Secure implements WebSocket.Listener {
        private final BlockingQueue<byte[]> frames = new LinkedBlockingQueue<>();
        private final CompletableFuture<Integer> closed = new CompletableFuture<>();

        @Override
        public CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
            byte[] bytes = new byte[data.remaining()];
            data.get(bytes);
            frames.add(bytes);
            from.request(1);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
            closed.complete(code);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            closed.completeExceptionally(error);
        }

        /** Asks for the document and waits for the answer. */
        private void sync(WebSocket socket) throws Exception {
            frames.clear();
            socket.sendBinary(ByteBuffer.wrap(new byte[] {0, 0, 1, 0}), true).get(30, TimeUnit.SECONDS);
            byte[] answer;
            do {
                answer = frames.poll(30, TimeUnit.SECONDS);
                assertThat(answer).as("an answer").isNotNull();
            } while (answer[0] != 0 || answer[1] != 1);
            assertThat(closed).isNotDone();
        }
    }

    @Test
    void changedCertificate_isServedWithoutARestart_andOpenSocketsSurvive() throws Exception {
        put("one");
        start(
                0,
                "/etc/letsencrypt/live/keck.example.org/fullchain.pem",
                dir.resolve("live.crt").toString(),
                "/etc/letsencrypt/live/keck.example.org/privkey.pem",
                dir.resolve("live.key").toString());
        HttpClient client =
                HttpClient.newBuilder().sslContext(authority.client(null)).build();
        HttpResponse<String> health = client.send(
                HttpRequest.newBuilder(URI.create("https://localhost:" + port + "/health"))
                        .build(),
                BodyHandlers.ofString());
        assertThat(health.statusCode()).isEqualTo(200);
        Secure listener = new Secure();
        WebSocket socket = client.newWebSocketBuilder()
                .buildAsync(URI.create("wss://localhost:" + port + "/collaboration/tls"), listener)
                .get(30, TimeUnit.SECONDS);
        listener.sync(socket);
        assertThat(served(port)).isEqualTo("CN=one");
        assertThat(served(keck.adminPort())).isEqualTo("CN=one");
        HttpResponse<String> metrics = client.send(
                HttpRequest.newBuilder(URI.create("https://localhost:" + keck.adminPort() + "/metrics/prometheus"))
                        .build(),
                BodyHandlers.ofString());
        assertThat(metrics.body()).containsPattern("keck_tls_certificate_seconds_left [1-9]");

        put("two");
        keck.awaitLog(Pattern.compile("get the changed certificate: CN=two, good until"));
        Eventually.await(
                "both ports serve it",
                () -> served(port).equals("CN=two") && served(keck.adminPort()).equals("CN=two"));
        listener.sync(socket);
        socket.abort();

        Files.writeString(dir.resolve("live.key"), "nonsense");
        keck.awaitLog(Pattern.compile("cannot be used, and the one before it is served on"));
        assertThat(served(port)).isEqualTo("CN=two");
    }

    @Test
    void nginxAndNodes_showEachOtherCertificates() throws Exception {
        put("one");
        start(
                1,
                "/etc/keck/node.crt",
                dir.resolve("live.crt").toString(),
                "/etc/keck/node.key",
                dir.resolve("live.key").toString(),
                "/etc/keck/ca.crt",
                authority.ca().toString());
        assertThatThrownBy(() -> get(authority.client(null))).isInstanceOf(IOException.class);
        assertThat(get(authority.client("nginx"))).isEqualTo(200);

        try (Nginx nginx = Nginx.start(dir, config -> secured(config, "nginx"), port);
                SyncClient one = SyncClient.join(nginx.room("secured"));
                SyncClient two = SyncClient.join(nginx.room("secured"))) {
            assertThat(nginx.ask("GET", "/health").status()).isEqualTo(200);
            one.send(Message.update(new Typist(1).type("over TLS")));
            two.await("what the other typed", () -> two.stateVector().clock(1) > 0);

            put("two");
            keck.awaitLog(Pattern.compile("get the changed certificate: CN=two"));
            one.send(Message.update(new Typist(2).type("on")));
            two.await("what is typed after the change", () -> two.stateVector().clock(2) > 0);
            assertThat(nginx.ask("GET", "/health").status()).isEqualTo(200);
        }
        // the twin: without its certificate nginx gets nothing
        try (Nginx nginx = Nginx.start(
                dir, config -> secured(config, "nginx").replaceAll("proxy_ssl_certificate(_key)? [^;]*;", ""), port)) {
            assertThat(nginx.ask("GET", "/health").status()).isIn(400, 502);
        }
        Certificates others = Certificates.authority(dir, "others").certify("nginx", "dns:nginx");
        try (Nginx nginx = Nginx.start(
                dir,
                config -> secured(config, "nginx")
                        .replace(authority.ca().toString(), others.ca().toString()),
                port)) {
            assertThat(nginx.ask("GET", "/health").status())
                    .as("nginx trusts no node of another authority")
                    .isEqualTo(502);
        }
    }

    /** The configuration with the documented lines; the port of the node is set by the caller. */
    private String secured(String config, String alias) {
        String lines = Documented.code("deploy.md", "proxy_http_version 1.1;");
        lines = Nginx.replaced(
                lines, "/etc/nginx/keck/nginx.crt", authority.certificate(alias).toString());
        lines = Nginx.replaced(
                lines, "/etc/nginx/keck/nginx.key", authority.key(alias).toString());
        lines = Nginx.replaced(lines, "/etc/nginx/keck/ca.crt", authority.ca().toString());
        String secured = Nginx.replaced(config, "proxy_http_version 1.1;", lines);
        secured = Nginx.replaced(secured, "proxy_pass http://keck;", "proxy_pass https://keck;");
        // only one node runs here
        return secured.replaceAll("server 127\\.0\\.0\\.1:300[23] max_fails=0;", "");
    }

    private int get(SSLContext client) throws Exception {
        HttpClient http = HttpClient.newBuilder().sslContext(client).build();
        return http.send(
                        HttpRequest.newBuilder(URI.create("https://localhost:" + port + "/health"))
                                .build(),
                        BodyHandlers.discarding())
                .statusCode();
    }
}
