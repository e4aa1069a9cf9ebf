package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.KeckProcess;
import io.keck.testing.RawHttp;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Handshakes as browsers and proxies send them: each connects or is told what is missing, and no token reaches the log. */
class HandshakeIT {
    private static final String TOKEN = "eyJhbGciOi-secret-of-a-user";
    private static final String KEY = "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n";
    private static final String VERSION = "Sec-WebSocket-Version: 13\r\n";

    @TempDir
    private static Path dir;

    private static KeckProcess keck;

    @BeforeAll
    static void start() {
        keck = KeckProcess.in(dir).brief().env("KECK_LOG_LEVEL", "DEBUG").start();
    }

    @AfterEach
    void noTokenIsInTheLog() {
        assertThat(keck.log()).doesNotContain(TOKEN).doesNotContain("IllegalArgumentException");
    }

    @AfterAll
    static void stop() {
        if (keck != null) {
            keck.close();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'Upgrade: websocket', 'Connection upgrade'",
        "'Upgrade: websocket|Connection: close', 'Connection upgrade'",
        "'Connection: upgrade', 'Upgrade $http_upgrade'",
        "'X-No: thing', 'Upgrade $http_upgrade'",
        "'Upgrade: h2c, websocket|Connection: upgrade', 'Upgrade header'",
        "'Upgrade: h2c|Connection: upgrade', 'Upgrade header'",
    })
    void upgradeThatIsNotWhole_is426_andNamesTheLineThatIsMissing(String headers, String words) {
        RawHttp answer = RawHttp.ask(
                keck, "GET", "/collaboration/r?t=" + TOKEN, headers.replace("|", "\r\n") + "\r\n" + KEY + VERSION);
        assertThat(answer.status()).as(answer.body()).isEqualTo(426);
        assertThat(answer.body()).contains(words).endsWith(".\n").doesNotContain("<");
        assertThat(answer.headers()).containsEntry("Upgrade", "websocket");
    }

    @Test
    void http10_is426_andNamesTheLineThatIsMissing() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), keck.port())) {
            socket.setSoTimeout((int) KeckProcess.PATIENCE.toMillis());
            socket.getOutputStream()
                    .write(("GET /collaboration/r HTTP/1.0\r\nHost: localhost\r\n" + RawHttp.UPGRADE + "\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answer).contains(" 426 ").contains("proxy_http_version 1.1;");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"8", "12", "14", "", "x"})
    void otherVersionOfWebSocket_is426_andNamesTheOneThereIs(String version) {
        String line = version.isEmpty() ? "" : "Sec-WebSocket-Version: " + version + "\r\n";
        RawHttp answer = RawHttp.ask(
                keck,
                "GET",
                "/collaboration/r",
                "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n" + KEY + line);
        assertThat(answer.status()).isEqualTo(426);
        assertThat(answer.headers()).containsEntry("Sec-WebSocket-Version", "13");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Sec-WebSocket-Key: \r\n", "Sec-WebSocket-Key: abc\r\n", "Sec-WebSocket-Key: !!!!\r\n"})
    void keyThatIsNone_is400WithASentence(String line) {
        RawHttp answer = RawHttp.ask(
                keck, "GET", "/collaboration/r", "Upgrade: websocket\r\nConnection: Upgrade\r\n" + VERSION + line);
        assertThat(answer.status()).as(answer.body()).isEqualTo(400);
        assertThat(answer.body()).contains("Sec-WebSocket-Key").doesNotContain("<");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "user={\"n\":1}",
                "a|b",
                "x=a^b",
                "x=a`b",
                "x=a\\b",
                "50%",
                "x=%zz",
                "x=%4",
                "x=[1]",
                "x=\u00e4",
                "%%%",
                "a=%7B&b=;?/"
            })
    void query_isIgnored_whateverIsInIt(String query) {
        String path = "/collaboration/query?token=" + TOKEN + "&" + query;
        assertThat(RawHttp.upgrade(keck, path).status()).isEqualTo(101);
        assertThat(RawHttp.ask(keck, "GET", path, "").status()).isEqualTo(426);
        RawHttp post = RawHttp.ask(keck, "POST", path, "Content-Length: 0\r\n");
        assertThat(post.status()).isEqualTo(200);
        assertThat(RawHttp.ask(keck, "GET", "/collaboration/a//b?" + TOKEN + query, RawHttp.UPGRADE)
                        .status())
                .isEqualTo(400);
        assertThat(RawHttp.ask(keck, "GET", "/api/block/none/blocks?x=" + TOKEN + query, "")
                        .status())
                .isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource({
        "TOKEN, TOKEN",
        "'access_token, TOKEN', access_token",
        "'TOKEN, AFFiNE', AFFiNE",
        "'yauth-TOKEN,other', yauth-TOKEN",
    })
    void subprotocol_isOneOfThoseOffered_andNotInTheLog(String offered, String chosen) {
        String line = "Sec-WebSocket-Protocol: " + offered.replace("TOKEN", TOKEN) + "\r\n";
        RawHttp answer = RawHttp.ask(keck, "GET", "/collaboration/sub", RawHttp.UPGRADE + line);
        assertThat(answer.status()).isEqualTo(101);
        assertThat(answer.headers()).containsEntry("Sec-WebSocket-Protocol", chosen.replace("TOKEN", TOKEN));
        assertThat(RawHttp.ask(keck, "GET", "/collaboration/a//b", RawHttp.UPGRADE + line)
                        .status())
                .isEqualTo(400);
        assertThat(RawHttp.ask(keck, "GET", "/collaboration/sub", KEY + line).status())
                .isEqualTo(426);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/nope", "/collaborations/x", "/a/b/c", "//x", "/assets/index.html", "/config.yml"})
    void addressWithNothing_isAPageForBrowsers_andASentenceForOthers(String path) {
        RawHttp page = RawHttp.ask(keck, "GET", path, "Accept: text/html,*/*;q=0.8\r\n");
        assertThat(page.status()).as(page.body()).isEqualTo(404);
        assertThat(page.headers()).containsEntry("Content-Type", "text/html;charset=utf-8");
        assertThat(page.body()).contains("viewport").contains("api/docs/").doesNotContain("{{");
        for (String accept : new String[] {"", "Accept: application/json\r\n", "Accept: */*\r\n"}) {
            RawHttp text = RawHttp.ask(keck, "GET", path, accept);
            assertThat(text.status()).isEqualTo(404);
            assertThat(text.headers()).containsEntry("Content-Type", "text/plain;charset=utf-8");
            assertThat(text.body()).contains("/collaboration/{room}").endsWith(".\n");
        }
    }

    /** Names may have encoded slashes and dots; no address leads out of where it begins. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/%2e%2e/config.yml",
                "/..%2fconfig.yml",
                "/api/docs/..%2f..%2fconfig.yml",
                "/api/docs/%2e%2e/%2e%2e/config.yml",
                "/api/docs/..%2f..%2fassets%2findex.html",
                "/collaboration/..%2f..%2fhealth",
                "/collaboration/%2e%2e%2fhealth",
                "/api/block/..%2f..%2fhealth/client",
                "/api/blobs/..%2f..%2fhealth",
                "/collaboration/..;/health"
            })
    void addressWithDots_leadsNowhere(String path) {
        RawHttp answer = RawHttp.ask(keck, "GET", path, "");
        assertThat(answer.status()).as(answer.body()).isIn(400, 404, 405);
        assertThat(answer.body())
                .doesNotContain("\"status\"")
                .doesNotContain("<html")
                .doesNotContain("Keck is running");
    }

    @Test
    void frontPage_hasWhatANewcomerNeeds() {
        RawHttp page = RawHttp.ask(keck, "GET", "/", "Accept: text/html\r\n");
        assertThat(page.status()).isEqualTo(200);
        assertThat(page.body()).contains("viewport", "<h1>Keck is running</h1>").doesNotContain("{{");
        // a jar that was built without Node says it in the page itself
        boolean isPlain = !page.body().contains("web/main.js");
        assertThat(isPlain ? page.body() : keck.get("/web/main.js").body())
                .contains("npm i yjs y-websocket", "api/docs/", "encodeURIComponent");
        if (!isPlain) {
            assertThat(page.body()).contains("&quot;isOpen&quot;:true", "&quot;isDescribed&quot;:true");
            assertThat(keck.get("/docs/").body()).contains("clients.html");
            assertThat(keck.get("/client/keck-provider.js").body()).contains("./yjs.js");
        }
        Map<String, String> icon = RawHttp.ask(keck, "GET", "/favicon.ico", "").headers();
        assertThat(icon).containsEntry("Content-Type", "image/x-icon");
        assertThat(keck.get("/api/docs/").body()).contains("viewport");
        assertThat(keck.get("/api/jwst.json").body()).contains("\"url\": \"../\"");
    }
}
