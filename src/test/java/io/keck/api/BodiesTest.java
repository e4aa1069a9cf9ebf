package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.feed.ChangeLog;
import io.keck.feed.Hooks;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What protects the server from bodies, and its twins: each protection is switched off once, and is missed. */
class BodiesTest {
    private static final int MANY = 300_000;

    private static ApiServer server;
    private static ApiServer unprotected;

    @BeforeAll
    static void start() {
        server = new ApiServer(false);
        ApiFactory factory = new ApiFactory() {
            @Override
            List<Object> components(
                    DocumentCalls calls,
                    EventStreams streams,
                    ChangeLog history,
                    Hooks hooks,
                    LongSupplier clock,
                    LongSupplier nanos) {
                List<Object> all = super.components(calls, streams, history, hooks, clock, nanos);
                assertThat(all.removeIf(UnreadBodyFilter.class::isInstance)).isTrue();
                return all;
            }
        };
        factory.limit(64 << 20, 64 << 20, Integer.MAX_VALUE, 0, false);
        unprotected = new ApiServer(factory, null);
    }

    @AfterAll
    static void stop() {
        server.close();
        unprotected.close();
    }

    @BeforeEach
    void rooms() {
        for (ApiServer each : List.of(server, unprotected)) {
            each.documents.reset();
            each.documents.edit("w", doc -> {});
        }
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String post(String path, int length) {
        return "POST /api/block/" + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + (length < 0 ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: " + length + "\r\n\r\n");
    }

    /** The head of the next answer, whose body is passed over; empty when there is none. */
    private static String answer(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int b;
            try {
                b = in.read();
            } catch (SocketException e) {
                b = -1; // a reset is an end, too
            }
            if (b < 0) {
                return "";
            }
            head.append((char) b);
        }
        for (String line : head.toString().split("\r\n")) {
            if (line.startsWith("Content-Length: ")) {
                in.readNBytes(Integer.parseInt(line.substring("Content-Length: ".length())));
            }
        }
        return head.toString();
    }

    /** The answer to a body that comes in two parts, half a minute after each other. */
    private static String slowly(ApiServer server, String path, String first, String second) throws IOException {
        server.timeRaces = true;
        try (Socket socket = server.connect()) {
            send(socket, post(path, first.length() + second.length()) + first);
            send(socket, second);
            return answer(socket);
        } finally {
            server.timeRaces = false;
        }
    }

    @Test
    void slowBody_is408_andChangesNothing() throws IOException {
        for (String path : List.of("w/b", "w/b/children", "w/map/m", "w/array/a", "w/text/t", "x/init")) {
            assertThat(slowly(server, path, "{\"k\"", ":1}"))
                    .as(path)
                    .startsWith("HTTP/1.1 408 ")
                    .contains("close");
        }
        assertThat(server.get("/api/block/w/doc/keys").body()).isEqualTo("[]");
        assertThat(server.documents.exists("x")).isFalse();
    }

    @Test
    void slowBody_isWaitedFor_withoutALeastRate() throws IOException {
        assertThat(slowly(unprotected, "w/map/m", "{\"k\"", ":1}")).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void slowBodyThatNobodyAskedFor_endsTheConnection() throws IOException {
        try (Socket socket = server.connect()) {
            server.timeRaces = true;
            send(socket, post("w", MANY) + "{");
            assertThat(answer(socket)).startsWith("HTTP/1.1 200 ").contains("Connection: close");
            assertThat(answer(socket)).isEmpty();
        } finally {
            server.timeRaces = false;
        }
    }

    @Test
    void bodyThatNobodyAskedFor_isTaken_soThatTheConnectionGoesOn() throws IOException {
        try (Socket socket = server.connect()) {
            send(socket, post("w", MANY) + " ".repeat(MANY));
            send(socket, "GET /api/block/w HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertThat(answer(socket)).startsWith("HTTP/1.1 200 ").doesNotContain("Connection: close");
            assertThat(answer(socket)).startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void bodyThatNobodyAskedFor_cutsTheConnection_whenItIsLeft() throws IOException {
        try (Socket socket = unprotected.connect()) {
            send(socket, post("w", MANY) + " ");
            assertThat(answer(socket)).startsWith("HTTP/1.1 200 "); // though the client still sends
            try {
                send(socket, " ".repeat(MANY - 1) + "GET /api/block/w HTTP/1.1\r\nHost: localhost\r\n\r\n");
            } catch (SocketException e) {
                return; // cut off while it sends
            }
            assertThat(answer(socket)).isEmpty();
        }
    }

    @Test
    void deepJson_isRefused_andFailsWithoutALimit() {
        for (String deep :
                List.of("[".repeat(30_000) + "]".repeat(30_000), "{\"a\":".repeat(9_000) + "1" + "}".repeat(9_000))) {
            String body = "{\"k\":" + deep + "}";
            assertThat(server.post("/api/block/w/map/m", body).status()).isEqualTo(400);
            assertThat(unprotected.post("/api/block/w/map/m", body).status()).isEqualTo(500);
        }
    }

    @Test
    void largeJson_isRefused_andTakenWithoutALimit() {
        String body = "{\"k\":\"" + "x".repeat(ApiServer.MAX_BODY) + "\"}";
        assertThat(server.post("/api/block/w/map/m", body).status()).isEqualTo(413);
        assertThat(server.get("/api/block/w/map/m").body()).isEqualTo("{}");
        assertThat(unprotected.post("/api/block/w/map/m", body).body()).hasSizeGreaterThan(ApiServer.MAX_BODY);
    }

    @Test
    void whatIsNotCompressedAsItSays_is400_andNoErrorOfKeck() {
        byte[] plain = "{\"k\":1}".getBytes(StandardCharsets.UTF_8);
        for (String path : List.of("w/map/m", "w/b", "w/b/children", "w/array/a", "w/text/t", "x/init")) {
            HttpResponse<byte[]> answer = server.send(
                    "POST",
                    "/api/block/" + path,
                    plain,
                    "Content-Encoding",
                    "gzip",
                    "Content-Type",
                    "application/json");
            assertThat(new ApiServer.Reply(answer)).as(path).hasToString("400 text/plain The body is malformed.");
        }
        for (String call : List.of("POST w", "POST new", "DELETE w/map/m/k", "DELETE w/array/a/0", "DELETE w")) {
            String[] words = call.split(" ");
            assertThat(new ApiServer.Reply(
                            server.send(words[0], "/api/block/" + words[1], plain, "Content-Encoding", "gzip")))
                    .as("%s wants no body", call)
                    .hasToString("400 text/plain The body is malformed.");
        }
        assertThat(server.get("/api/block/new").status()).isEqualTo(404);
        assertThat(server.get("/api/block/w/doc/keys").body()).isEqualTo("[]");
    }

    @Test
    void mediaTypeThatIsNone_isAsGoodAsMissing() {
        byte[] json = "{}".getBytes(StandardCharsets.UTF_8);
        for (String type : List.of("garbage", "a/b/c;;;", "/", "application/json;charset", "\"")) {
            for (String path : List.of("w/map/m", "w/b", "w/b/children", "w/array/a", "w/text/t")) {
                HttpResponse<byte[]> answer = server.send("POST", "/api/block/" + path, json, "Content-Type", type);
                assertThat(new ApiServer.Reply(answer))
                        .as(path + " " + type)
                        .hasToString("415 text/plain The body has to be application/json.");
            }
            assertThat(server.send("POST", "/api/block/w", json, "Content-Type", type)
                            .statusCode())
                    .isEqualTo(200);
            assertThat(server.send("POST", "/api/block/w/init?force=true", new byte[] {0, 0}, "Content-Type", type)
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void chunksThatAreNone_are400() throws IOException {
        for (String chunks : List.of("zz\r\n", "5\r\n{\"k\":\r\nzz\r\n", "-1\r\n")) {
            for (String path : List.of("w/map/m", "x/init", "w/b")) {
                try (Socket socket = server.connect()) {
                    send(socket, post(path, -1) + chunks);
                    assertThat(answer(socket)).as(path + " " + chunks).startsWith("HTTP/1.1 400 ");
                }
            }
        }
    }

    /** What arrives of a large answer whose slices are taken in two minutes each. */
    private static String takenSlowly(ApiServer server) throws IOException {
        server.documents.edit("w", doc -> doc.getText("t").insert(0, "x".repeat(MANY)));
        server.race = TimeUnit.MINUTES.toNanos(2);
        server.timeRaces = true;
        try (Socket socket = server.connect()) {
            send(socket, "GET /api/block/w/text/t HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } finally {
            server.timeRaces = false;
            server.race = ApiServer.HALF_MINUTE;
        }
    }

    @Test
    void largeAnswerThatIsTakenTooSlowly_breaksOff() throws IOException {
        String taken = takenSlowly(server);
        assertThat(taken.chars().filter(c -> c == 'x').count()).isLessThanOrEqualTo(LargeAnswers.SLICE);
        assertThat(taken).doesNotContain("Keck failed");
        // it never looks whole
        assertThat(taken).doesNotEndWith("\"").doesNotEndWith("0\r\n\r\n");
    }

    @Test
    void withoutALeastRate_largeAnswerIsTakenForAsLongAsItsClientLikes() throws IOException {
        assertThat(takenSlowly(unprotected)).contains('"' + "x".repeat(MANY) + '"');
    }
}
