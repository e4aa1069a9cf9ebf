package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.Doc;
import io.keck.crdt.YMap;
import io.keck.crdt.YText;
import io.keck.crdt.YXmlElement;
import io.keck.crdt.YXmlText;
import io.keck.crdt.store.Update;
import io.keck.crdt.store.UpdateV2;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The interface in the words of documents, but for what {@link OpenApiTest} sees. */
class DocumentsContractTest {
    @RegisterExtension
    static final ApiServer server = new ApiServer(false);

    private static final String W = "/api/documents/w";

    private static byte[] bytes(String method, String path, byte[] body, String... headers) {
        var answer = server.send(method, path, body, headers);
        assertThat(answer.statusCode()).as("%s %s", method, path).isEqualTo(200);
        return answer.body();
    }

    private static byte[] content(String text) {
        Doc doc = new Doc();
        doc.getText("t").insert(0, text);
        return doc.encodeStateAsUpdate();
    }

    private static int put(byte[] update, String query, String... headers) {
        return server.send("POST", W + "/updates" + query, update, headers).statusCode();
    }

    @Test
    void document_isCreatedFoundAndDeleted() {
        assertThat(server.send("HEAD", W, null).statusCode()).isEqualTo(404);
        assertThat(server.get(W).toString()).isEqualTo("404 text/plain Document(\"w\") not found");
        ApiServer.Reply made = new ApiServer.Reply(server.send("PUT", W, null));
        assertThat(made.toString()).isEqualTo("200 application/json {\"name\":\"w\",\"epoch\":\"1\",\"seq\":0}");
        assertThat(made.header("Keck-Epoch")).isEqualTo("1");
        assertThat(new ApiServer.Reply(server.send("PUT", W, null)).body()).isEqualTo(made.body());
        ApiServer.Reply there = new ApiServer.Reply(server.send("HEAD", W, null));
        assertThat(there.status()).isEqualTo(200);
        assertThat(there.header("Keck-Seq")).isEqualTo("1-0");
        assertThat(server.delete(W).status()).isEqualTo(204);
        assertThat(server.delete(W).status()).isEqualTo(204);
        assertThat(server.documents.exists("w")).isFalse();
    }

    @Test
    void list_isPagedByName() {
        for (String name : List.of("b", "a/2", "a/1", "a", "\u00e9", "a/3")) {
            server.documents.edit(name, doc -> doc.getText("t").insert(0, "x"));
        }
        assertThat(server.get("/api/documents?prefix=a%2F&limit=2").body())
                .startsWith("{\"data\":[{\"name\":\"a/1\",\"epoch\":\"3\",\"seq\":1,\"createdAt\":\"")
                .contains("\"a/2\"")
                .endsWith("],\"next\":\"a/2\"}");
        assertThat(server.get("/api/documents?prefix=a%2F&limit=2&after=a%2F2").body())
                .contains("\"a/3\"")
                .endsWith("\"next\":null}");
        assertThat(server.get("/api/documents?prefix=none").body()).isEqualTo("{\"data\":[],\"next\":null}");
        for (String query : List.of("limit=0", "limit=1001", "limit=x", "prefix=%00", "after=%0A")) {
            assertThat(server.get("/api/documents?" + query).status()).as(query).isEqualTo(400);
        }
    }

    @Test
    void update_isMergedInBothFormats_andADiffBringsTheRest() {
        server.send("PUT", W, null);
        Doc doc = new Doc();
        doc.getText("t").insert(0, "a first text, longer than the second");
        byte[] first = doc.encodeStateAsUpdate();
        assertThat(put(first, "")).isEqualTo(204);
        byte[] known = bytes("GET", W + "/state-vector", null);
        assertThat(known).isEqualTo(doc.stateVector().encode());
        doc.getText("t").insert(0, "two, ");
        byte[] v2 = UpdateV2.encode(Update.decode(doc.encodeStateAsUpdate()));
        assertThat(put(v2, "", "Content-Type", "application/vnd.yjs.v2")).isEqualTo(204);
        assertThat(put(v2, "")).as("V2 as V1").isEqualTo(422);
        assertThat(server.documents.copy("w").getText("t").toString())
                .isEqualTo("two, a first text, longer than the second");
        for (String format : List.of("v1", "v2")) {
            byte[] diff = bytes("POST", W + "/diff?format=" + format, known);
            Doc copy = new Doc();
            copy.applyUpdate(first);
            copy.applyUpdate(format.equals("v1") ? diff : UpdateV2.decode(diff).encode());
            assertThat(copy.getText("t").toString()).isEqualTo("two, a first text, longer than the second");
        }
        assertThat(bytes("POST", W + "/diff", known).length).isLessThan(bytes("POST", W + "/diff", new byte[0]).length);
        assertThat(server.send("POST", W + "/diff", new byte[] {9}).statusCode())
                .isEqualTo(422);
        assertThat(bytes("GET", W + "?format=v1", null)).isEqualTo(bytes("POST", W + "/diff", null));
    }

    @Test
    void update_ofAnotherEpoch_isRefused() {
        server.send("PUT", W, null);
        assertThat(put(content("x"), "?epoch=1")).isEqualTo(204);
        server.delete(W);
        server.send("PUT", W, null);
        var refused = server.send("POST", W + "/updates?epoch=1", content("y"));
        assertThat(refused.statusCode()).isEqualTo(409);
        assertThat(refused.headers().firstValue("Keck-Epoch")).contains("2");
        assertThat(server.documents.copy("w").getText("t").toString()).isEmpty();
        assertThat(put(content("y"), "?epoch=2")).isEqualTo(204);
        assertThat(put(content("y"), "?epoch=0")).isEqualTo(400);
    }

    @Test
    void update_underAKey_isOfOneLifeAndOneRequest() {
        server.send("PUT", W, null);
        assertThat(put(content("x"), "", "Idempotency-Key", "k")).isEqualTo(204);
        assertThat(put(content("y"), "", "Idempotency-Key", "k")).isEqualTo(422);
        byte[] update = content("z");
        assertThat(put(update, "", "Idempotency-Key", "z")).isEqualTo(204);
        server.delete(W);
        server.send("PUT", W, null);
        assertThat(put(update, "", "Idempotency-Key", "z")).isEqualTo(204);
        assertThat(server.documents.copy("w").getText("t").toString()).isEmpty();
    }

    private static String root(String name) {
        return server.get(W + "/roots/" + name).body();
    }

    private static String edit(String name, String json) {
        return server.post(W + "/roots/" + name, json).toString();
    }

    @Test
    void texts_areEditedByDeltas() {
        server.send("PUT", W, null);
        assertThat(root("t")).isEqualTo("Root(\"t\") not found");
        assertThat(root("t?type=text")).isEqualTo("{\"name\":\"t\",\"type\":\"text\",\"delta\":[]}");
        assertThat(edit("t", "{\"type\":\"text\",\"delta\":[{\"insert\":\"Hello \ud83d\ude00\"}]}"))
                .isEqualTo("204");
        assertThat(edit(
                        "t",
                        "{\"type\":\"text\",\"delta\":[{\"retain\":5,\"attributes\":{\"bold\":true}},{\"delete\":1},"
                                + "{\"insert\":{\"image\":\"x\"}}]}"))
                .isEqualTo("204");
        assertThat(root("t"))
                .isEqualTo("{\"name\":\"t\",\"type\":\"text\",\"delta\":[{\"insert\":\"Hello\",\"attributes\":"
                        + "{\"bold\":true}},{\"insert\":{\"image\":\"x\"}},{\"insert\":\"\ud83d\ude00\"}]}");
        int forks = server.documents.forks;
        assertThat(edit("t", "{\"type\":\"text\",\"delta\":[{\"retain\":7},{\"insert\":\"x\"}]}"))
                .contains("400", "cuts a character in two");
        assertThat(edit("t", "{\"type\":\"text\",\"delta\":[{\"retain\":9}]}")).contains("400", "beyond the end");
        assertThat(server.documents.forks).isEqualTo(forks + 2);
        for (String bad : List.of(
                "{}",
                "{\"type\":\"text\"}",
                "{\"type\":\"x\",\"delta\":[]}",
                "{\"type\":\"text\",\"delta\":[{\"retain\":0}]}",
                "{\"type\":\"text\",\"delta\":[{\"retain\":1,\"delete\":1}]}",
                "{\"type\":\"text\",\"delta\":[{\"insert\":null}]}",
                "{\"type\":\"text\",\"delta\":[1]}",
                "{\"type\":\"text\",\"delta\":[],\"more\":1}",
                "{\"type\":\"map\",\"set\":1}",
                "{\"type\":\"map\",\"delete\":[1]}",
                "{\"type\":\"map\",\"path\":[true],\"set\":{}}",
                "[]")) {
            assertThat(edit("t", bad)).as(bad).startsWith("400");
        }
        assertThat(server.documents.forks).isEqualTo(forks + 2);
    }

    @Test
    void mapsAndArrays_areEdited_alsoWithinOthers() {
        server.documents.edit("w", doc -> {
            doc.getMap("m").set("inner", YMap.of(Map.of("a", 1)));
            doc.getMap("m").set("text", new YText("abc"));
        });
        assertThat(edit("m", "{\"type\":\"map\",\"set\":{\"k\":[1,null]},\"delete\":[\"none\"]}"))
                .isEqualTo("204");
        assertThat(edit("m", "{\"type\":\"map\",\"path\":[\"inner\"],\"set\":{\"b\":2},\"delete\":[\"a\"]}"))
                .isEqualTo("204");
        assertThat(edit("m", "{\"type\":\"map\",\"path\":[\"text\"],\"delta\":[{\"delete\":1}]}"))
                .isEqualTo("204");
        assertThat(server.documents.copy("w").getMap("m").toJson())
                .isEqualTo(Map.of("inner", Map.of("b", 2.0), "text", "bc", "k", Arrays.asList(1.0, null)));
        assertThat(edit("m", "{\"type\":\"map\",\"path\":[\"k\"],\"set\":{}}")).contains("leads to no shared type");
        assertThat(edit("m", "{\"type\":\"map\",\"delta\":[]}")).startsWith("400");
        assertThat(edit("m", "{\"type\":\"array\",\"delta\":[]}")).startsWith("404");

        assertThat(edit("a", "{\"type\":\"array\",\"delta\":[{\"insert\":[1,2,3]}]}"))
                .isEqualTo("204");
        assertThat(edit("a", "{\"type\":\"array\",\"delta\":[{\"retain\":1},{\"delete\":1},{\"insert\":[\"x\"]}]}"))
                .isEqualTo("204");
        assertThat(root("a")).isEqualTo("{\"name\":\"a\",\"type\":\"array\",\"value\":[1,\"x\",3]}");
        assertThat(edit("a", "{\"type\":\"array\",\"delta\":[{\"insert\":1}]}")).startsWith("400");
        assertThat(edit("a", "{\"type\":\"array\",\"delta\":[{\"delete\":4}]}")).startsWith("400");
        assertThat(edit("a", "{\"type\":\"array\",\"set\":{\"x\":1}}")).startsWith("400");
        assertThat(server.get(W + "/roots").body())
                .isEqualTo("{\"data\":[{\"name\":\"a\",\"type\":\"array\"},{\"name\":\"m\",\"type\":\"map\"}]}");
    }

    @Test
    void xml_isEditedByNodes() {
        server.documents.edit("w", doc -> {
            YXmlElement p = new YXmlElement("p");
            p.setAttribute("class", "x");
            p.push(new YXmlText("abc"));
            doc.getXmlFragment("x").push(p);
        });
        assertThat(edit("x", "{\"type\":\"xml\",\"path\":[0,0],\"delta\":[{\"retain\":2,\"attributes\":{\"b\":{}}}]}"))
                .isEqualTo("204");
        assertThat(edit("x", "{\"type\":\"xml\",\"path\":[0],\"set\":{\"id\":\"1\"},\"delete\":[\"class\"]}"))
                .isEqualTo("204");
        assertThat(edit(
                        "x",
                        "{\"type\":\"xml\",\"delta\":[{\"retain\":1},{\"insert\":[{\"element\":\"h1\",\"attributes\":"
                                + "{\"level\":1},\"children\":[{\"text\":\"Title\"},{\"element\":\"br\"}]}]}]}"))
                .isEqualTo("204");
        assertThat(root("x"))
                .isEqualTo("{\"name\":\"x\",\"type\":\"xml\",\"children\":[{\"element\":\"p\",\"attributes\":{\"id\":"
                        + "\"1\"},\"children\":[{\"text\":[{\"insert\":\"ab\",\"attributes\":{\"b\":{}}},{\"insert\":"
                        + "\"c\"}]}]},{\"element\":\"h1\",\"attributes\":{\"level\":1},\"children\":[{\"text\":"
                        + "[{\"insert\":\"Title\"}]},{\"element\":\"br\",\"children\":[]}]}]}");
        assertThat(server.documents.copy("w").getXmlFragment("x").toString())
                .isEqualTo("<p id=\"1\"><b>ab</b>c</p><h1 level=\"1\">Title<br></br></h1>");
        for (String node :
                List.of("1", "{}", "{\"text\":1}", "{\"element\":\"\"}", "{\"element\":\"p\",\"text\":\"\"}")) {
            assertThat(edit("x", "{\"type\":\"xml\",\"delta\":[{\"insert\":[" + node + "]}]}"))
                    .as(node)
                    .startsWith("400");
        }
    }

    @Test
    void presence_isListedByClient() {
        server.documents.edit("w", doc -> {});
        assertThat(server.get(W + "/presence").toString())
                .isEqualTo("200 application/json {\"data\":[{\"client\":7,\"clock\":1,\"state\":{}},"
                        + "{\"client\":9,\"clock\":2,\"state\":{\"name\":\"Bo\"}}]}");
    }

    @Test
    void roots_thatTheDescriptionShows_areReadAsItSays() {
        server.documents.edit("w", doc -> doc.getMap("m").set("k", 1));
        assertThat(root("m?type=text")).isEqualTo("Text(\"m\") not found");
        assertThat(server.get(W + "/roots/m?type=x").status()).isEqualTo(400);
        assertThat(new String(bytes("GET", W + "?format=json", null), StandardCharsets.UTF_8))
                .isEqualTo("{\"m\":{\"k\":1}}");
    }
}
