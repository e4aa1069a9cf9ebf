package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.api.FakeDocuments.Database;
import io.keck.crdt.Doc;
import io.keck.crdt.YArray;
import io.keck.crdt.YMap;
import io.keck.crdt.YText;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Every row of the contract's workspaces that is about documents, and what all calls have in common. */
class WorkspacesContractTest {
    private static final String NEW = "{\"space:meta\":{},\"space:updated\":{}}";
    private static final String MISSING = "404 text/plain Workspace(\"none\") not found";

    @RegisterExtension
    static final ApiServer server = new ApiServer(false);

    private static ApiServer.Reply post(String path, byte[] body, String... headers) {
        return new ApiServer.Reply(server.send("POST", "/api/block/" + path, body, headers));
    }

    private static ApiServer.Reply get(String path, String... headers) {
        return server.get("/api/block/" + path, headers);
    }

    @Test
    void workspace_isMadeReadAndDeleted() {
        assertThat(get("w")).hasToString("404 text/plain Workspace(\"w\") not found");
        assertThat(post("w", null)).hasToString("200 application/json " + NEW);
        assertThat(post("w", "any thing".getBytes(StandardCharsets.UTF_8), "Content-Type", "text/x"))
                .hasToString("200 application/json " + NEW);
        assertThat(post("w/", null)).hasToString("200 application/json " + NEW);
        assertThat(get("w")).hasToString("200 application/json " + NEW);
        assertThat(get("w").header("Keck-Seq")).isEqualTo("1-0");
        assertThat(server.documents.copy("w").rootNames()).isEmpty();
        assertThat(server.delete("/api/block/w")).hasToString("204");
        assertThat(server.delete("/api/block/w")).hasToString("204");
        assertThat(server.documents.exists("w")).isFalse();
        assertThat(post("w", null).header("Keck-Seq")).isEqualTo("2-0");
    }

    @Test
    void workspace_showsAllSpaces_whateverOthersPutThere() {
        server.documents.edit("w", doc -> {
            doc.getMap("space:blocks").set("b2", YMap.of(Map.of("sys:flavour", "text")));
            doc.getMap("space:blocks").set("b1", new YMap());
            doc.getMap("space:blocks").set("no block", "text");
            doc.getMap("space:blocks").set("nor this", YArray.of(1));
            doc.getMap("space:other").set("x", YMap.of(Map.of("k", 1)));
            doc.getMap("space:meta").set("pages", YArray.of("p"));
            doc.getMap("space:updated").set("b1", 5);
            doc.getText("space:text").insert(0, "not a space");
            doc.getMap("else").set("k", 1);
        });
        assertThat(get("w"))
                .hasToString("200 application/json {\"space:blocks\":{\"b1\":{\"sys:id\":\"b1\"},"
                        + "\"b2\":{\"sys:flavour\":\"text\",\"sys:id\":\"b2\"}},"
                        + "\"space:other\":{\"x\":{\"k\":1,\"sys:id\":\"x\"}},"
                        + "\"space:meta\":{\"pages\":[\"p\"]},\"space:updated\":{\"b1\":5}}");
        assertThat(get("w/doc/keys"))
                .hasToString("200 application/json [\"else\",\"space:blocks\",\"space:meta\",\"space:other\","
                        + "\"space:text\",\"space:updated\"]");
    }

    @Test
    void spacesOfOtherTypes_areNoBlocks_andCanStillBeWritten() {
        server.documents.edit("w", doc -> {
            doc.getText("space:blocks").insert(0, "text");
            doc.getArray("space:updated").push(1);
            doc.getArray("space:meta").push(1);
        });
        assertThat(get("w")).hasToString("200 application/json " + NEW);
        assertThat(get("w/blocks")).hasToString("404 application/json {\"total\":0,\"data\":[]}");
        assertThat(server.post("/api/block/w/b", "{}").status()).isEqualTo(200);
        assertThat(get("w/b").status()).isEqualTo(200);
        assertThat(get("w").body()).startsWith("{\"space:blocks\":{\"b\":{\"sys:flavour\":\"text\"");
    }

    @Test
    void init_makesAWorkspaceOfAnUpdate() {
        Doc doc = new Doc();
        doc.getMap("m").set("k", "v");
        byte[] update = doc.encodeStateAsUpdate();
        HttpResponse<byte[]> made =
                post("w/init", update, "Content-Type", "text/strange").response();
        assertThat(made.statusCode()).isEqualTo(200);
        assertThat(made.body()).isEqualTo(update);
        assertThat(made.headers().firstValue("Content-Type")).hasValue("application/octet-stream");

        assertThat(post("w/init", new byte[] {0, 0})).hasToString("304");
        assertThat(post("w/init?force=false", new byte[0])).hasToString("304");
        assertThat(get("w/map/m")).hasToString("200 application/json {\"k\":\"v\"}");

        assertThat(post("w/init?force=true", new byte[] {1, 2, 3}).toString())
                .startsWith("422 text/plain The body is not a Yjs update in V1: ");
        assertThat(post("w/init?force=perhaps", update).toString()).startsWith("400 text/plain force ");
        assertThat(get("w/map/m")).hasToString("200 application/json {\"k\":\"v\"}");

        HttpResponse<byte[]> empty = post("w/init?force=true", new byte[0], "Content-Type", "application/json")
                .response();
        assertThat(empty.statusCode()).isEqualTo(200);
        assertThat(empty.body()).containsExactly(0, 0);
        assertThat(get("w/map/m")).hasToString("200 application/json {}");
        assertThat(post("w/init?force=true", new byte[2 * ApiServer.MAX_BODY + 1])
                        .status())
                .isEqualTo(413);
        assertThat(get("w/init").status()).isEqualTo(405);
    }

    @Test
    void export_hasThreeForms() {
        Doc doc = new Doc();
        doc.getMap("m").set("k", new YText("v"));
        doc.getArray("a").push(1);
        doc.getText("t").insert(0, "t");
        post("w/init", doc.encodeStateAsUpdate());
        String json = "200 application/json {\"a\":[1],\"m\":{\"k\":\"v\"},\"t\":\"t\"}";
        assertThat(get("w/export").response().body()).isEqualTo(doc.encodeStateAsUpdate());
        assertThat(get("w/export?format=v1").response().body()).isEqualTo(doc.encodeStateAsUpdate());
        assertThat(get("w/export?format=v2").response().body()).isEqualTo(doc.encodeStateAsUpdateV2());
        assertThat(get("w/export?format=json")).hasToString(json);
        assertThat(get("w/export", "Accept", "application/json")).hasToString(json);
        assertThat(get("w/export", "Accept", "application/json, text/plain, */*")
                        .response()
                        .body())
                .isEqualTo(doc.encodeStateAsUpdate());
        assertThat(get("w/export?format=xml").toString()).startsWith("400 text/plain ");
        assertThat(get("none/export?format=xml").status()).isEqualTo(400);
        for (String format : List.of("v1", "v2", "json")) {
            assertThat(get("none/export?format=" + format)).hasToString("404");
            server.documents.database = Database.AWAY;
            assertThat(get("w/export?format=" + format).toString()).startsWith("503 text/plain ");
            server.documents.database = Database.WORKS;
        }
    }

    @Test
    void missingWorkspace_isSaidAsTheContractSays() {
        for (String path : List.of("", "/blocks", "/flavour/f", "/doc/keys", "/blocks?limit=0")) {
            assertThat(get("none" + path)).hasToString(MISSING);
        }
        assertThat(get("a%22b%5C%F0%9F%98%80/blocks"))
                .hasToString("404 text/plain Workspace(\"a\\\"b\\\\😀\") not found");
        for (String path : List.of("/export", "/b", "/b/children")) {
            assertThat(get("none" + path)).hasToString("404");
        }
    }

    @Test
    void badNames_are400_everywhere() {
        for (String name : List.of("%2E%2E", "%2e", "a%2F%2Fb", "a%00", "a%7F", "%C2%85", "a".repeat(256), "%FF")) {
            for (String path :
                    List.of("", "/blocks", "/export", "/b", "/b/children", "/map/m", "/array/a/0", "/text/t")) {
                assertThat(server.rawGet("/api/block/" + name + path))
                        .as(name + path)
                        .isEqualTo(400);
            }
        }
        for (String bad : List.of("/api/block/%zz", "/api/block/%", "/api/block/w/%FF", "/api/block/w/map/%C3%28")) {
            assertThat(server.rawGet(bad)).as(bad).isEqualTo(400);
        }
    }

    @Test
    void oddNames_areNames() {
        for (String name : List.of(
                "a%20b",
                "a%2Fb",
                "org%2fteam",
                "%F0%9F%98%80",
                "100%25",
                "%22",
                "%27",
                "a;b",
                "a%3Bb",
                "a:b",
                "a+b",
                "%7Bx%7D",
                "a&b=c",
                "init",
                "map",
                "%E2%82%AC".repeat(200))) {
            assertThat(post(name, null).status()).as(name).isEqualTo(200);
            assertThat(server.post("/api/block/" + name + "/b", "{}").status())
                    .as(name)
                    .isEqualTo(200);
            assertThat(get(name + "/b/").status()).as(name).isEqualTo(200);
            assertThat(server.post("/api/block/" + name + "/map/" + name, "{\"k\":1}"))
                    .as(name)
                    .hasToString("200 application/json {\"k\":1}");
            assertThat(get(name + "/doc/keys").body()).contains("space:blocks");
        }
        assertThat(server.documents.exists("a b")).isTrue();
        assertThat(server.documents.exists("a/b")).isTrue();
        assertThat(server.documents.exists("org/team")).isTrue();
        assertThat(server.documents.exists("😀")).isTrue();
        assertThat(server.documents.exists("100%")).isTrue();
        assertThat(server.documents.exists("a;b")).isTrue();
        assertThat(server.documents.exists("a")).isFalse();
        assertThat(server.documents.exists("a+b")).isTrue();
        assertThat(server.documents.copy("a;b").rootNames()).contains("a;b");
        assertThat(server.post("/api/block/a%20b/map/m%2Fn", "{\"x/y\":1}").status())
                .isEqualTo(200);
        assertThat(get("a%20b/map/m%2Fn/x%2Fy")).hasToString("200 application/json 1");
    }

    // ---- what all calls have in common

    @Test
    void position_isToldByReadsAndWrites() {
        post("w", null);
        assertThat(server.post("/api/block/w/map/m", "{\"k\":1}").header("Keck-Seq"))
                .isEqualTo("1-1");
        assertThat(get("w/map/m").header("Keck-Seq")).isEqualTo("1-1");
        assertThat(server.delete("/api/block/w/map/m/k").header("Keck-Seq")).isEqualTo("1-2");
        assertThat(server.delete("/api/block/w/map/m/k").header("Keck-Seq")).isEqualTo("1-2");
        assertThat(get("w/export").header("Keck-Seq")).isEqualTo("1-2");
    }

    @Test
    void consistency_isHandedOn() {
        post("w", null);
        get("w/map/m?consistency=local");
        assertThat(server.documents.lastReadWasLocal).isTrue();
        get("w/map/m");
        assertThat(server.documents.lastReadWasLocal).isFalse();
        assertThat(get("w/map/m?consistency=strong").toString()).startsWith("400 text/plain consistency ");
    }

    @Test
    void repeatWithTheSameKey_isNotCarriedOutAgain() {
        post("w", null);
        String push = "{\"action\":\"push\",\"value\":1}";
        for (int i = 0; i < 2; i++) {
            assertThat(server.post("/api/block/w/array/a", push, "Idempotency-Key", "once"))
                    .hasToString("200 application/json [1]");
        }
        assertThat(server.post("/api/block/w/array/a", push)).hasToString("200 application/json [1,1]");
        for (String bad : List.of("k".repeat(256), " ", "a\tb")) {
            for (String path : List.of("w/array/a", "w/b/children", "w")) {
                assertThat(server.post("/api/block/" + path, push, "Idempotency-Key", bad)
                                .status())
                        .as(bad + " " + path)
                        .isEqualTo(400);
            }
        }
        assertThat(server.post("/api/block/w/array/a", push, "Idempotency-Key", "a", "Idempotency-Key", "b")
                        .status())
                .isEqualTo(400);
        assertThat(get("w/array/a")).hasToString("200 application/json [1,1]");
    }

    /** Each line is another request than the one before, under the same key. */
    @Test
    void keyOfAnotherRequest_isRefused_andNothingIsDone() {
        post("w", null);
        post("x", null);
        String push = "{\"action\":\"push\",\"value\":1}";
        server.post("/api/block/w/array/a", push, "Idempotency-Key", "k");
        server.post("/api/block/w/map/m", "{\"y\":1}");
        List<ApiServer.Reply> others = List.of(
                server.post("/api/block/w/array/a", "{\"action\":\"push\",\"value\":2}", "Idempotency-Key", "k"),
                server.post("/api/block/w/array/a", push + " ", "Idempotency-Key", "k"),
                server.post("/api/block/w/array/b", push, "Idempotency-Key", "k"),
                server.post("/api/block/w/array/a?flavour=x", push, "Idempotency-Key", "k"),
                server.post("/api/block/w/map/m", "{\"x\":1}", "Idempotency-Key", "k"),
                server.post("/api/block/w/b", "{}", "Idempotency-Key", "k"),
                server.delete("/api/block/w/map/m/y", "Idempotency-Key", "k"),
                server.delete("/api/block/w/array/a/0", "Idempotency-Key", "k"));
        for (ApiServer.Reply other : others) {
            assertThat(other.toString())
                    .startsWith("422 text/plain This Idempotency-Key was used for a different request");
        }
        assertThat(get("w/export?format=json")).hasToString("200 application/json {\"a\":[1],\"m\":{\"y\":1}}");
        assertThat(server.post("/api/block/x/array/a", push, "Idempotency-Key", "k"))
                .as("a key belongs to a workspace")
                .hasToString("200 application/json [1]");
    }

    /** Each line is the same request, as a proxy may write it. */
    @Test
    void requestThatIsWrittenInAnotherWay_isTheSame() {
        post("w", null);
        String body = "{\"k\":1}";
        String first = "/api/block/w/b%C3%A4%3A?flavour=x&b=1&a=%7e";
        assertThat(server.post(first, body, "Idempotency-Key", "k").status()).isEqualTo(200);
        for (String again : List.of(
                first,
                "/api/block/w/b%c3%a4:?a=~&flavour=x&b=1",
                "/api/block/w/b%C3%A4%3a?flavour=%78&a=~&b=1&consistency=local")) {
            assertThat(server.post(again, body, "Idempotency-Key", "k").status())
                    .as(again)
                    .isEqualTo(200);
        }
        assertThat(server.post("/api/block/w/b%C3%A4%3A?flavour=y&b=1&a=~", body, "Idempotency-Key", "k")
                        .status())
                .isEqualTo(422);
    }

    @Test
    void whatOthersRemovedBeforeTheAnswer_isNoFailure() {
        post("w", null);
        server.documents.beforeAnswer = doc -> new io.keck.block.Workspace(doc).delete("b");
        assertThat(server.post("/api/block/w/b", "{\"k\":1}", "Idempotency-Key", "k"))
                .hasToString("204");
        server.documents.beforeAnswer = null;
        assertThat(server.post("/api/block/w/b", "{\"k\":1}", "Idempotency-Key", "k"))
                .as("it was done")
                .hasToString("204");
        assertThat(get("w/b")).hasToString("404");
    }

    @Test
    void databaseAway_writesAreNotApplied_readsAreOld() {
        post("w", null);
        server.documents.database = Database.AWAY;
        ApiServer.Reply write = server.post("/api/block/w/map/m", "{\"k\":1}");
        assertThat(write.toString()).startsWith("503 text/plain ");
        assertThat(write.header("Retry-After")).isEqualTo("1");
        assertThat(write.header("Keck-Outcome")).isNull();
        ApiServer.Reply read = get("w");
        assertThat(read).hasToString("200 application/json " + NEW);
        assertThat(read.header("Warning")).startsWith("110 ");
        for (String absent : List.of("w/b", "w/map/m/k", "w/array/a/0", "w/b/children", "w/blocks")) {
            ApiServer.Reply none = get(absent);
            assertThat(none.toString()).as(absent).startsWith("404");
            assertThat(none.header("Warning"))
                    .as("\"not there\" may be old, too: " + absent)
                    .startsWith("110 ");
        }
        for (ApiServer.Reply other : List.of(post("x", null), server.delete("/api/block/w"), post("x/init", null))) {
            assertThat(other.toString()).startsWith("503 text/plain ");
            assertThat(other.header("Keck-Outcome")).isNull();
        }
        server.documents.database = Database.WORKS;
        assertThat(get("w/map/m")).hasToString("200 application/json {}");
        assertThat(get("w").header("Warning")).isNull();
    }

    @Test
    void outcomeUnknown_isSaid_andARepeatIsSafe() {
        post("w", null);
        server.documents.database = Database.COMMITS_BUT_SAYS_NOTHING;
        String push = "{\"action\":\"push\",\"value\":1}";
        ApiServer.Reply write = server.post("/api/block/w/array/a", push, "Idempotency-Key", "k");
        assertThat(write.status()).isEqualTo(503);
        assertThat(write.header("Keck-Outcome")).isEqualTo("unknown");
        assertThat(write.header("Retry-After")).isEqualTo("1");
        assertThat(server.delete("/api/block/w").header("Keck-Outcome")).isEqualTo("unknown");
        server.documents.database = Database.WORKS;
        assertThat(server.post("/api/block/w/array/a", push, "Idempotency-Key", "k"))
                .hasToString("200 application/json [1]");
    }

    @Test
    void whatBreaksInside_isNotToldOutside() {
        post("w", null);
        server.documents.database = Database.BREAKS;
        for (ApiServer.Reply reply : List.of(server.delete("/api/block/w"), post("x", null), post("x/init", null))) {
            assertThat(reply.status()).isEqualTo(503);
            assertThat(reply.header("Keck-Outcome")).isEqualTo("unknown");
            assertThat(reply.body()).doesNotContain("secret").doesNotContain("Exception");
        }
    }

    @Test
    void unknownPathsAndMethods_areRefusedWithASentence() {
        post("w", null);
        assertThat(server.get("/api/nothing").toString())
                .startsWith("404 text/plain There is nothing at this address.");
        assertThat(get("w/b/other").status()).isEqualTo(404);
        assertThat(get("w/map/m/k/more").status()).isEqualTo(404);
        for (String[] wrong : new String[][] {
            {"PUT", "w"},
            {"PATCH", "w/b"},
            {"PUT", "w/map/m"},
            {"DELETE", "w/map/m"},
            {"POST", "w/map/m/k"},
            {"DELETE", "w/blocks"},
            {"POST", "w/export"},
            {"DELETE", "w/text/t"},
            {"POST", "w/xml/x"},
            {"POST", "w/doc/keys"},
            {"PUT", "w/b/children"}
        }) {
            HttpResponse<byte[]> reply = server.send(wrong[0], "/api/block/" + wrong[1], null);
            assertThat(reply.statusCode()).as(wrong[0] + " " + wrong[1]).isEqualTo(405);
            assertThat(reply.headers().firstValue("Allow")).isPresent();
        }
        assertThat(server.send("HEAD", "/api/block/w", null).statusCode()).isEqualTo(200);
        assertThat(server.send("HEAD", "/api/block/none", null).statusCode()).isEqualTo(404);
        assertThat(server.get("/api/jwst.json").status()).isEqualTo(404);
        assertThat(server.get("/api/docs/").status()).isEqualTo(404);
    }

    @Test
    void badBodies_areRefusedInOrder() {
        post("w", null);
        String[] paths = {"/b", "/b/children", "/map/m", "/array/a", "/text/t"};
        server.post("/api/block/w/b", "{}");
        String huge = " ".repeat(ApiServer.MAX_BODY + 1);
        for (String path : paths) {
            for (String workspace : List.of("w", "none")) {
                String full = "/api/block/" + workspace + path;
                assertThat(server.send("POST", full, huge.getBytes(StandardCharsets.UTF_8))
                                .statusCode())
                        .isEqualTo(415);
                assertThat(server.send("POST", full, new byte[] {'{', '}'}, "Content-Type", "text/plain")
                                .statusCode())
                        .isEqualTo(415);
                assertThat(server.post(full, huge).status()).isEqualTo(413);
                for (String bad : List.of(
                        "",
                        " ",
                        "{",
                        "{\"a\":}",
                        "nul",
                        "{} {}",
                        "{'a':1}",
                        "[1,]",
                        "NaN",
                        "\"\\x\"",
                        "01",
                        "+1",
                        "\ufeff{}",
                        "[".repeat(51) + "]".repeat(51),
                        "[".repeat(30_000),
                        "{\"a\":1e999}")) {
                    assertThat(server.post(full, bad).toString()).as(bad).startsWith("400 text/plain The body ");
                }
                HttpResponse<byte[]> latin = server.send(
                        "POST", full, new byte[] {'"', (byte) 0xe4, '"'}, "Content-Type", "application/json");
                assertThat(latin.statusCode()).isEqualTo(400);
            }
            assertThat(server.post("/api/block/none" + path, "5").status()).isEqualTo(404);
        }
        assertThat(server.post("/api/block/w/map/m", "{\"k\":" + "[".repeat(49) + "]".repeat(49) + "}")
                        .status())
                .isEqualTo(200);
        assertThat(server.post("/api/block/w/map/m", "{\"k\":1,\"k\":2}", "X", "y")
                        .body())
                .contains("\"k\":2");
        assertThat(new ApiServer.Reply(server.send(
                        "POST",
                        "/api/block/w/map/n",
                        "{\"k\":1}".getBytes(StandardCharsets.UTF_8),
                        "Content-Type",
                        "application/json; charset=utf-8")))
                .hasToString("200 application/json {\"k\":1}");
    }

    @Test
    void badShape_costsNoFork() {
        post("w", null);
        int before = server.documents.forks;
        server.post("/api/block/w/map/m", "[]");
        server.post("/api/block/w/array/a", "{}");
        server.post("/api/block/w/b", "[]");
        assertThat(server.documents.forks).isEqualTo(before);
    }

    @Test
    void bodiesThatNobodyReads_doNotCutTheConnection() {
        post("w", null);
        byte[] large = new byte[20 * ApiServer.MAX_BODY];
        for (int i = 0; i < 20; i++) {
            assertThat(post("w", new byte[8 * ApiServer.MAX_BODY]).status()).isEqualTo(200);
            assertThat(post("%2E", new byte[8 * ApiServer.MAX_BODY]).status()).isEqualTo(400);
            assertThat(server.send("DELETE", "/api/block/w/b", new byte[8 * ApiServer.MAX_BODY])
                            .statusCode())
                    .isEqualTo(204);
        }
        assertThat(post("w", large).header("Connection")).isEqualTo("close");
        assertThat(get("w").status()).isEqualTo(200);
    }
}
