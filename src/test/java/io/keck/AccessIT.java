package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keck.auth.NewKey;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.RawClient;
import io.keck.testing.RawHttp;
import io.keck.testing.Schemas;
import io.keck.testing.SyncClient;
import io.keck.testing.Tokens;
import io.keck.testing.Typist;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that asks everybody who comes for a credential: what each may do, over HTTP, WebSockets and on the admin port. */
class AccessIT {
    private static final String SECRET = "a secret of tests that has more than 32 bytes";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String BOARD = "/api/block/team%2Fboard";

    @TempDir
    private static Path dir;

    private static NewKey admin;
    private static NewKey metrics;
    private static KeckProcess keck;

    @BeforeAll
    static void start() throws IOException {
        admin = NewKey.make("operator", "*", "admin");
        metrics = NewKey.make("prometheus", "*", "admin");
        String only = metrics.line().replaceFirst("\"rights\":\\[[^]]*]", "\"rights\":[\"metrics\"]");
        Path keys = Files.write(dir.resolve("keys.jsonl"), List.of(admin.line(), only));
        keck = KeckProcess.in(dir)
                .brief()
                .env("KECK_LOG_LEVEL", "DEBUG")
                .env("KECK_JWT_SECRET", SECRET)
                .env("KECK_API_KEYS_FILE", keys.toString())
                .env("KECK_TRUSTED_HEADERS", "X-User")
                .env("KECK_TRUSTED_PEERS", "192.0.2.0/24")
                .with("access.audit.table", "true")
                .with("logging.loggers.io\\.dropwizard\\.jersey\\.DropwizardResourceConfig", "INFO")
                .with("logging.loggers.io\\.dropwizard\\.core\\.setup\\.AdminEnvironment", "INFO")
                .env("KECK_ACCESS_COOKIE", "session")
                .env("KECK_ACCESS_COOKIE_ORIGINS", "https://app.example")
                .start();
        assertThat(call("POST", BOARD, admin.key(), null).statusCode()).isEqualTo(200);
    }

    @AfterAll
    static void stop() {
        if (keck != null) {
            keck.close();
        }
    }

    /** No part of a credential is in the log, at the level that says most. */
    @AfterEach
    void noCredentialIsInTheLog() {
        assertThat(keck.log())
                .doesNotContain(admin.key().substring(5))
                .doesNotContain("eyJhbGciOiJIUzI1NiJ9.")
                .doesNotContain("kt1.eyJ")
                .doesNotContain(SECRET);
    }

    private static String token(String subject, String match, String role) {
        return Tokens.of(SECRET, subject, "{\"documents\":[{\"match\":\"" + match + "\",\"role\":\"" + role + "\"}]}");
    }

    private static HttpResponse<String> call(
            String method, String path, @Nullable String credential, @Nullable String json, String... headers) {
        return call(keck.port(), method, path, credential, json, headers);
    }

    private static HttpResponse<String> call(
            int port,
            String method,
            String path,
            @Nullable String credential,
            @Nullable String json,
            String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(KeckProcess.PATIENCE)
                .method(method, json == null ? BodyPublishers.noBody() : BodyPublishers.ofString(json));
        if (json != null) {
            request.header("Content-Type", "application/json");
        }
        if (credential != null) {
            request.header("Authorization", "Bearer " + credential);
        }
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        try {
            return KeckProcess.HTTP.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static URI room(String name, @Nullable String token) {
        return URI.create(keck.room(name) + (token == null ? "" : "?token=" + token));
    }

    /** Every call of the HTTP interface, with the least right that it needs beside read. */
    private static Map<String, String> calls() {
        Map<String, String> calls = new LinkedHashMap<>();
        for (String read : List.of(
                "",
                "/blocks",
                "/flavour/text",
                "/doc/keys",
                "/client",
                "/export",
                "/map/m",
                "/map/m/k",
                "/array/a",
                "/array/a/0",
                "/text/t",
                "/xml/x",
                "/b1",
                "/b1/children")) {
            calls.put("GET " + BOARD + read, "read");
        }
        calls.put("GET " + BOARD + "/history", "write");
        calls.put("GET " + BOARD + "/clients", "write");
        calls.put("POST " + BOARD + "/map/m", "write");
        calls.put("POST " + BOARD + "/array/a", "write");
        calls.put("POST " + BOARD + "/text/t", "write");
        calls.put("POST " + BOARD + "/b1", "write");
        calls.put("POST " + BOARD + "/b1/children", "write");
        calls.put("DELETE " + BOARD + "/map/m/k", "write");
        calls.put("DELETE " + BOARD + "/array/a/9", "write");
        calls.put("DELETE " + BOARD + "/b9", "write");
        calls.put("DELETE " + BOARD + "/b1/children/b2", "write");
        calls.put("POST " + BOARD, "write");
        calls.put("POST " + BOARD + "/init", "write");
        calls.put("POST /api/blobs/team%2Fboard", "write");
        calls.put("PUT /api/workspace/team%2Fboard/blob", "write");
        calls.put("HEAD /api/blobs/team%2Fboard/x", "read");
        calls.put("GET /api/blobs/team%2Fboard/x", "read");
        calls.put("GET /api/workspace/team%2Fboard/blob/x", "read");
        calls.put("DELETE /api/blobs/team%2Fboard/x", "admin");
        calls.put("POST " + BOARD + "/init?force=true", "admin");
        calls.put("POST /collaboration/team/board", "read");
        calls.put("POST /doc/team/board/auth", "read");
        calls.put("GET /d/team%2Fboard/as-update", "read");
        calls.put("POST /d/team%2Fboard/update", "write");
        calls.put("POST /api/messages/team%2Fboard", "admin");
        String document = "/api/documents/team%2Fboard";
        calls.put("GET " + document, "read");
        calls.put("HEAD " + document, "read");
        calls.put("GET " + document + "/state-vector", "read");
        calls.put("GET " + document + "/roots", "read");
        calls.put("GET " + document + "/presence", "read");
        calls.put("GET " + document + "/roots/t", "read");
        calls.put("POST " + document + "/diff", "read");
        calls.put("POST " + document + "/updates", "write");
        calls.put("POST " + document + "/roots/m", "write");
        calls.put("POST " + document + "/restore", "write");
        calls.put("GET " + document + "?at=0", "write");
        for (String past : List.of("/activity", "/changes", "/diff?from=0", "/versions")) {
            calls.put("GET " + document + past, "write");
        }
        calls.put("POST " + document + "/versions", "write");
        calls.put("PUT " + document + "/versions/1", "write");
        calls.put("DELETE " + document + "/versions/1", "write");
        calls.put("PUT " + document, "write");
        calls.put("POST " + document + "/undelete", "admin");
        calls.put("POST " + document + "/purge", "admin");
        calls.put("DELETE " + document, "admin");
        calls.put("DELETE " + BOARD, "admin");
        return calls;
    }

    @Test
    void everyCall_needsItsRightAndNoMore() {
        List<String> roles = List.of("read", "write", "admin");
        Map<String, String> tokens = new LinkedHashMap<>();
        roles.forEach(role -> tokens.put(role, token("matrix-" + role, "team/*", role)));
        calls().forEach((call, least) -> {
            String[] words = call.split(" ");
            String body = words[0].equals("POST") ? "{}" : null;
            assertThat(call(words[0], words[1], null, body).statusCode())
                    .as(call)
                    .isEqualTo(401);
            assertThat(call(words[0], words[1], token("stranger", "team", "admin"), body)
                            .statusCode())
                    .as("%s by one who may do everything elsewhere", call)
                    .isEqualTo(403);
            for (String role : roles) {
                int status = call(words[0], words[1], tokens.get(role), body).statusCode();
                if (roles.indexOf(role) < roles.indexOf(least)) {
                    assertThat(status).as("%s with the role %s", call, role).isEqualTo(403);
                } else {
                    assertThat(status).as("%s with the role %s", call, role).isNotIn(401, 403, 500);
                }
            }
        });
        assertThat(call("POST", BOARD, admin.key(), null).statusCode()).isEqualTo(200);
    }

    /** Whatever the server says that it has, on both ports: nobody gets in without a credential, and a guest not as an operator. */
    @Test
    void everythingThatIsThere_needsARight() {
        Pattern endpoint = Pattern.compile("(GET|POST|PUT|DELETE|HEAD|PATCH) +(/api/\\S*) \\(io\\.keck");
        List<String> endpoints = found(endpoint);
        assertThat(endpoints).as("endpoints in the log").hasSizeGreaterThan(35);
        String guest = token("guest-of-all", "elsewhere/*", "admin");
        for (String each : endpoints) {
            String[] words = each.split(" +");
            String path = words[1].replaceAll("\\{(?:workspace|document)(:[^}]*)?}", "team%2Fboard")
                    .replaceAll("\\{[^}]*}", "x");
            String body = words[0].equals("POST") || words[0].equals("PUT") ? "{}" : null;
            boolean isPublic = path.startsWith("/api/docs")
                    || path.equals("/api/jwst.json")
                    || path.equals("/api/y-sweet/check_store");
            int without = call(words[0], path, null, body).statusCode();
            int stranger = call(words[0], path, guest, body).statusCode();
            boolean leavesOthersOut = path.equals("/api/documents");
            assertThat(List.of(without, stranger))
                    .as(each)
                    .isEqualTo(isPublic ? List.of(without, without) : List.of(401, leavesOthersOut ? 200 : 403));
            assertThat(without == 401).as(each).isEqualTo(!isPublic);
        }
        List<String> tasks = found(Pattern.compile("(POST) +(/tasks/\\S+) \\("));
        assertThat(tasks).as("tasks in the log").hasSizeGreaterThan(7);
        List<String> readable = List.of("GET /metrics", "GET /healthcheck", "GET /ping");
        List<String> operators = new java.util.ArrayList<>(tasks);
        operators.addAll(List.of(
                "GET /", "GET /threads", "GET /pprof", "GET /metrics/../threads", "POST /metrics", "GET /absent"));
        for (String each : readable) {
            assertThat(onAdminPort(each, null)).as(each).isEqualTo(401);
            assertThat(onAdminPort(each, metrics.key())).as(each).isNotIn(401, 403);
        }
        for (String each : operators) {
            assertThat(onAdminPort(each, null)).as(each).isIn(400, 401);
            assertThat(onAdminPort(each, metrics.key())).as(each).isIn(400, 403);
        }
    }

    private static List<String> found(Pattern line) {
        return line.matcher(keck.log())
                .results()
                .map(at -> at.group(1) + " " + at.group(2))
                .distinct()
                .toList();
    }

    private static int onAdminPort(String call, @Nullable String key) {
        String[] words = call.split(" ");
        return call(keck.adminPort(), words[0], words[1], key, null, "Keck-Admin", "1")
                .statusCode();
    }

    @Test
    void callsOnTheServer_needARightOnAllDocuments() {
        String team = token("team-admin", "team/*", "admin");
        for (String path : List.of("/api/subscribe", "/api/access/revoke", "/api/access/recheck", "/api/hook")) {
            assertThat(call("POST", path, null, "{}").statusCode()).as(path).isEqualTo(401);
            assertThat(call("POST", path, team, "{}").statusCode()).as(path).isEqualTo(403);
            assertThat(call("POST", path, admin.key(), "{}").statusCode())
                    .as(path)
                    .isNotIn(401, 403);
        }
        for (String open : List.of("/", "/health", "/api/jwst.json")) {
            assertThat(call("GET", open, null, null).statusCode()).as(open).isEqualTo(200);
        }
    }

    /** Whoever may not read a name learns nothing about it. */
    @Test
    void refusal_saysNothingOfTheDocument() {
        String token = token("stranger", "elsewhere/*", "admin");
        HttpResponse<String> there = call("GET", BOARD, token, null);
        HttpResponse<String> absent = call("GET", "/api/block/team%2Fabsent", token, null);
        assertThat(there.statusCode()).isEqualTo(403);
        assertThat(absent.statusCode()).isEqualTo(403);
        assertThat(there.body()).isEqualTo(absent.body());
        assertThat(there.headers().map().keySet())
                .isEqualTo(absent.headers().map().keySet());
    }

    @Test
    void identityHeaders_areNotHeardFromOthers() {
        assertThat(call("GET", BOARD, null, null, "X-User", "alice", "X-Forwarded-For", "192.0.2.1")
                        .statusCode())
                .isEqualTo(401);
    }

    @Test
    void socketWithoutACredential_isRefusedBeforeTheUpgrade() {
        assertThat(refused(room("team/board", null))).isEqualTo(401);
        assertThat(refused(room("team/board", "nonsense"))).isEqualTo(401);
        assertThat(refused(room("team/board", token("a", "other", "admin")))).isEqualTo(403);
    }

    private static int refused(URI room) {
        try (RawClient client = RawClient.connect(room)) {
            return 0;
        } catch (RawClient.Refused e) {
            return e.status;
        }
    }

    @Test
    void ticket_opensWhatItIsFor() throws IOException {
        String token = token("dora", "team/*", "write");
        HttpResponse<String> answer = call("POST", "/collaboration/team/board", token, "{\"once\":true}");
        ObjectNode allowed = (ObjectNode) JSON.readTree(answer.body());
        assertThat(allowed.path("protocol").asText()).isEqualTo("AFFiNE");
        assertThat(allowed.path("rights").toString()).contains("write").doesNotContain("delete");
        JsonNode description =
                JSON.readTree(call("GET", "/api/jwst.json", null, null).body());
        JsonNode schema =
                description.at("/paths/~1collaboration~1{room}/post/responses/200/content/application~1json/schema");
        assertThat(new Schemas(description).problems(allowed, schema)).isEmpty();
        String ticket = allowed.path("ticket").asText();
        assertThat(refused(room("team/other", ticket))).isEqualTo(401);
        assertThat(call("GET", BOARD, ticket, null).statusCode()).isEqualTo(401);
        assertThat(call("POST", "/collaboration/team/board", ticket, null).statusCode())
                .isEqualTo(401);
        assertThat(refused(room("team/board", ticket))).isZero();
        assertThat(refused(room("team/board", ticket))).as("replayed").isEqualTo(401);
    }

    @Test
    void readOnlySocket_readsAndIsToldThatItMayNotWrite() {
        try (SyncClient writer = SyncClient.join(room("team/live", token("writer", "team/*", "write")));
                SyncClient reader = SyncClient.join(room("team/live", token("reader", "team/*", "read")))) {
            Typist typist = new Typist(7);
            writer.send(io.keck.protocol.Message.update(typist.type("a")));
            reader.await("reads", () -> reader.stateVector().clock(7) > 0);
            Typist other = new Typist(8);
            reader.send(io.keck.protocol.Message.update(other.type("b")));
            writer.send(io.keck.protocol.Message.update(typist.type("a")));
            reader.await("reads on", () -> reader.stateVector().clock(7) > 1);
            assertThat(writer.stateVector().clock(8)).isZero();
            assertThat(call("GET", "/api/block/team%2Flive/clients", admin.key(), null)
                            .body())
                    .isEqualTo("[7]");
        }
    }

    @Test
    void revocation_endsSocketsAndCallsAtOnce() {
        String mallory = token("mallory", "team/*", "write");
        try (RawClient client = RawClient.connect(room("team/board", mallory))) {
            HttpResponse<String> answer =
                    call("POST", "/api/access/revoke", admin.key(), "{\"principal\":\"mallory\"}");
            assertThat(answer.body()).contains("\"everywhere\":true");
            assertThat(client.awaitEnd().code()).isEqualTo(4401);
            assertThat(refused(room("team/board", mallory))).isEqualTo(401);
            assertThat(call("GET", BOARD, mallory, null).statusCode()).isEqualTo(401);
        }
    }

    /** A page sees nothing of a status, so it is told by a close code, and before that it gets nothing. */
    @Test
    void pageThatIsRefused_isToldByACloseCode() throws IOException {
        assertThat(closeOfPage("team/board", "")).isEqualTo(4401);
        assertThat(closeOfPage("team/board", "?token=" + token("page", "other/*", "admin")))
                .isEqualTo(4403);
        assertThat(closeOfPage("team/absent", "?token=" + token("page", "other/*", "admin")))
                .isEqualTo(4403);
        assertThat(call("GET", "/api/block/team%2Fabsent", admin.key(), null).statusCode())
                .isEqualTo(404);
    }

    /** The code of the first frame after the handshake; 0 where it is no close. */
    private static int closeOfPage(String room, String query) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), keck.port())) {
            socket.setSoTimeout((int) KeckProcess.PATIENCE.toMillis());
            socket.getOutputStream()
                    .write(("GET /collaboration/" + room + query + " HTTP/1.1\r\nHost: localhost\r\n"
                                    + "Origin: http://localhost:3000\r\n" + RawHttp.UPGRADE + "\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) in.read());
            }
            assertThat(head.toString()).startsWith("HTTP/1.1 101 ");
            byte[] frame = in.readNBytes(4);
            return (frame[0] & 0x0f) == 8 ? (frame[2] & 0xff) << 8 | frame[3] & 0xff : 0;
        }
    }

    /** The same key of two principals is two requests: neither swallows the write of the other. */
    @Test
    void idempotencyKey_belongsToItsPrincipal() {
        String path = "/api/block/team%2Fkeys";
        String one = token("one", "team/*", "write");
        String two = token("two", "team/*", "write");
        assertThat(call("POST", path, one, null).statusCode()).isEqualTo(200);
        String[] key = {"Idempotency-Key", "order-4711"};
        assertThat(call("POST", path + "/map/m", one, "{\"a\":1}", key).statusCode())
                .isEqualTo(200);
        assertThat(call("POST", path + "/map/m", two, "{\"b\":2}", key).body()).isEqualTo("{\"a\":1,\"b\":2}");
        assertThat(call("POST", path + "/map/m", two, "{\"c\":3}", key).statusCode())
                .isEqualTo(422);
    }

    @Test
    void answers_areNotForSharedCaches() {
        String token = token("cacher", "team/*", "write");
        HttpResponse<String> put = call("POST", "/api/blobs/team%2Fboard", token, "{}");
        String id = put.body().replaceAll(".*\"id\":\"([^\"]+)\".*", "$1");
        HttpResponse<String> blob = call("GET", "/api/workspace/team%2Fboard/blob/" + id, token, null);
        assertThat(blob.statusCode()).isEqualTo(200);
        assertThat(blob.headers().firstValue("Cache-Control").orElse("")).startsWith("private, immutable");
        assertThat(call("GET", BOARD, token, null).headers().firstValue("Cache-Control"))
                .contains("private, no-store");
    }

    /** A stream shows the past only to those who may see it, and ends with its grant. */
    @Test
    void stream_endsWithItsGrant() throws Exception {
        String path = BOARD + "/subscribe/sse";
        String reader = token("listener", "team/*", "read");
        assertThat(call("POST", "/collaboration/team/board", reader, "{\"purpose\":\"events\"}")
                        .body())
                .contains("\"purpose\":\"events\"");
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + keck.port() + path + "?token=" + reader))
                .header("Last-Event-ID", "1-0")
                .build();
        HttpResponse<InputStream> stream = KeckProcess.HTTP.send(request, BodyHandlers.ofInputStream());
        assertThat(stream.statusCode()).isEqualTo(200);
        call("POST", "/api/access/revoke", admin.key(), "{\"principal\":\"listener\"}");
        String whole;
        try (InputStream body = stream.body()) {
            whole = new String(body.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            whole = "event:reset"; // cut in the midst of a chunk
        }
        assertThat(whole).contains("event:reset").doesNotContain("event:update");
        assertThat(call("GET", path, reader, null).statusCode()).isEqualTo(401);
    }

    /** A download that its client takes slowly ends with its grant; that of another principal is the twin. */
    @Test
    void downloads_endWithTheirGrant() throws Exception {
        String path = "/api/block/team%2Flarge";
        assertThat(call("POST", path, admin.key(), null).statusCode()).isEqualTo(200);
        int size = 8 << 20;
        String id = call("POST", "/api/blobs/team%2Flarge", admin.key(), "x".repeat(size - 1_000))
                .body()
                .replaceAll(".*\"id\":\"([^\"]+)\".*", "$1");
        for (int i = 0; i < 4; i++) {
            String part = "{\"part-" + i + "\":\"" + "y".repeat((2 << 20) - 100) + "\"}";
            assertThat(call("POST", path + "/map/m", admin.key(), part).statusCode())
                    .isEqualTo(200);
        }
        String ended = token("downloader", "team/*", "write");
        String other = token("other-downloader", "team/*", "write");
        List<String> paths = List.of("/api/blobs/team%2Flarge/" + id, path + "/export", path + "/map/m");
        List<Download> ending = paths.stream().map(p -> new Download(p, ended)).toList();
        List<Download> going = paths.stream().map(p -> new Download(p, other)).toList();
        call("POST", "/api/access/revoke", admin.key(), "{\"principal\":\"downloader\"}");
        for (Download download : ending) {
            assertThat(download.rest()).as(download.path).isLessThan(size - 2_000);
        }
        for (Download download : going) {
            assertThat(download.rest()).as(download.path).isGreaterThan(size - 2_000);
        }
    }

    /** An answer of which the first bytes are read and the rest is not yet. */
    private static final class Download {
        private final String path;
        private final Socket socket = new Socket();

        Download(String path, String token) {
            this.path = path;
            try {
                socket.setReceiveBufferSize(64 << 10);
                socket.setSoTimeout((int) KeckProcess.PATIENCE.toMillis());
                socket.connect(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), keck.port()));
                socket.getOutputStream()
                        .write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                                        + "Authorization: Bearer " + token + "\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
                byte[] head = socket.getInputStream().readNBytes(1_000);
                assertThat(new String(head, StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 200 ");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Reads to the end; how many bytes came. */
        long rest() {
            long count = 0;
            try (socket) {
                byte[] buffer = new byte[64 << 10];
                for (int n = socket.getInputStream().read(buffer);
                        n >= 0;
                        n = socket.getInputStream().read(buffer)) {
                    count += n;
                }
            } catch (IOException e) {
                return count; // reset
            }
            return count;
        }
    }

    @Test
    void adminPort_needsAKeyAndKeepsAnAudit() {
        int port = keck.adminPort();
        assertThat(call(port, "GET", "/metrics", null, null).statusCode()).isEqualTo(401);
        assertThat(call(port, "GET", "/metrics", metrics.key(), null).statusCode())
                .isEqualTo(200);
        assertThat(call(port, "GET", "/threads", metrics.key(), null).statusCode())
                .isEqualTo(403);
        assertThat(call(port, "POST", "/tasks/rooms", metrics.key(), null, "Keck-Admin", "1")
                        .statusCode())
                .isEqualTo(403);
        assertThat(call(port, "POST", "/tasks/rooms", admin.key(), null, "Keck-Admin", "1")
                        .statusCode())
                .isEqualTo(200);
        String line =
                "{\"event\":\"operated\",\"principal\":\"key:operator\",\"what\":\"/tasks/rooms\",\"status\":200}";
        keck.awaitLog(Pattern.compile(Pattern.quote(line)));
    }

    private static List<String> events(String query) {
        try {
            return JSON.readTree(call("GET", query, admin.key(), null).body())
                    .path("entries")
                    .findValuesAsText("event");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void auditLog_saysWhoDeletedWhat_andIsReadInPages() throws Exception {
        String path = "/api/block/team%2Faudited";
        String owner = token("owner", "team/audited", "admin");
        String guest = token("guest", "team/audited", "write");
        assertThat(call("POST", path, owner, null).statusCode()).isEqualTo(200);
        assertThat(call("POST", path + "/init?force=true", owner, null).statusCode())
                .isEqualTo(200);
        assertThat(call("DELETE", path, guest, null).statusCode()).isEqualTo(403);
        String document = "/api/documents/team%2Faudited";
        assertThat(call("POST", document + "/restore", owner, "{\"at\":0,\"preview\":true}")
                        .statusCode())
                .isEqualTo(200);
        HttpResponse<String> restored = call("POST", document + "/restore", owner, "{\"at\":0}");
        assertThat(restored.statusCode()).as(restored.body()).isEqualTo(200);
        assertThat(call("DELETE", path, owner, null).statusCode()).isEqualTo(204);
        assertThat(call("POST", document + "/undelete", owner, null).statusCode())
                .isEqualTo(204);
        assertThat(call("DELETE", path, owner, null).statusCode()).isEqualTo(204);
        String line = "{\"event\":\"deleted\",\"principal\":\"owner\",\"document\":\"team/audited\",\"status\":204,";
        keck.awaitLog(Pattern.compile(Pattern.quote(line)));

        String query = "/api/access/audit?limit=1&document=team%2Faudited&principal=owner";
        List<String> events = List.of("deleted", "undeleted", "deleted", "restored", "replaced");
        Eventually.await(
                "the table has all of it, and no preview",
                () -> events(query.replace("limit=1", "limit=10")).equals(events));
        JsonNode newest = JSON.readTree(call("GET", query, admin.key(), null).body());
        assertThat(newest.at("/entries/0/node").asText()).isNotEmpty();
        JsonNode next = JSON.readTree(
                call("GET", query + "&before=" + newest.path("next").asText(), admin.key(), null)
                        .body());
        assertThat(next.at("/entries/0/event").asText()).isEqualTo("undeleted");
        assertThat(call("GET", query, owner, null).statusCode()).isEqualTo(403);
        assertThat(call("GET", query, null, null).statusCode()).isEqualTo(401);
    }

    /** A web app on a host of its own, whose users have a session cookie: it is listed once, as an origin of cookies. */
    @Test
    void pageOfACookieOrigin_readsAndWritesWithItsCookie() {
        String cookie = "session=" + token("alice", "team/*", "write");
        String body = "{\"prop\":1}";
        HttpResponse<String> mine = call("POST", BOARD, null, body, "Cookie", cookie, "Origin", "https://app.example");
        assertThat(mine.statusCode()).as(mine.body()).isEqualTo(200);
        assertThat(mine.headers().firstValue("Access-Control-Allow-Origin")).contains("https://app.example");
        assertThat(mine.headers().firstValue("Access-Control-Allow-Credentials"))
                .contains("true");
        HttpResponse<String> asked = call(
                "OPTIONS", BOARD, null, null, "Origin", "https://app.example", "Access-Control-Request-Method", "POST");
        assertThat(asked.headers().firstValue("Access-Control-Allow-Credentials"))
                .contains("true");
        assertThat(asked.headers().allValues("Vary")).anyMatch(vary -> vary.contains("Origin"));

        HttpResponse<String> foreign =
                call("POST", BOARD, null, body, "Cookie", cookie, "Origin", "https://evil.example");
        assertThat(foreign.statusCode()).isEqualTo(403);
        assertThat(foreign.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
        HttpResponse<String> cors = call("GET", BOARD, null, null, "Cookie", cookie, "Origin", "http://localhost:5173");
        assertThat(cors.statusCode())
                .as("an origin of CORS alone gets nothing by a cookie")
                .isEqualTo(401);
        assertThat(cors.headers().firstValue("Access-Control-Allow-Credentials"))
                .isEmpty();
    }
}
