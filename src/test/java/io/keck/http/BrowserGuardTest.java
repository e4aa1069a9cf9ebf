package io.keck.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.eclipse.jetty.server.ForwardedRequestCustomizer;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.LocalConnector;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What browsers send, on both ports, with the guard before a server that says yes to everything. */
class BrowserGuardTest {
    private static final String EVIL = "Origin: https://evil.example";
    private static final String UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    private static final List<String> COUNTED = new ArrayList<>();
    private static final List<String> LOGGED = new ArrayList<>();

    private static Server server;
    private static LocalConnector main;
    private static LocalConnector admin;
    private static LocalConnector unguarded;

    /** Says yes. */
    private static final class Yes extends Handler.Abstract {
        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            response.setStatus(200);
            callback.succeeded();
            return true;
        }
    }

    @BeforeAll
    static void start() throws Exception {
        server = new Server();
        HttpConfiguration forwarded = new HttpConfiguration();
        forwarded.addCustomizer(new ForwardedRequestCustomizer());
        main = new LocalConnector(server, new HttpConnectionFactory(forwarded));
        main.setName("application");
        admin = new LocalConnector(server);
        admin.setName("admin");
        server.addConnector(main);
        server.addConnector(admin);
        server.setHandler(new Yes());
        server.insertHandler(new BrowserGuard(
                new BrowserGuard.Rules(
                        HostNames.parse("keck.example.org, keck-1,*.svc.cluster.local"),
                        Set.of("http://localhost:5173", "https://app.example.org"),
                        request -> "admin"
                                .equals(request.getConnectionMetaData()
                                        .getConnector()
                                        .getName())),
                reason -> COUNTED.add(reason.name()),
                (reason, sentence) -> LOGGED.add(sentence)));
        server.start();
        Server twin = new Server();
        unguarded = new LocalConnector(twin);
        twin.addConnector(unguarded);
        twin.setHandler(new Yes());
        twin.start();
    }

    @AfterAll
    static void stop() throws Exception {
        server.stop();
        unguarded.getServer().stop();
    }

    private static String answer(LocalConnector port, String method, String path, String host, String... headers)
            throws Exception {
        StringBuilder head = new StringBuilder(method + " " + path + " HTTP/1.1\r\n");
        head.append("Host: ").append(host).append("\r\n");
        boolean upgrade = false;
        for (String header : headers) {
            head.append(header.strip()).append("\r\n");
            upgrade |= header.contains("Upgrade");
        }
        return port.getResponse(head + (upgrade ? "" : "Connection: close\r\n") + "\r\n");
    }

    private static int status(LocalConnector port, String method, String path, String host, String... headers)
            throws Exception {
        return Integer.parseInt(answer(port, method, path, host, headers).split(" ", 3)[1]);
    }

    private static int post(String... headers) throws Exception {
        return status(main, "POST", "/api/block/w", "localhost:3000", headers);
    }

    // ------------------------------------------------------------------ origins

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "PATCH", "ANYTHING"})
    void foreignPages_mayNotChangeAnything(String method) throws Exception {
        for (String origin : List.of(
                "https://evil.example",
                "null",
                "http://localhost:8080",
                "http://127.0.0.1:3000",
                "http://localhost:3000.evil.example",
                "https://localhost:5173",
                "not a uri",
                "")) {
            assertThat(status(main, method, "/api/block/w", "localhost:3000", "Origin: " + origin))
                    .as(origin)
                    .isEqualTo(403);
        }
        for (String site : List.of("cross-site", "same-site", "anything")) {
            assertThat(status(main, method, "/api/block/w", "localhost:3000", "Sec-Fetch-Site: " + site))
                    .as(site)
                    .isEqualTo(403);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://localhost:3000",
                "http://LOCALHOST:3000",
                "http://localhost:5173",
                "HTTPS://App.example.org"
            })
    void ownPages_andThoseThatAreConfigured_pass(String origin) throws Exception {
        assertThat(post("Origin: " + origin, "Sec-Fetch-Site: same-site")).isEqualTo(200);
        assertThat(status(main, "GET", "/collaboration/w", "localhost:3000", UPGRADE, "Origin: " + origin))
                .isEqualTo(200);
    }

    @Test
    void clientsThatAreNoBrowsers_pass() throws Exception {
        assertThat(post()).isEqualTo(200);
        assertThat(post("Content-Type: text/plain", "User-Agent: curl/8")).isEqualTo(200);
        assertThat(post("Sec-Fetch-Mode: cors", "User-Agent: node"))
                .as("fetch in Node")
                .isEqualTo(200);
        assertThat(status(main, "GET", "/collaboration/w", "10.0.0.7:3000", UPGRADE))
                .isEqualTo(200);
        assertThat(status(main, "POST", "/api/block/w", "[::1]:3000")).isEqualTo(200);
    }

    @Test
    void upgrades_ofForeignPages_areRefused_andReadsAreLeftToCors() throws Exception {
        assertThat(status(main, "GET", "/collaboration/w", "localhost:3000", UPGRADE, EVIL))
                .isEqualTo(403);
        assertThat(status(main, "GET", "/collaboration/w", "localhost:3000", UPGRADE, "Origin: null"))
                .isEqualTo(403);
        assertThat(status(main, "GET", "/api/block/w", "localhost:3000", EVIL, "Sec-Fetch-Site: cross-site"))
                .isEqualTo(200);
        assertThat(status(main, "OPTIONS", "/api/block/w", "localhost:3000", EVIL))
                .isEqualTo(200);
        assertThat(status(unguarded, "GET", "/collaboration/w", "localhost:3000", UPGRADE, EVIL))
                .as("without the guard")
                .isEqualTo(200);
    }

    @Test
    void theDefaultPort_needNotBeNamed_andAProxyMayNameTheAddress() throws Exception {
        assertThat(status(main, "POST", "/", "keck.example.org", "Origin: https://keck.example.org"))
                .isEqualTo(200);
        assertThat(status(main, "POST", "/", "keck.example.org:443", "Origin: https://keck.example.org"))
                .isEqualTo(200);
        assertThat(status(main, "POST", "/", "keck.example.org:8443", "Origin: https://keck.example.org"))
                .isEqualTo(403);
        assertThat(status(
                        main,
                        "POST",
                        "/",
                        "10.0.0.7:3000",
                        "X-Forwarded-Host: docs.example.org",
                        "X-Forwarded-Proto: https",
                        "Origin: https://docs.example.org"))
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "text/plain; application/json",
                "TEXT/PLAIN;charset=utf-8",
                "multipart/form-data; boundary=x",
                "application/x-www-form-urlencoded",
                "text/plain, application/json"
            })
    void whatNeedsNoPreflight_isNotTakenFromABrowser(String type) throws Exception {
        for (String sign : List.of("Referer: http://a.test/", "Cookie: a=b")) {
            assertThat(post("Content-Type: " + type, sign)).as(sign).isEqualTo(415);
            assertThat(post(sign)).as("no type, %s", sign).isEqualTo(415);
            assertThat(post("Content-Type: application/octet-stream", sign)).isEqualTo(200);
        }
        assertThat(post("Content-Type: " + type)).as("no browser").isEqualTo(200);
        assertThat(post("Content-Type: " + type, "Origin: http://localhost:3000"))
                .as("own page")
                .isEqualTo(200);
    }

    // ------------------------------------------------------------------ hosts

    @ParameterizedTest
    @CsvSource({
        "localhost, 200",
        "LOCALHOST:3000, 200",
        "localhost.:3000, 200",
        "app.localhost:1, 200",
        "127.0.0.1:3000, 200",
        "10.1.2.3, 200",
        "[::1]:3000, 200",
        "[2001:db8::1], 200",
        "keck.example.org, 200",
        "Keck.Example.Org.:80, 200",
        "keck-1:3000, 200",
        "keck.default.svc.cluster.local:3000, 200",
        "a.b.svc.cluster.local, 200",
        "svc.cluster.local, 421",
        "evil.example, 421",
        "keck.example.org.evil.example, 421",
        "keck, 421",
        "127.0.0.1.evil.example, 421",
        "localhost.evil.example:3000, 421",
        "notlocalhost, 421",
        "1.2.3.4.nip.io, 421",
    })
    void onlyNamesOfThisServer_areAnswered_onBothPorts(String host, int status) throws Exception {
        assertThat(status(main, "GET", "/", host)).isEqualTo(status);
        assertThat(status(admin, "GET", "/metrics", host)).isEqualTo(status);
        assertThat(status(unguarded, "GET", "/", host)).as("without the guard").isEqualTo(200);
    }

    @Test
    void aPageWhoseNameLeadsHere_cannotClaimAnother() throws Exception {
        assertThat(status(main, "GET", "/", "evil.example", "X-Forwarded-Host: localhost"))
                .isEqualTo(421);
        assertThat(main.getResponse("GET / HTTP/1.0\r\n\r\n")).as("no browser").contains(" 200 ");
    }

    @Test
    void everyName_isRight_whereItIsSaid() {
        assertThat(HostNames.parse("*").accept("evil.example")).isTrue();
        assertThat(HostNames.parse(" , ").accept("evil.example")).isFalse();
        assertThat(HostNames.parse("").and("keck.internal").accept("keck.internal:3000"))
                .isTrue();
        assertThat(HostNames.parse("").and("0.0.0.0").and("::").and(null).accept("evil.example"))
                .isFalse();
        for (String bad : List.of("http://a", "a:3000", "a b", "a,b/c", "*a", "a.*", "-a")) {
            assertThatThrownBy(() -> HostNames.parse(bad)).as(bad).isInstanceOf(IllegalArgumentException.class);
        }
    }

    // ------------------------------------------------------------------ operators

    @Test
    void adminPort_takesNothingFromForeignPages_andTasksWithTheirHeaderOnly() throws Exception {
        String header = "Keck-Admin: 1";
        assertThat(status(admin, "POST", "/tasks/drain", "127.0.0.1:3100", header))
                .isEqualTo(200);
        assertThat(status(admin, "POST", "/tasks/drain", "127.0.0.1:3100")).isEqualTo(403);
        assertThat(status(admin, "POST", "/x/../tasks/drain", "127.0.0.1:3100")).isEqualTo(403);
        assertThat(status(admin, "POST", "/tasks/drain", "127.0.0.1:3100", header, EVIL))
                .isEqualTo(403);
        assertThat(status(admin, "POST", "/tasks/drain", "127.0.0.1:3100", header, "Origin: http://localhost:5173"))
                .as("who may use the main port is no operator")
                .isEqualTo(403);
        for (String path : List.of("/threads", "/metrics", "/healthcheck", "/metrics/prometheus")) {
            assertThat(status(admin, "GET", path, "127.0.0.1:3100")).isEqualTo(200);
            assertThat(status(admin, "GET", path, "localhost:3100", "Sec-Fetch-Site: none"))
                    .isEqualTo(200);
            assertThat(status(admin, "GET", path, "127.0.0.1:3100", EVIL)).isEqualTo(403);
            for (String site : List.of("cross-site", "same-site")) {
                assertThat(status(admin, "GET", path, "127.0.0.1:3100", "Sec-Fetch-Site: " + site))
                        .isEqualTo(403);
            }
        }
    }

    @Test
    void everyRefusal_isCounted_andSaysWhichKeyToSet() throws Exception {
        COUNTED.clear();
        LOGGED.clear();
        assertThat(answer(main, "POST", "/", "localhost:3000", "Origin: http://localhost:8080"))
                .contains("http://localhost:8080", "cors.origins", "KECK_CORS_ORIGINS", "no-store");
        assertThat(answer(main, "GET", "/", "docs.example:3000")).contains("KECK_HOSTS=docs.example)");
        assertThat(COUNTED).containsExactly("ORIGIN", "HOST");
        assertThat(LOGGED).hasSize(2);
        assertThat(LOGGED.get(0)).contains("KECK_CORS_ORIGINS");
        answer(main, "POST", "/", "localhost", "Origin: http://\u009b31m" + "x".repeat(1_000));
        assertThat(LOGGED.get(2)).doesNotContain("\u009b").hasSizeLessThan(500);
        assertThat(answer(main, "HEAD", "/", "docs.example")).endsWith("\r\n\r\n");
    }
}
