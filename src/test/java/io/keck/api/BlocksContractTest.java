package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.Doc;
import io.keck.crdt.YArray;
import io.keck.crdt.YMap;
import io.keck.crdt.YXmlElement;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Every row of the contract's blocks. */
class BlocksContractTest {
    @RegisterExtension
    static final ApiServer server = new ApiServer(false);

    @BeforeEach
    void room() {
        server.documents.edit("w", doc -> {});
    }

    private static String get(String path) {
        return server.get("/api/block/w/" + path).toString();
    }

    private static String post(String path, String json) {
        return server.post("/api/block/w/" + path, json).toString();
    }

    private static String delete(String path) {
        return server.delete("/api/block/w/" + path).toString();
    }

    private static String block(String id, String flavour, String children, String rest) {
        return "{\"sys:flavour\":\"" + flavour + "\",\"sys:children\":" + children + ",\"sys:created\":1700000000000"
                + rest + ",\"sys:id\":\"" + id + "\"}";
    }

    private static String json(String body) {
        return "200 application/json " + body;
    }

    @Test
    void block_isMadeChangedAndDeleted() {
        assertThat(get("b1")).isEqualTo("404");
        assertThat(post("b1?flavour=note", "{\"k\":\"v\",\"n\":1.5,\"o\":{\"x\":[null]},\"sys:flavour\":\"ignored\"}"))
                .isEqualTo(
                        json(block("b1", "note", "[]", ",\"prop:k\":\"v\",\"prop:n\":1.5,\"prop:o\":{\"x\":[null]}")));
        assertThat(get("b1/")).isEqualTo(get("b1"));
        assertThat(post("b1?flavour=other", "{\"k\":null,\"n\":2,\"never there\":null}"))
                .isEqualTo(json(block("b1", "note", "[]", ",\"prop:n\":2,\"prop:o\":{\"x\":[null]}")));
        assertThat(post("b2", "{}")).isEqualTo(json(block("b2", "text", "[]", "")));

        Doc client = server.documents.copy("w");
        YMap block = (YMap) client.getMap("space:blocks").get("b1");
        assertThat(block.get("sys:children")).isInstanceOf(YArray.class);
        assertThat(block.get("sys:created")).isEqualTo((double) ApiServer.NOW);
        assertThat(client.getMap("space:updated").get("b1")).isEqualTo((double) ApiServer.NOW);
        assertThat(block.keys()).doesNotContain("sys:id");

        assertThat(delete("b1")).isEqualTo("204");
        assertThat(delete("b1")).isEqualTo("204");
        assertThat(get("b1")).isEqualTo("404");
        client = server.documents.copy("w");
        assertThat(client.getMap("space:blocks").keys()).containsExactly("b2");
        assertThat(client.getMap("space:updated").keys()).containsExactly("b2");
        assertThat(server.delete("/api/block/none/b1")).hasToString("404");
        assertThat(server.post("/api/block/none/b1", "{}")).hasToString("404");
    }

    @Test
    void block_isRefused_whenTheBodyIsNoObject() {
        for (String body : List.of("[]", "1", "null", "\"x\"", "true")) {
            assertThat(post("b1", body)).isEqualTo("422 text/plain Expected a JSON object");
            assertThat(server.post("/api/block/none/b1", body)).hasToString("404");
        }
        assertThat(get("b1")).isEqualTo("404");
    }

    @Test
    void nothingToDo_writesNothing() {
        post("b1", "{\"k\":1}");
        String before = server.get("/api/block/w").header("Keck-Seq");
        post("b1", "{}");
        post("b1", "{\"absent\":null}");
        post("b1/children", "{\"Push\":\"absent\"}");
        delete("b1/children/absent");
        delete("absent");
        assertThat(server.get("/api/block/w").header("Keck-Seq")).isEqualTo(before);
    }

    @Test
    void blocks_comeInPages() {
        assertThat(get("blocks")).isEqualTo("404 application/json {\"total\":0,\"data\":[]}");
        for (String id : List.of("c", "a", "b")) {
            post(id + "?flavour=" + (id.equals("b") ? "f" : "text"), "{}");
        }
        String a = block("a", "text", "[]", "");
        String b = block("b", "f", "[]", "");
        String c = block("c", "text", "[]", "");
        assertThat(get("blocks")).isEqualTo(json("{\"total\":3,\"data\":[" + a + "," + b + "," + c + "]}"));
        assertThat(get("blocks?offset=1")).isEqualTo(json("{\"total\":3,\"data\":[" + b + "," + c + "]}"));
        assertThat(get("blocks?limit=1")).isEqualTo(json("{\"total\":3,\"data\":[" + a + "]}"));
        assertThat(get("blocks?offset=1&limit=1")).isEqualTo(json("{\"total\":3,\"data\":[" + b + "]}"));
        String empty = "404 application/json {\"total\":3,\"data\":[]}";
        assertThat(get("blocks?offset=3")).isEqualTo(empty);
        assertThat(get("blocks?limit=0")).isEqualTo(empty);
        assertThat(get("blocks?offset=99999999999999999999999&limit=99999999999999999999999"))
                .isEqualTo(empty);
        for (String bad : List.of("offset=-1", "offset=x", "limit=1.5", "limit=", "limit=%20", "offset=1e3")) {
            assertThat(get("blocks?" + bad)).startsWith("400 text/plain ");
            assertThat(get("b/children?" + bad)).startsWith("400 text/plain ");
        }
        assertThat(get("flavour/text")).isEqualTo(json("[" + a + "," + c + "]"));
        assertThat(get("flavour/f")).isEqualTo(json("[" + b + "]"));
        assertThat(get("flavour/none")).isEqualTo(json("[]"));
        assertThat(get("flavour/children")).isEqualTo(json("[]"));
    }

    @Test
    void children_areInsertedWhereTheContractSays() {
        for (String id : List.of("p", "a", "b", "c", "d", "e")) {
            post(id, "{}");
        }
        assertThat(get("p/children")).isEqualTo("404 application/json {\"total\":0,\"data\":[]}");
        assertThat(post("p/children", "{\"Push\":\"a\"}")).isEqualTo(json(block("p", "text", "[\"a\"]", "")));
        insert("{\"InsertBefore\":{\"id\":\"b\",\"before\":\"a\"}}", "b,a");
        insert("{\"InsertAfter\":{\"id\":\"c\",\"after\":\"b\"}}", "b,c,a");
        insert("{\"InsertAt\":{\"id\":\"d\",\"pos\":1}}", "b,d,c,a");
        insert("{\"InsertAt\":{\"id\":\"e\",\"pos\":4}}", "b,d,c,a,e");
        insert("{\"Push\":\"b\"}", "d,c,a,e,b");
        insert("{\"InsertAt\":{\"id\":\"b\",\"pos\":0}}", "b,d,c,a,e");
        insert("{\"InsertAt\":{\"id\":\"b\",\"pos\":99}}", "d,c,a,e,b");
        insert("{\"InsertBefore\":{\"id\":\"d\",\"before\":\"unknown\"}}", "c,a,e,b,d");
        insert("{\"InsertAfter\":{\"id\":\"c\",\"after\":\"unknown\"}}", "a,e,b,d,c");
        insert("{\"InsertBefore\":{\"id\":\"a\",\"before\":\"a\"}}", "e,b,d,c,a");
        insert("{\"Push\":\"unknown\"}", "e,b,d,c,a");
        assertThat(get("a")).isEqualTo(json(block("a", "text", "[]", ",\"sys:parent\":\"p\"")));
        assertThat(get("p/children?offset=1&limit=2")).isEqualTo(json("{\"total\":5,\"data\":[\"b\",\"d\"]}"));
        assertThat(get("p/children?offset=5")).isEqualTo("404 application/json {\"total\":5,\"data\":[]}");
        assertThat(delete("p/children/b")).isEqualTo(json(block("p", "text", "[\"e\",\"d\",\"c\",\"a\"]", "")));
        for (String noChild : List.of("b", "p", "never", "")) {
            assertThat(delete("p/children/" + noChild)).as(noChild).isEqualTo("404");
        }
        assertThat(server.delete("/api/block/w/p/children").status()).isEqualTo(405);
        delete("e");
        assertThat(get("p/children")).isEqualTo(json("{\"total\":4,\"data\":[\"e\",\"d\",\"c\",\"a\"]}"));
    }

    private static void insert(String body, String children) {
        assertThat(post("p/children", body)).startsWith("200 ");
        String ids = String.join(
                ",",
                Arrays.stream(children.split(",")).map(id -> "\"" + id + "\"").toList());
        assertThat(get("p/children"))
                .as(body)
                .isEqualTo(json("{\"total\":" + children.split(",").length + ",\"data\":[" + ids + "]}"));
    }

    @Test
    void children_refuse() {
        post("p", "{}");
        for (String body : List.of(
                "{}",
                "[]",
                "null",
                "\"Push\"",
                "{\"Push\":1}",
                "{\"Push\":{\"id\":\"a\"}}",
                "{\"Pull\":\"a\"}",
                "{\"Push\":\"a\",\"InsertAt\":{\"id\":\"a\",\"pos\":0}}",
                "{\"InsertAt\":{\"id\":\"a\",\"pos\":-1}}",
                "{\"InsertAt\":{\"id\":\"a\",\"pos\":0.5}}",
                "{\"InsertAt\":{\"id\":\"a\"}}",
                "{\"InsertAt\":\"a\"}",
                "{\"InsertBefore\":{\"id\":\"a\"}}",
                "{\"InsertBefore\":{\"id\":1,\"before\":\"b\"}}",
                "{\"InsertAfter\":{\"id\":\"a\",\"before\":\"b\"}}")) {
            assertThat(post("p/children", body)).as(body).startsWith("422 text/plain Expected one of ");
            assertThat(post("absent/children", body)).isEqualTo("404");
            assertThat(server.post("/api/block/none/p/children", body)).hasToString("404");
        }
        for (String workspace : List.of("w/absent", "none/p")) {
            assertThat(server.get("/api/block/" + workspace + "/children")).hasToString("404");
            assertThat(server.post("/api/block/" + workspace + "/children", "{\"Push\":\"a\"}"))
                    .hasToString("404");
            assertThat(server.delete("/api/block/" + workspace + "/children/a")).hasToString("404");
        }
    }

    @Test
    void blocksThatOthersWrote_areTakenAsTheyAre() {
        server.documents.edit("w", doc -> {
            YMap blocks = doc.getMap("space:blocks");
            blocks.set("odd", YMap.of(Map.of("sys:id", "lie", "sys:children", "none", "sys:flavour", 5)));
            blocks.set("plain", YMap.of(Map.of("sys:children", List.of("x", 1, "y"))));
            YMap mixed = new YMap();
            mixed.set("sys:children", YArray.of(1, "x", null, "y", new YMap()));
            blocks.set("mixed", mixed);
            blocks.set("string", "no block");
            blocks.set("x", new YMap());
            blocks.set("y", new YMap());
        });
        assertThat(get("odd")).isEqualTo(json("{\"sys:flavour\":5,\"sys:children\":\"none\",\"sys:id\":\"odd\"}"));
        assertThat(get("odd/children")).isEqualTo("404 application/json {\"total\":0,\"data\":[]}");
        assertThat(get("string")).isEqualTo("404");
        assertThat(get("string/children")).isEqualTo("404");
        assertThat(get("flavour/5")).isEqualTo(json("[]"));
        assertThat(get("plain/children")).isEqualTo(json("{\"total\":2,\"data\":[\"x\",\"y\"]}"));
        assertThat(post("plain/children", "{\"InsertAt\":{\"id\":\"y\",\"pos\":0}}"))
                .isEqualTo(json("{\"sys:children\":[\"y\",\"x\"],\"sys:id\":\"plain\"}"));
        assertThat(post("odd/children", "{\"Push\":\"x\"}"))
                .isEqualTo(json("{\"sys:flavour\":5,\"sys:children\":[\"x\"],\"sys:id\":\"odd\"}"));
        assertThat(post("mixed/children", "{\"InsertAt\":{\"id\":\"odd\",\"pos\":1}}"))
                .isEqualTo(json("{\"sys:children\":[1,\"x\",null,\"odd\",\"y\",{}],\"sys:id\":\"mixed\"}"));
        assertThat(get("mixed/children")).isEqualTo(json("{\"total\":3,\"data\":[\"x\",\"odd\",\"y\"]}"));
        assertThat(delete("mixed/children/x"))
                .isEqualTo(json("{\"sys:children\":[1,null,\"odd\",\"y\",{}],\"sys:id\":\"mixed\"}"));
        assertThat(post("string?flavour=f", "{}")).isEqualTo(json(block("string", "f", "[]", "")));
    }

    @Test
    void cycles_areNobodysProblem() {
        for (String id : List.of("a", "b")) {
            post(id, "{}");
        }
        assertThat(post("a/children", "{\"Push\":\"b\"}")).startsWith("200 ");
        assertThat(post("b/children", "{\"Push\":\"a\"}")).startsWith("200 ");
        assertThat(post("a/children", "{\"Push\":\"a\"}")).startsWith("200 ");
        assertThat(get("blocks")).startsWith("200 ");
        assertThat(server.get("/api/block/w").status()).isEqualTo(200);
    }

    @Test
    void reservedWords_winOverBlockIds() {
        for (String word : List.of(
                "init",
                "export",
                "client",
                "clients",
                "history",
                "blocks",
                "flavour",
                "map",
                "array",
                "doc",
                "subscribe")) {
            assertThat(server.post("/api/block/w/" + word + "/children", "{\"Push\":\"x\"}")
                            .status())
                    .as(word)
                    .isIn(word.equals("map") ? List.of(200) : List.of(404, 405, 400)); // a map named children
            if (!List.of("export", "blocks", "client", "clients", "history").contains(word)) {
                assertThat(server.get("/api/block/w/" + word).status()).as(word).isIn(404, 405);
            }
            String encoded = "%" + Integer.toHexString(word.charAt(0)) + word.substring(1);
            assertThat(server.post("/api/block/w/" + encoded, "{}").status())
                    .as(encoded)
                    .isIn(404, 405, 200);
            assertThat(server.documents.copy("w").getMap("space:blocks").keys()).isEmpty();
        }
        for (String id :
                List.of("text", "xml", "children", "keys", "sse", "subscribe%2Fsse", "inits", "a%2Fb", "%25", "😀")) {
            String path = id.equals("😀") ? "%F0%9F%98%80" : id;
            assertThat(post(path, "{\"k\":1}")).as(id).startsWith("200 ");
            assertThat(get(path)).as(id).startsWith("200 ");
            assertThat(post(path + "/children", "{\"Push\":\"text\"}")).as(id).startsWith("200 ");
            assertThat(get(path + "/children")).as(id).isEqualTo(json("{\"total\":1,\"data\":[\"text\"]}"));
            assertThat(delete(path + "/children/text")).as(id).startsWith("200 ");
        }
        assertThat(get("a%2Fb")).endsWith("\"sys:id\":\"a/b\"}");
        assertThat(get("%F0%9F%98%80")).endsWith("\"sys:id\":\"😀\"}");
    }

    @Test
    void textAndXml_areIdsOfBlocks_andNamedTypesWithANameAfterThem() {
        server.documents.edit("w", doc -> {
            doc.getText("t").insert(0, "a text");
            doc.getText("children").insert(0, "cannot be reached");
            doc.getXmlFragment("t2").push(new YXmlElement("p"));
        });
        for (String id : List.of("text", "xml")) {
            assertThat(post(id + "?flavour=f", "{\"k\":1}")).isEqualTo(json(block(id, "f", "[]", ",\"prop:k\":1")));
            assertThat(get(id)).isEqualTo(json(block(id, "f", "[]", ",\"prop:k\":1")));
            assertThat(get(id + "/")).isEqualTo(get(id));
            assertThat(get(id + "/children")).isEqualTo("404 application/json {\"total\":0,\"data\":[]}");
            assertThat(post(id + "/children", "{\"Push\":\"text\"}")).startsWith("200 ");
            assertThat(get(id + "/children/")).isEqualTo(json("{\"total\":1,\"data\":[\"text\"]}"));
        }
        assertThat(get("text/t")).isEqualTo(json("\"a text\""));
        assertThat(get("text/t/")).isEqualTo(json("\"a text\""));
        assertThat(get("xml/t2")).isEqualTo(json("\"<p></p>\""));
        assertThat(post("text/t", "{\"action\":\"set\",\"value\":\"other\"}")).isEqualTo(json("\"other\""));
        assertThat(get("text/children2")).isEqualTo(json("\"\""));
        assertThat(get("text")).contains("\"prop:k\":1");
        for (String id : List.of("xml", "text")) {
            assertThat(delete(id + "/children/text")).startsWith("200 ");
            assertThat(delete(id)).isEqualTo("204");
            assertThat(get(id)).isEqualTo("404");
        }
        assertThat(get("text/t")).isEqualTo(json("\"other\""));
        assertThat(get("blocks")).startsWith("404 ");
    }
}
