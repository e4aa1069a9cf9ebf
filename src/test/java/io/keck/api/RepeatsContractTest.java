package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.api.FakeDocuments.Database;
import io.keck.crdt.Doc;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests that come again under their Idempotency-Key, after others have changed what they were about. */
class RepeatsContractTest {
    private static final String W = "/api/block/w";
    private static final String[] KEY = {"Idempotency-Key", "k"};
    private static final String NO_BLOB = "0".repeat(43) + "=";
    private static final String TAKEN = "422 text/plain This Idempotency-Key was used for a different request";

    @TempDir
    private static Path dir;

    private static ApiServer server;

    @BeforeAll
    static void start() {
        server = new ApiServer(false, dir);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void clean() {
        server.documents.reset();
    }

    private static ApiServer.Reply send(String method, String path, byte[] body, String... headers) {
        return new ApiServer.Reply(server.send(method, path, body, headers));
    }

    private static byte[] update(String text) {
        Doc doc = new Doc();
        doc.getText("t").insert(0, text);
        return doc.encodeStateAsUpdate();
    }

    private static String text() {
        return server.documents.copy("w").getText("t").toString();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void repeatedDelete_leavesTheWorkspaceThatWasMadeSince() {
        send("POST", W, null);
        assertThat(server.delete(W, KEY)).hasToString("204");
        assertThat(server.delete(W, KEY)).hasToString("204");
        send("POST", W + "/init", update("new"));
        assertThat(server.delete(W, KEY)).hasToString("204");
        assertThat(text()).isEqualTo("new");
        assertThat(server.delete(W)).hasToString("204");
        assertThat(server.documents.exists("w"))
                .as("without the key it is gone")
                .isFalse();
    }

    @Test
    void repeatedForcedInit_replacesNothing_andIsAnsweredWithTheDocumentAsItIs() {
        byte[] first = update("first");
        assertThat(send("POST", W + "/init?force=true", first, KEY).status()).isEqualTo(200);
        send("POST", W + "/init?force=true", update("second"));
        ApiServer.Reply again = send("POST", W + "/init?force=true", first, KEY);
        assertThat(again.status()).isEqualTo(200);
        assertThat(again.header("Keck-Seq")).isEqualTo("2-1");
        Doc told = new Doc();
        told.applyUpdate(again.response().body());
        assertThat(told.getText("t").toString()).isEqualTo("second");
        assertThat(text()).isEqualTo("second");
        server.delete(W);
        assertThat(send("POST", W + "/init?force=true", first, KEY))
                .hasToString("404 text/plain Workspace(\"w\") not found");
        assertThat(server.documents.exists("w")).isFalse();
    }

    @Test
    void repeatedInit_isAnsweredAsTheFirst() {
        byte[] content = update("first");
        assertThat(send("POST", W + "/init", content, KEY).status()).isEqualTo(200);
        assertThat(send("POST", W + "/init", content, KEY).status()).isEqualTo(200);
        assertThat(send("POST", W + "/init", content, "Idempotency-Key", "other"))
                .hasToString("304");
        server.delete(W);
        assertThat(send("POST", W + "/init", content, "Idempotency-Key", "other"))
                .as("it made nothing then")
                .hasToString("304");
        assertThat(send("POST", W + "/init", content, KEY).status()).isEqualTo(404);
        assertThat(server.documents.exists("w")).isFalse();
    }

    @Test
    void repeatedCreate_makesNothing() {
        String made = send("POST", W, bytes("any"), KEY).toString();
        assertThat(made).startsWith("200 application/json ");
        assertThat(send("POST", W, bytes("any"), KEY)).hasToString(made);
        assertThat(send("POST", W, bytes("all"), KEY).toString()).startsWith(TAKEN);
        server.delete(W);
        assertThat(send("POST", W, bytes("any"), KEY)).hasToString("404 text/plain Workspace(\"w\") not found");
        assertThat(server.documents.exists("w")).isFalse();
    }

    /** Each request of the list under the key of each other one. */
    @Test
    void keyOfAnotherRequest_isRefused_whateverTheirKinds() {
        byte[] content = update("text");
        List<Request> requests = List.of(
                new Request("POST", W, null),
                new Request("POST", W, bytes("a body that says nothing")),
                new Request("POST", W + "/init", content),
                new Request("POST", W + "/init", update("other text")),
                new Request("POST", W + "/init?force=true", content),
                new Request("DELETE", W, null),
                new Request("DELETE", W + "/map/m/k", null),
                new Request("POST", W + "/map/m", bytes("{\"k\":1}")));
        for (Request first : requests) {
            for (Request second : requests) {
                server.documents.reset();
                send("POST", W + "/init", update("there"));
                assertThat(first.send().status()).isIn(200, 204, 304);
                boolean isThere = server.documents.exists("w");
                String before = isThere ? text() : "";
                ApiServer.Reply reply = second.send();
                if (!isThere && second.isEdit()) {
                    assertThat(reply.status()).as("no document to edit").isEqualTo(404);
                } else if (first != second) {
                    assertThat(reply.toString()).as(first + ", then " + second).startsWith(TAKEN);
                }
                assertThat(server.documents.exists("w")).isEqualTo(isThere);
                assertThat(isThere ? text() : "").isEqualTo(before);
            }
        }
    }

    private record Request(String method, String path, byte[] body) {
        boolean isEdit() {
            return path.contains("/map/");
        }

        ApiServer.Reply send() {
            return RepeatsContractTest.send(
                    method, path, body, "Idempotency-Key", "k", "Content-Type", "application/json");
        }
    }

    @Test
    void outcomeUnknown_isCarriedOutOnce() {
        send("POST", W, null);
        server.documents.database = Database.COMMITS_BUT_SAYS_NOTHING;
        ApiServer.Reply delete = server.delete(W, KEY);
        assertThat(delete.status()).isEqualTo(503);
        assertThat(delete.header("Keck-Outcome")).isEqualTo("unknown");
        server.documents.database = Database.WORKS;
        assertThat(server.delete(W, KEY)).hasToString("204");
    }

    // ---- blobs

    @Test
    void repeatedDeleteOfABlob_leavesTheOneThatWasUploadedSince() {
        String id = id(send("POST", "/api/blobs/d", bytes("blob")));
        String path = "/api/blobs/d/" + id;
        assertThat(server.delete("/api/blobs/d/" + NO_BLOB, KEY).status())
                .as("there is none")
                .isEqualTo(404);
        assertThat(server.delete(path, KEY)).hasToString("204");
        assertThat(server.delete(path, KEY)).hasToString("204");
        assertThat(server.delete(path).status()).isEqualTo(404);
        send("POST", "/api/blobs/d", bytes("blob"));
        assertThat(server.delete(path, KEY)).hasToString("204");
        assertThat(server.get(path).body()).isEqualTo("blob");
        String other = id(send("POST", "/api/blobs/d", bytes("another")));
        assertThat(server.delete("/api/blobs/d/" + other, KEY).toString()).startsWith(TAKEN);
        assertThat(server.get("/api/blobs/d/" + other).body()).isEqualTo("another");
    }

    @Test
    void repeatedUpload_storesNothing() {
        for (String path : List.of("/api/blobs/u", "/api/workspace/u/blob")) {
            String method = path.endsWith("blob") ? "PUT" : "POST";
            String[] key = {"Idempotency-Key", method};
            ApiServer.Reply first = send(method, path, bytes("blob"), key);
            assertThat(first.body()).contains("\"exists\":true");
            assertThat(send(method, path, bytes("blob"), key)).hasToString(first.toString());
            assertThat(send(method, path, bytes("other" + method), key).toString())
                    .startsWith(TAKEN);
            String blob = "/api/blobs/u/" + id(first);
            assertThat(server.delete(blob, key).toString()).startsWith(TAKEN);
            assertThat(server.get(blob).body()).isEqualTo("blob");
            server.delete(blob);
            assertThat(send(method, path, bytes("blob"), key).body())
                    .contains("\"exists\":false")
                    .contains(id(first));
            assertThat(server.get(blob).status()).isEqualTo(404);
        }
    }

    private static String id(ApiServer.Reply stored) {
        return stored.body().replaceFirst(".*\"id\":\"([^\"]+)\".*", "$1");
    }

    @Test
    void badKeys_areRefusedForBlobsToo() {
        for (String bad : List.of("k".repeat(256), " ")) {
            assertThat(send("POST", "/api/blobs/x", bytes("b"), "Idempotency-Key", bad)
                            .status())
                    .isEqualTo(400);
            assertThat(send("PUT", "/api/workspace/x/blob", bytes("b"), "Idempotency-Key", bad)
                            .status())
                    .isEqualTo(400);
            assertThat(server.delete("/api/blobs/x/" + NO_BLOB, "Idempotency-Key", bad)
                            .status())
                    .isEqualTo(400);
        }
    }
}
