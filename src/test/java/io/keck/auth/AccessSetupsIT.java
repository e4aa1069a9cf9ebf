package io.keck.auth;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keck.testing.Documented;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.Nginx;
import io.keck.testing.NodeClients;
import io.keck.testing.RawClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each way in as access.md sets it up: its variables, its code, stock clients, a provider that signs real tokens, a real nginx. */
class AccessSetupsIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PAGE = "access.md";
    private static final String BOARD = "team-1/board";
    private static final String PATH = "/api/block/team-1%2Fboard";
    private static final String STOCK = "y-websocket";

    @TempDir
    private Path dir;

    private final StandIn standIn = new StandIn();
    private @Nullable KeckProcess running;
    private NewKey operator;

    @AfterEach
    void stop() {
        if (running != null) {
            running.close();
        }
        standIn.close();
    }

    /** Starts Keck with these variables, and a key for the operator. */
    private KeckProcess start(Map<String, String> variables, String... options) throws IOException {
        operator = NewKey.make("operator", "*", "admin");
        KeckProcess.Setup setup = KeckProcess.in(dir)
                .brief()
                .env(
                        "KECK_API_KEYS_FILE",
                        Files.writeString(dir.resolve("keys.jsonl"), operator.line() + "\n")
                                .toString());
        variables.forEach(setup::env);
        for (int i = 0; i < options.length; i += 2) {
            setup.with(options[i], options[i + 1]);
        }
        running = setup.start();
        return running;
    }

    private static HttpResponse<String> call(
            int port, String method, String path, @Nullable String credential, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(KeckProcess.PATIENCE)
                .method(method, BodyPublishers.noBody());
        if (credential != null) {
            request.header("Authorization", "Bearer " + credential);
        }
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return send(request);
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return KeckProcess.HTTP.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private HttpResponse<String> administer(String path, String json) {
        return send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + running.port() + path))
                .header("Authorization", "Bearer " + operator.key())
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json)));
    }

    /** Ends all connections, as a restart of the node would. */
    private void restart() {
        for (String task : List.of("drain", "undrain")) {
            assertThat(call(running.adminPort(), "POST", "/tasks/" + task, operator.key(), "Keck-Admin", "1")
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    private static int refused(URI room) {
        try (RawClient client = RawClient.connect(room)) {
            return 0;
        } catch (RawClient.Refused e) {
            return e.status;
        }
    }

    private static JsonNode json(HttpResponse<String> answer) {
        try {
            return JSON.readTree(answer.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String base() {
        return "http://127.0.0.1:" + running.port();
    }

    /** Code of the page, for the server of this test. */
    private String local(String code) {
        return Documented.replaced(code, "wss://example.org", "ws://127.0.0.1:" + running.port());
    }

    // ------------------------------------------------------------------ a web app with JSON web tokens

    private static String claims(String subject, long issuedAt, String keck) {
        return "{\"sub\":\"" + subject + "\",\"iat\":" + issuedAt + ",\"exp\":" + (issuedAt + 900) + ",\"keck\":" + keck
                + "}";
    }

    private static long now() {
        return System.currentTimeMillis() / 1_000;
    }

    private static final String TEAM =
            "{\"documents\":[{\"match\":\"team-1/*\",\"role\":\"write\"}],\"name\":\"Alice\"}";

    /** The code of the back end signs, the code of the page connects, renews its token in time, and comes back after 4401. */
    @Test
    void webAppWithTokens_worksAsDocumented() throws Exception {
        String code = Documented.code(PAGE, "// Node, with the package jsonwebtoken");
        int page = code.indexOf("// in the page");
        assertThat(Documented.code(
                        PAGE, "KECK_JWT_SECRET=\"$(openssl rand -base64 32)\" java -jar keck.jar server config.yml"))
                .isNotEmpty();
        KeckProcess keck = start(Map.of("KECK_JWT_SECRET", TokenForge.SECRET));
        try (NodeClients clients = NodeClients.start()) {
            Map<String, Object> user = Map.of("id", "42", "name", "Alice", "team", 1);
            String token = clients.sign(code.substring(0, page), TokenForge.SECRET, user);
            JsonNode allowed = json(call(keck.port(), "POST", "/collaboration/" + BOARD, token));
            assertThat(allowed.path("principal").asText()).isEqualTo("42");
            assertThat(allowed.path("name").asText()).isEqualTo("Alice");
            assertThat(refused(URI.create(keck.room("team-2/board") + "?token=" + token)))
                    .isEqualTo(403);

            String renewed = TokenForge.hmac(claims("42", now() + 1, TEAM));
            String later = TokenForge.hmac(claims("42", now() + 20, TEAM));
            clients.documented("alice", local(code.substring(page)), base(), STOCK, token, renewed, later);
            clients.awaitSynced("alice");
            clients.edit("alice", NodeClients.insert(0, "typed"));
            Eventually.await(
                    "the text is saved",
                    () -> call(keck.port(), "GET", PATH + "/text/t", token)
                            .body()
                            .contains("typed"));

            assertThat(clients.repeat("alice")).containsOnly(200);
            assertThat(clients.credential("alice"))
                    .as("the next connection has a newer one")
                    .isNotEqualTo(token);

            assertThat(administer("/api/access/revoke", "{\"principal\":\"42\"}")
                            .statusCode())
                    .isEqualTo(200);
            clients.awaitClosed(1, "alice");
            Eventually.await("a token that was issued later lets it in", () -> clients.connects("alice") >= 2);
            clients.awaitSynced("alice");
            assertThat(clients.closeCodes("alice")).contains(4401);
            assertThat(clients.credential("alice")).isEqualTo(later);
        }
    }

    // ------------------------------------------------------------------ an OpenID provider

    private void provide(String... jwks) {
        String issuer = standIn.uri("/realms/team").toString();
        standIn.answers = path -> switch (path) {
            case "/realms/team/.well-known/openid-configuration" ->
                new StandIn.Answer(
                        200, "{\"issuer\":\"" + issuer + "\",\"jwks_uri\":\"" + standIn.uri("/keys") + "\"}");
            case "/keys" -> new StandIn.Answer(200, JwksKeysTest.set(jwks));
            default -> new StandIn.Answer(404, "");
        };
    }

    private String idToken(String kid, java.security.PrivateKey key, String audience) {
        String claims = "{\"iss\":\"" + standIn.uri("/realms/team") + "\",\"aud\":\"" + audience
                + "\",\"sub\":\"user-7\",\"name\":\"Bob\",\"iat\":" + now() + ",\"exp\":" + (now() + 900) + "}";
        return TokenForge.signed(
                TokenForge.header(key.getAlgorithm().equals("EC") ? "ES256" : "RS256", kid), claims, key);
    }

    @Test
    void openIdProvider_worksAsDocumented() throws Exception {
        Map<String, String> variables = Documented.environment(
                PAGE,
                "KECK_OIDC_ISSUER=https://id.example.org/realms/team KECK_JWT_AUDIENCE=keck KECK_SIGNED_IN=write");
        assertThat(variables).containsKeys("KECK_OIDC_ISSUER", "KECK_JWT_AUDIENCE", "KECK_SIGNED_IN");
        variables.put("KECK_OIDC_ISSUER", standIn.uri("/realms/team").toString());
        provide(JwksKeysTest.jwk("one", TokenForge.RSA));
        KeckProcess keck = start(variables);
        String good = idToken("one", TokenForge.RSA.getPrivate(), "keck");
        JsonNode allowed = json(call(keck.port(), "POST", "/collaboration/" + BOARD, good));
        assertThat(allowed.path("principal").asText()).isEqualTo("user-7");
        assertThat(allowed.path("rights").toString()).contains("write").doesNotContain("delete");
        assertThat(call(keck.port(), "POST", PATH, good).statusCode()).isEqualTo(200);
        assertThat(refused(URI.create(keck.room(BOARD) + "?token=" + good))).isZero();

        assertThat(call(keck.port(), "GET", PATH, idToken("one", TokenForge.RSA.getPrivate(), "other"))
                        .statusCode())
                .isEqualTo(401);
        assertThat(call(keck.port(), "GET", PATH, idToken("one", TokenForge.OTHER_RSA.getPrivate(), "keck"))
                        .statusCode())
                .isEqualTo(401);
        assertThat(call(keck.port(), "GET", PATH, null).statusCode()).isEqualTo(401);

        provide(JwksKeysTest.jwk("one", TokenForge.RSA), JwksKeysTest.jwk("two", TokenForge.EC));
        String rotated = idToken("two", TokenForge.EC.getPrivate(), "keck");
        Eventually.await(
                "the new key is fetched",
                () -> call(keck.port(), "GET", PATH, rotated).statusCode() == 200);
    }

    // ------------------------------------------------------------------ behind a proxy that signs users in

    /** nginx asks who comes (auth_request), as it does before oauth2-proxy, and names the user to Keck. */
    @Test
    void proxyThatSignsUsersIn_worksAsDocumented() throws Exception {
        Map<String, String> variables = Documented.environment(
                PAGE, "KECK_TRUSTED_HEADERS=X-Forwarded-User,X-Forwarded-Preferred-Username,X-Forwarded-Groups");
        assertThat(variables).containsEntry("KECK_TRUSTED_PEERS", "10.0.0.7");
        variables.put("KECK_TRUSTED_PEERS", "127.0.0.1");
        variables.put("KECK_FORWARDED_HEADERS", "true");
        KeckProcess keck = start(variables, "access.maxAge", "10s");
        standIn.answers = path -> new StandIn.Answer(202, "");
        String auth = "auth_request /auth;\n"
                + "auth_request_set $user $upstream_http_x_auth_request_user;\n"
                + "location = /auth { internal; proxy_pass " + standIn.uri("/auth") + ";"
                + " proxy_pass_request_body off; proxy_set_header Content-Length \"\"; }\n";
        try (Nginx nginx = Nginx.start(
                        dir,
                        config -> {
                            String moved = Documented.replaced(
                                    config,
                                    "proxy_set_header X-Forwarded-User \"\";",
                                    "proxy_set_header X-Forwarded-User $user;");
                            moved = Documented.replaced(
                                    moved, "merge_slashes off;", "set $user \"\";\nmerge_slashes off;\n" + auth);
                            return moved.replaceAll("server 127\\.0\\.0\\.1:300[23] max_fails=0;", "");
                        },
                        keck.port());
                NodeClients clients = NodeClients.start()) {
            standIn.headers.put("X-Auth-Request-User", "alice");
            JsonNode allowed = json(call(nginx.port(), "POST", "/collaboration/" + BOARD, null));
            assertThat(allowed.path("principal").asText()).isEqualTo("alice");
            JsonNode spoofed =
                    json(call(nginx.port(), "POST", "/collaboration/" + BOARD, null, "X-Forwarded-User", "mallory"));
            assertThat(spoofed.path("principal").asText())
                    .as("nginx overwrites it")
                    .isEqualTo("alice");

            // Keck sees who it is only when a connection begins: it ends in time, and the client comes back by itself
            clients.open("alice", nginx.port(), BOARD);
            clients.awaitSynced("alice");
            clients.awaitClosed(1, "alice");
            assertThat(clients.closeCodes("alice")).containsExactly(1012);
            Eventually.await("it is back", () -> clients.connects("alice") >= 2);
            clients.awaitSynced("alice");

            standIn.answers = path -> new StandIn.Answer(401, "");
            assertThat(call(nginx.port(), "GET", PATH, null).statusCode())
                    .as("who has signed out does not get through")
                    .isEqualTo(401);
        }
        assertThat(call(keck.port(), "GET", PATH, null).statusCode())
                .as("without headers")
                .isEqualTo(401);
    }

    /** The headers count from the documented peer alone. */
    @Test
    void headersOfOtherPeers_areNotHeard() throws Exception {
        Map<String, String> variables = Documented.environment(
                PAGE, "KECK_TRUSTED_HEADERS=X-Forwarded-User,X-Forwarded-Preferred-Username,X-Forwarded-Groups");
        KeckProcess keck = start(variables);
        assertThat(call(
                                keck.port(),
                                "GET",
                                PATH,
                                null,
                                "X-Forwarded-User",
                                "alice",
                                "X-Forwarded-For",
                                variables.get("KECK_TRUSTED_PEERS"))
                        .statusCode())
                .isEqualTo(401);
    }

    // ------------------------------------------------------------------ your own back end decides

    @Test
    void accessHook_worksAsDocumented() throws Exception {
        assertThat(Documented.environment(PAGE, "KECK_ACCESS_HOOK=http://backend:8080/keck KECK_ACCESS_HOOK_SECRET=…"))
                .containsOnlyKeys("KECK_ACCESS_HOOK", "KECK_ACCESS_HOOK_SECRET");
        Map<String, String> variables = new HashMap<>();
        variables.put("KECK_ACCESS_HOOK", standIn.uri("/keck").toString());
        variables.put("KECK_ACCESS_HOOK_SECRET", "the secret of the hook");
        String documented = Documented.block(
                        PAGE,
                        "{\"principal\": \"42\", \"name\": \"Alice\", \"role\": \"write\","
                                + " \"until\": \"2026-01-01T12:00:00Z\", \"attributes\": {\"org\": \"7\"}}",
                        0)
                .get(0);
        String until = java.time.Instant.now().plusSeconds(600).toString();
        standIn.answers =
                path -> new StandIn.Answer(200, Documented.replaced(documented, "2026-01-01T12:00:00Z", until));
        KeckProcess keck = start(variables);
        JsonNode allowed = json(call(keck.port(), "POST", "/collaboration/" + BOARD, "of-the-session"));
        assertThat(allowed.path("principal").asText()).isEqualTo("42");
        assertThat(allowed.path("until").asLong())
                .isEqualTo(java.time.Instant.parse(until).getEpochSecond());
        assertThat(standIn.asked)
                .anyMatch(asked -> asked.equals("/keck {\"token\":\"of-the-session\",\"document\":\"" + BOARD + "\"}"));
        assertThat(standIn.authorizations).contains("Bearer the secret of the hook");
        assertThat(call(keck.port(), "POST", PATH, "of-the-session").statusCode())
                .isEqualTo(200);

        try (NodeClients clients = NodeClients.start()) {
            String open =
                    "const params = { token }\nconst provider = new WebsocketProvider('wss://example.org/collaboration',"
                            + " '" + BOARD + "', doc, { params })";
            clients.documented("alice", local(open), base(), STOCK, "of-the-session");
            clients.awaitSynced("alice");
            standIn.answers = path -> new StandIn.Answer(403, "");
            assertThat(administer("/api/access/recheck", "{\"document\":\"" + BOARD + "\"}")
                            .statusCode())
                    .isEqualTo(200);
            clients.awaitClosed(1, "alice");
            assertThat(clients.closeCodes("alice")).containsExactly(4403);
        }
        assertThat(call(keck.port(), "GET", PATH, "of-the-session").statusCode())
                .isEqualTo(403);
        standIn.answers = path -> new StandIn.Answer(401, "");
        assertThat(call(keck.port(), "GET", PATH, "another").statusCode()).isEqualTo(401);
        standIn.answers = path -> new StandIn.Answer(500, "");
        assertThat(call(keck.port(), "GET", PATH, "a-third").statusCode()).isEqualTo(503);
    }

    // ------------------------------------------------------------------ stock clients with tickets

    /** The documented code for a library. */
    private String code(String library) {
        String code = Documented.code(PAGE, "// y-websocket 3.1 stays away after 4401, until it is told to connect");
        if (library.equals(STOCK)) {
            return local(code);
        }
        String older = Documented.code(PAGE, "provider.on('connection-close', async event => {");
        String held = code.substring(0, code.indexOf("provider.on('closed'")) + older;
        if (library.equals("y-websocket-1")) {
            held = Documented.replaced(
                    held,
                    "provider.params.token = await fetchTicket()",
                    Documented.block(
                                    PAGE,
                                    "provider.url = `wss://example.org/collaboration/team-1/board?token=${await fetchTicket()}`",
                                    0)
                            .get(0));
        }
        return local(held);
    }

    /**
     * A connection outlives its ticket. When it breaks, the client comes back with the ticket of then, is told 4401, gets
     * another one, and what was typed meanwhile comes in.
     */
    @ParameterizedTest
    @ValueSource(strings = {STOCK, "y-websocket-2", "y-websocket-1", "@y/websocket"})
    void stockClient_getsANewTicketBeforeItReconnects(String library) throws Exception {
        KeckProcess keck = start(Map.of("KECK_JWT_SECRET", TokenForge.SECRET), "access.ticketTtl", "1s");
        String token = TokenForge.hmac(claims("42", now(), TEAM));
        try (NodeClients clients = NodeClients.start()) {
            clients.documented("alice", code(library), base(), library, token);
            clients.awaitSynced("alice");
            String old = clients.credential("alice");
            URI withOld = URI.create(keck.room(BOARD) + "?token=" + old);
            Eventually.await("the ticket is over", () -> refused(withOld) == 401);
            assertThat(clients.connects("alice")).as("its connection is not").isEqualTo(1);

            restart();
            clients.edit("alice", NodeClients.insert(0, "typed while away"));
            Eventually.await(
                    "it is back",
                    () -> clients.connects("alice") >= 2
                            && !clients.credential("alice").equals(old));
            clients.awaitSynced("alice");
            assertThat(clients.closeCodes("alice")).contains(4401);
            Eventually.await(
                    "what was typed is there",
                    () -> call(keck.port(), "GET", PATH + "/export", token)
                            .body()
                            .contains("typed while away"));
        }
    }

    /** The twin: a client that keeps its ticket stays outside. */
    @Test
    void twin_clientThatKeepsItsTicket_staysOutside() throws Exception {
        KeckProcess keck = start(Map.of("KECK_JWT_SECRET", TokenForge.SECRET), "access.ticketTtl", "1s");
        String token = TokenForge.hmac(claims("42", now(), TEAM));
        try (NodeClients clients = NodeClients.start()) {
            String code =
                    Documented.code(PAGE, "// y-websocket 3.1 stays away after 4401, until it is told to connect");
            clients.documented(
                    "alice", local(code.substring(0, code.indexOf("provider.on('closed'"))), base(), STOCK, token);
            clients.awaitSynced("alice");
            URI withOld = URI.create(keck.room(BOARD) + "?token=" + clients.credential("alice"));
            Eventually.await("the ticket is over", () -> refused(withOld) == 401);
            restart();
            Eventually.await("it is told", () -> clients.closeCodes("alice").contains(4401));
            assertThat(clients.connects("alice"))
                    .as("let in to be told, and never synced again")
                    .isEqualTo(2);
        }
    }
}
