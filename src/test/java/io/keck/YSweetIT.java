package io.keck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.auth.NewKey;
import io.keck.crdt.Doc;
import io.keck.testing.ClientsOfTwoServers;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.NodeClients;
import io.keck.testing.Ports;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The unmodified {@code @y-sweet/client} and {@code @y-sweet/sdk} against the packaged jar: only the connection string is Keck's. */
class YSweetIT extends ClientsOfTwoServers {
    private static final Map<String, Object> FULL = Map.of();
    private static final Map<String, Object> READ_ONLY = Map.of("authorization", "read-only");

    private static String open(int port) {
        return "ys://127.0.0.1:" + port;
    }

    private static String by(NewKey key) {
        return "ys://" + key.key() + "@127.0.0.1:" + guarded.port();
    }

    @Test
    void twoClients_besideYWebsocketAndHocuspocus_areSyncedAndSaved() {
        clients.openYSweet("a", open(keck.port()), "mixed", FULL);
        clients.openYSweet("b", open(keck.port()), "mixed", FULL);
        clients.open("y", keck.port(), "mixed");
        clients.openHocuspocus("h", keck.port(), "mixed", "hocuspocus-provider-4", "h", "");
        clients.awaitSynced("a", "b", "y", "h");
        clients.edit("a", NodeClients.insert(0, "from a"), new Object[] {"bold", 0, true});
        clients.edit("y", NodeClients.insert(0, "from y"));
        clients.edit("h", NodeClients.insert(0, "from h"));
        clients.type("b", 50).join();
        clients.awaitEqual("a", "b", "y", "h");
        clients.awaitSaved("a", "b", "h");
        assertThat(clients.text("y")).contains("from a").contains("from h");

        clients.awareness("a", Map.of("cursor", 1));
        clients.awareness("b", Map.of("cursor", 2));
        clients.awareness("y", Map.of("cursor", 3));
        clients.awareness("h", Map.of("cursor", 4));
        clients.awaitPresent(4, "a", "b", "y", "h");
        clients.cut("y");
        clients.awaitPresent(3, "a", "b", "h");
        clients.openYSweet("reloaded", open(keck.port()), "mixed", FULL);
        clients.awaitEqual("a", "reloaded");
        clients.awaitSaved("reloaded");
        assertThat(clients.closeCodes("a")).isEmpty();
    }

    /** A name that a path cannot hold as it is; the SDK does not encode it. */
    @Test
    void nameWithSlashesAndSpaces_isOneDocument() {
        String name = "team/my plan ü";
        clients.openYSweet("a", open(keck.port()), name, FULL);
        clients.open("y", keck.port(), "team/my%20plan%20%C3%BC");
        clients.awaitSynced("a", "y");
        clients.edit("a", NodeClients.insert(0, "one"));
        clients.awaitEqual("a", "y");
        clients.awaitSaved("a");
    }

    /** What the client takes for saved has to be there after kill -9, and what was typed meanwhile comes, and is saved. */
    @Test
    void killedServer_hasWhatTheClientCalledSaved_andGetsWhatWasTypedMeanwhile(@TempDir Path own) {
        int port = Ports.free();
        KeckProcess first = at(own, port);
        try {
            clients.openYSweet("a", open(port), "doc", FULL);
            clients.awaitSynced("a");
            clients.type("a", 200).join();
            clients.awaitSaved("a");
            var unused = clients.type("a", 300);
        } finally {
            first.kill();
        }
        clients.edit("a", NodeClients.insert(0, "offline"));
        assertThat(clients.isSaved("a")).isFalse();
        KeckProcess second = at(own, port);
        try {
            clients.open("y", port, "doc");
            clients.awaitLength(507, "a", "y");
            clients.awaitSaved("a");
            clients.awaitEqual("a", "y");
        } finally {
            second.kill();
        }
        KeckProcess third = at(own, port);
        try {
            clients.open("late", port, "doc");
            clients.awaitLength(507, "late");
        } finally {
            third.close();
        }
    }

    /** A connection on which nobody types lives on: each sync status of the client is answered. */
    @Test
    void idleClient_staysConnected_andIsTold() throws Exception {
        clients.openYSweet("a", open(keck.port()), "idle", FULL);
        clients.awaitSaved("a");
        clients.open("y", keck.port(), "idle");
        clients.awaitSynced("y");
        long statuses = received();
        Eventually.await("three heartbeats", () -> received() >= statuses + 3);
        assertThat(clients.closeCodes("a")).isEmpty();
        assertThat(clients.connects("a")).isEqualTo(1);
    }

    private static long received() {
        for (String line : keck.admin("/metrics/prometheus").lines().toList()) {
            if (line.startsWith("keck_connections_messages_received_total{kind=\"other\"}")) {
                return (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
            }
        }
        throw new AssertionError("no such metric");
    }

    @Test
    void readOnlyToken_readsAndIsSeen_andIsNeverCalledSavedWithAnEdit() {
        clients.openYSweet("w", by(writer), "read", FULL);
        clients.openYSweet("r", by(writer), "read", READ_ONLY);
        clients.awaitSaved("w", "r");
        clients.edit("w", NodeClients.insert(0, "written"));
        clients.awaitEqual("w", "r");
        clients.awareness("r", Map.of("cursor", 1));
        clients.edit("r", NodeClients.insert(0, "never"));
        clients.edit("w", NodeClients.insert(0, "later "));
        clients.awaitSaved("w");
        Eventually.await("the reader sees it", () -> clients.text("r").contains("later"));
        assertThat(clients.text("w")).isEqualTo("later written");
        assertThat(clients.isSaved("r")).isFalse();
        JsonNode token = clients.tokens("r").get(0);
        assertThat(token.path("authorization").asText()).isEqualTo("read-only");

        // whoever has only a reading key gives only such tokens
        clients.openYSweet("k", by(writer), "read2", FULL);
        clients.awaitSaved("k");
        assertThat(clients.ysweet(by(reader), "getClientToken", Map.of("room", "read2"))
                        .path("authorization")
                        .asText())
                .isEqualTo("read-only");
        assertThatThrownBy(() -> clients.ysweet(
                        by(reader), "getClientToken", Map.of("room", "read2", "auth", Map.of("authorization", "full"))))
                .hasMessageContaining("403");
    }

    /** The client comes back with the token it has, and asks for another one where that has ended. */
    @Test
    void endedToken_isRenewedByTheClient_withTheRightsOfTheNewOne() {
        clients.openYSweet("a", by(writer), "renew", Map.of("authorization", "read-only", "validForSeconds", 1));
        clients.awaitSynced("a");
        clients.reauthorize("a", by(writer), Map.of("userId", "alice"));
        clients.edit("a", NodeClients.insert(0, "typed as a reader"));
        clients.awaitSaved("a");
        assertThat(clients.tokens("a")).hasSizeGreaterThan(1);
        assertThat(clients.closeCodes("a")).isNotEmpty().allMatch(code -> code == 4401 || code == 1006);
        clients.open("y", guarded.port(), "renew", Map.of("token", writer.key()));
        clients.awaitEqual("a", "y");
        assertThat(call("GET", "/api/block/renew/history", writer.key(), null).body())
                .contains("\"user\":\"alice\"");
    }

    @Test
    void refusedToken_isNotLetIn_andLeavesTheDocumentAsItIs() {
        clients.openYSweet("w", by(writer), "refused", FULL);
        clients.awaitSaved("w");
        clients.openYSweetWith("bad", by(writer), "refused", "kt1.nonsense");
        clients.edit("bad", NodeClients.insert(0, "never"));
        clients.awaitClosed(2, "bad");
        assertThat(clients.isSaved("bad")).isFalse();
        assertThat(clients.text("w")).isEmpty();

        String other = clients.tokens("w").get(0).path("token").asText();
        clients.openYSweet("o", by(writer), "refused-too", FULL);
        clients.awaitSaved("o");
        clients.openYSweetWith("elsewhere", by(writer), "refused-too", other);
        clients.awaitClosed(2, "elsewhere");
        assertThat(clients.connects("elsewhere")).isZero();
        // a token of y-sweet is for the addresses of y-sweet
        assertThat(call("GET", "/api/block/refused/export", other, null).statusCode())
                .isEqualTo(401);
        assertThat(call("GET", "/d/refused/as-update", other, null).statusCode())
                .isEqualTo(200);
    }

    @Test
    void sdk_readsAndWritesDocuments() {
        String connection = open(keck.port());
        assertThat(clients.ysweet(connection, "checkStore", Map.of()).path("ok").asBoolean())
                .isTrue();
        Doc content = new Doc();
        content.getText("t").insert(0, "made by the SDK");
        String made = clients.ysweet(connection, "createDocWithContent", Map.of("update", base64(content)))
                .path("docId")
                .asText();
        clients.openYSweet("a", connection, made, FULL);
        clients.awaitLength(15, "a");
        content.getText("t").insert(0, "more, ");
        clients.ysweet(connection, "updateDoc", Map.of("room", made, "update", base64(content)));
        clients.awaitLength(21, "a");
        Doc read = new Doc();
        read.applyUpdate(Base64.getDecoder()
                .decode(clients.ysweet(connection, "getDocAsUpdate", Map.of("room", made))
                        .asText()));
        assertThat(read.getText("t").toString()).isEqualTo("more, made by the SDK");
        assertThatThrownBy(() -> clients.ysweet(connection, "getClientToken", Map.of("room", "there-is-none")))
                .hasMessageContaining("404");
        assertThatThrownBy(() -> clients.ysweet(by(writer).replace(writer.key(), "keck_no"), "createDoc", Map.of()))
                .hasMessageContaining("InvalidAuthProvided");
        assertThatThrownBy(() -> clients.ysweet(open(guarded.port()), "createDoc", Map.of("room", "x")))
                .hasMessageContaining("NoAuthProvided");
        assertThatThrownBy(() -> clients.ysweet(by(reader), "createDoc", Map.of("room", "x")))
                .hasMessageContaining("403");
    }

    private static String base64(Doc doc) {
        return Base64.getEncoder().encodeToString(doc.encodeStateAsUpdate());
    }

    /** A part of an update that no client could have sent is not called taken. */
    @Test
    void updateThatDeletesWhatIsNotThere_isRefused() {
        Doc other = new Doc();
        other.getText("t").insert(0, "abc");
        byte[] before = other.encodeStateAsUpdate();
        Doc copy = new Doc();
        copy.applyUpdate(before);
        copy.getText("t").delete(0, 1);
        byte[] onlyTheDelete = copy.encodeStateAsUpdate(copy.stateVector());
        clients.ysweet(open(keck.port()), "createDoc", Map.of("room", "deletes"));
        assertThat(call("POST", "/d/deletes/update", null, onlyTheDelete).statusCode())
                .isEqualTo(409);
        assertThat(call("POST", "/d/deletes/update", null, before).statusCode()).isEqualTo(204);
        assertThat(call("POST", "/d/deletes/update", null, onlyTheDelete).statusCode())
                .isEqualTo(204);
        assertThat(call("POST", "/d/absent/update", null, before).statusCode()).isEqualTo(404);
        assertThat(call("POST", "/d/deletes/update", null, new byte[] {9}).statusCode())
                .isEqualTo(422);
    }

    /** Behind a proxy, and below another path. */
    @Test
    void addresses_areThoseThatTheClientReaches(@TempDir Path own) {
        try (KeckProcess behind = KeckProcess.in(own)
                .brief()
                .env("KECK_FORWARDED_HEADERS", "true")
                .start()) {
            send(
                    behind.port(),
                    "POST",
                    "/doc/new",
                    null,
                    "{\"docId\":\"d\"}".getBytes(),
                    "Content-Type",
                    "application/json");
            assertThat(send(
                                    behind.port(),
                                    "POST",
                                    "/doc/d/auth",
                                    null,
                                    "{}".getBytes(),
                                    "Content-Type",
                                    "application/json",
                                    "X-Forwarded-Proto",
                                    "https",
                                    "X-Forwarded-Host",
                                    "localhost",
                                    "X-Forwarded-Prefix",
                                    "/keck/")
                            .body())
                    .contains("\"url\":\"wss://localhost/keck/d/d/ws\"")
                    .contains("\"baseUrl\":\"https://localhost/keck/d/d\"");
        }
        try (KeckProcess named = KeckProcess.in(own)
                .brief()
                .env("KECK_PUBLIC_URL", "https://docs.example.org/base/")
                .start()) {
            assertThat(send(
                                    named.port(),
                                    "POST",
                                    "/doc/d/auth",
                                    null,
                                    "{}".getBytes(),
                                    "Content-Type",
                                    "application/json")
                            .body())
                    .contains("\"url\":\"wss://docs.example.org/base/d/d/ws\"");
        }
    }

    private static HttpResponse<String> call(String method, String path, String credential, byte[] body) {
        int port = credential == null ? keck.port() : guarded.port();
        return send(port, method, path, credential, body);
    }

    private static HttpResponse<String> send(
            int port, String method, String path, String credential, byte[] body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(KeckProcess.PATIENCE)
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
        if (credential != null) {
            request.header("Authorization", "Bearer " + credential);
        }
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        try {
            return KeckProcess.HTTP.send(request.build(), BodyHandlers.ofString());
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
