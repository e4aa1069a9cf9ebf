package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.Doc;
import io.keck.crdt.YArray;
import io.keck.crdt.YMap;
import io.keck.crdt.YText;
import io.keck.crdt.YXmlElement;
import io.keck.crdt.lib0.Any;
import io.keck.crdt.lib0.Encoder;
import java.math.BigInteger;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Every row of the contract's named types: map, array, text, xml. */
class NamedTypesContractTest {
    private static final String MISSING = "404 text/plain Workspace(\"none\") not found";

    @RegisterExtension
    static final ApiServer server = new ApiServer(false);

    @BeforeEach
    void room() {
        server.documents.edit("w", doc -> {});
    }

    private static String get(String path) {
        return server.get("/api/block/" + path).toString();
    }

    private static String post(String path, String json) {
        return server.post("/api/block/" + path, json).toString();
    }

    private static String delete(String path) {
        return server.delete("/api/block/" + path).toString();
    }

    private static String json(String body) {
        return "200 application/json " + body;
    }

    // ---- map

    @Test
    void map_isWrittenAndRead() {
        assertThat(get("w/map/m")).isEqualTo(json("{}"));
        assertThat(post("w/map/m", "{\"a\":1,\"b\":\"x\",\"c\":null,\"d\":[1,{\"e\":true}]}"))
                .isEqualTo(json("{\"a\":1,\"b\":\"x\",\"c\":null,\"d\":[1,{\"e\":true}]}"));
        assertThat(get("w/map/m/d")).isEqualTo(json("[1,{\"e\":true}]"));
        assertThat(get("w/map/m/c")).isEqualTo(json("null"));
        assertThat(get("w/map/m/z")).isEqualTo("404 text/plain Key(\"z\") not found in map(\"m\")");
        assertThat(get("w/map/none/z")).isEqualTo("404 text/plain Key(\"z\") not found in map(\"none\")");
        assertThat(delete("w/map/m/b")).isEqualTo("204");
        assertThat(delete("w/map/m/b")).isEqualTo("204");
        assertThat(delete("w/map/none/b")).isEqualTo("204");
        assertThat(get("w/map/m")).isEqualTo(json("{\"a\":1,\"c\":null,\"d\":[1,{\"e\":true}]}"));
        assertThat(post("w/map/n", "{}")).isEqualTo(json("{}"));
        assertThat(server.documents.copy("w").rootNames()).containsExactly("m");
    }

    @Test
    void slashAtTheEnd_namesTheEmptyKey() {
        post("w/map/m", "{\"k\":1}");
        post("w/array/a", "{\"action\":\"push\",\"value\":1}");
        post("w/text/t", "{\"action\":\"set\",\"value\":\"x\"}");
        post("w/b", "{}");
        assertThat(get("w/map/m/")).isEqualTo("404 text/plain Key(\"\") not found in map(\"m\")");
        assertThat(get("w/map/none/")).isEqualTo("404 text/plain Key(\"\") not found in map(\"none\")");
        assertThat(get("w/map/t/")).isEqualTo("404 text/plain Map(\"t\") not found");
        assertThat(get("none/map/m/")).isEqualTo(MISSING);
        assertThat(delete("w/map/m/")).isEqualTo("204");
        assertThat(delete("w/map/t/")).isEqualTo("404 text/plain Map(\"t\") not found");
        assertThat(get("w/map/m")).isEqualTo(json("{\"k\":1}"));
        post("w/map/m", "{\"\":2}");
        assertThat(get("w/map/m/")).isEqualTo(json("2"));
        assertThat(delete("w/map/m/")).isEqualTo("204");
        assertThat(get("w/map/m")).isEqualTo(json("{\"k\":1}"));
        assertThat(delete("w/map/m")).startsWith("405 ");

        assertThat(get("w/array/a/")).isEqualTo("400 text/plain The index has to be a whole number of 0 or more.");
        assertThat(delete("w/array/a/")).isEqualTo("400 text/plain The index has to be a whole number of 0 or more.");
        assertThat(delete("w/array/a")).startsWith("405 ");
        assertThat(get("w/array/a")).isEqualTo(json("[1]"));
        assertThat(get("w/text/t/")).isEqualTo(json("\"x\""));
        assertThat(get("w/b/")).isEqualTo(get("w/b"));
    }

    /** As clients send them that encode nothing. */
    @Test
    void keysThatAreNotEncoded_areTakenAsTheyAre() {
        String[][] keys = {
            {"a%b", "a%b"}, {"%", "%"}, {"%zz", "%zz"}, {"50%", "50%"}, {"a%2", "a%2"}, {"%%41", "%A"},
            {"{x}", "{x}"}, {"a|b^c`d", "a|b^c`d"}, {"[1]", "[1]"}, {"a\"b", "a\"b"}, {"ä", "ä"}, {"%C3%A4", "ä"},
            {"a\\b", "a\\b"}, {"a%25b", "a%b"}, {"a;b", "a;b"}, {"a+b", "a+b"},
        };
        for (String[] key : keys) {
            server.documents.reset();
            server.documents.edit("w", doc -> {
                doc.getMap("m").set(key[1], 1);
                doc.getMap(key[1]).set("k", 2);
                doc.getText("t" + key[1]).insert(0, "x");
            });
            assertThat(server.raw("GET", "/api/block/w/map/m/" + key[0]))
                    .as(key[0])
                    .isEqualTo(json("1"));
            assertThat(server.raw("GET", "/api/block/w/map/" + key[0] + "/k")).isEqualTo(json("2"));
            assertThat(server.raw("GET", "/api/block/w/text/t" + key[0])).isEqualTo(json("\"x\""));
            assertThat(server.raw("DELETE", "/api/block/w/map/m/" + key[0])).isEqualTo("204");
            assertThat(get("w/map/m")).isEqualTo(json("{}"));
            assertThat(server.raw("GET", "/api/block/w/" + key[0]))
                    .as("a block")
                    .isEqualTo("404");
        }
        assertThat(server.raw("GET", "/api/block/w/map/m/%FF"))
                .isEqualTo("400 text/plain The path is not percent-encoded UTF-8.");
        for (String workspace : List.of("a%b", "%", "%zz", "%F")) {
            assertThat(server.raw("GET", "/api/block/" + workspace + "/map/m"))
                    .as("a workspace is named well")
                    .startsWith("400 text/plain The request is malformed.");
        }
    }

    @Test
    void map_refuses() {
        for (String body : List.of("[]", "1", "null", "\"x\"")) {
            assertThat(post("w/map/m", body)).isEqualTo("400 text/plain Expected a JSON object");
            assertThat(post("none/map/m", body)).isEqualTo(MISSING);
        }
        assertThat(get("none/map/m")).isEqualTo(MISSING);
        assertThat(get("none/map/m/k")).isEqualTo(MISSING);
        assertThat(post("none/map/m", "{}")).isEqualTo(MISSING);
        assertThat(delete("none/map/m/k")).isEqualTo(MISSING);
    }

    @Test
    void rootOfAnotherType_isNotFound_forEveryMethod() {
        server.documents.edit("w", doc -> {
            doc.getMap("map").set("k", 1);
            doc.getArray("array").push(1);
            doc.getText("text").insert(0, "t");
            doc.getXmlFragment("xml").push(new YXmlElement("p"));
        });
        Map<String, String> words = Map.of("map", "Map", "array", "Array", "text", "Text", "xml", "Xml");
        for (String kind : words.keySet()) {
            for (String name : words.keySet()) {
                String expected = "404 text/plain " + words.get(kind) + "(\"" + name + "\") not found";
                if (!kind.equals(name)) {
                    assertThat(get("w/" + kind + "/" + name)).isEqualTo(expected);
                    if (!kind.equals("xml")) {
                        assertThat(post("w/" + kind + "/" + name, "{\"action\":\"push\",\"value\":1}"))
                                .isEqualTo(expected);
                        assertThat(post("w/" + kind + "/" + name, "[]")).isEqualTo(expected);
                    }
                    if (kind.equals("map") || kind.equals("array")) {
                        assertThat(get("w/" + kind + "/" + name + "/0")).isEqualTo(expected);
                        assertThat(delete("w/" + kind + "/" + name + "/0")).isEqualTo(expected);
                    }
                } else {
                    assertThat(get("w/" + kind + "/" + name)).startsWith("200 ");
                }
            }
        }
        assertThat(get("w/doc/keys")).isEqualTo(json("[\"array\",\"map\",\"text\",\"xml\"]"));
    }

    @Test
    void rootThatWasEmptied_isReadAsWhatItMayBe() {
        server.documents.edit("w", doc -> {
            doc.getArray("list").push(1);
            doc.getMap("map").set("k", 1);
        });
        server.documents.edit("w", doc -> {
            doc.getArray("list").delete(0);
            doc.getMap("map").delete("k");
        });
        assertThat(get("w/array/list")).isEqualTo(json("[]"));
        assertThat(get("w/text/list")).isEqualTo(json("\"\""));
        assertThat(get("w/map/list")).isEqualTo("404 text/plain Map(\"list\") not found");
        assertThat(get("w/map/map")).isEqualTo(json("{}"));
        assertThat(get("w/text/map")).isEqualTo("404 text/plain Text(\"map\") not found");
        assertThat(get("w/export?format=json")).isEqualTo(json("{\"list\":[],\"map\":{}}"));
    }

    /** A root that is an XML text, as in slate-yjs and Lexical: a text whose formats are elements. */
    @Test
    void xmlTextAsRoot_keepsItsFormats_asTextAndAsXml() {
        server.documents.edit("w", doc -> {
            for (String name : List.of("flat", "nodes")) {
                doc.getXmlText(name).insert(0, "first");
                doc.getXmlText(name).insert(5, "tail", Map.of("bold", true));
            }
            doc.getXmlText("nodes").insertEmbed(9, new YXmlElement("hr"));
        });
        for (String name : List.of("flat", "nodes")) {
            String end = name.equals("nodes") ? "<hr></hr>" : "";
            assertThat(get("w/text/" + name)).isEqualTo(json("\"firsttail\""));
            assertThat(get("w/xml/" + name)).isEqualTo(json("\"first<bold>tail</bold>" + end + "\""));
            assertThat(get("w/text/" + name + "?format=delta"))
                    .startsWith(json("[{\"insert\":\"first\"},{\"insert\":\"tail\",\"attributes\":{\"bold\":true}}"));
        }
        assertThat(get("w/export?format=json"))
                .isEqualTo(json("{\"flat\":\"firsttail\",\"nodes\":\"first<bold>tail</bold><hr></hr>\"}"));
    }

    // ---- array

    @Test
    void array_isWrittenAndRead() {
        assertThat(get("w/array/a")).isEqualTo(json("[]"));
        assertThat(post("w/array/a", "{\"action\":\"push\",\"value\":1}")).isEqualTo(json("[1]"));
        assertThat(post("w/array/a", "{\"action\":\"insert\",\"index\":0,\"value\":null}"))
                .isEqualTo(json("[null,1]"));
        assertThat(post("w/array/a", "{\"action\":\"insert\",\"index\":2,\"value\":{\"x\":[]}}"))
                .isEqualTo(json("[null,1,{\"x\":[]}]"));
        assertThat(get("w/array/a/2")).isEqualTo(json("{\"x\":[]}"));
        assertThat(get("w/array/a/0")).isEqualTo(json("null"));
        assertThat(get("w/array/a/3")).isEqualTo("404 text/plain Index(3) out of bounds for array(\"a\")");
        assertThat(delete("w/array/a/3")).isEqualTo("404 text/plain Index(3) out of bounds for array(\"a\")");
        assertThat(delete("w/array/none/0")).isEqualTo("404 text/plain Index(0) out of bounds for array(\"none\")");
        assertThat(delete("w/array/a/1")).isEqualTo("204");
        assertThat(get("w/array/a")).isEqualTo(json("[null,{\"x\":[]}]"));
    }

    @Test
    void array_refuses() {
        String missing = "400 text/plain Missing \"action\" field (\"push\" or \"insert\")";
        for (String body : List.of("[]", "1", "null", "{}", "{\"action\":5}", "{\"value\":1}")) {
            assertThat(post("w/array/a", body)).isEqualTo(missing);
        }
        assertThat(post("w/array/a", "{\"action\":\"push\"}")).isEqualTo("400 text/plain Missing \"value\" field");
        assertThat(post("w/array/a", "{\"action\":\"insert\",\"value\":1}"))
                .isEqualTo("400 text/plain Missing \"index\" field for insert action");
        assertThat(post("w/array/a", "{\"action\":\"pop\",\"value\":1}"))
                .isEqualTo("400 text/plain Unknown action: pop");
        assertThat(post("w/array/a", "{\"action\":\"insert\",\"index\":1,\"value\":1}"))
                .isEqualTo("400 text/plain Index(1) out of bounds for array(\"a\")");
        for (String index : List.of("-1", "1.5", "\"0\"", "null", "1e300")) {
            assertThat(post("w/array/a", "{\"action\":\"insert\",\"index\":" + index + ",\"value\":1}"))
                    .startsWith("400 text/plain The \"index\" field has to be");
        }
        for (String index : List.of("x", "-1", "1.0", "%20", "+1")) {
            assertThat(get("w/array/a/" + index)).startsWith("400 text/plain ");
            assertThat(delete("w/array/a/" + index)).startsWith("400 text/plain ");
        }
        assertThat(get("w/array/a/99999999999999999999")).startsWith("404 text/plain Index(");
        assertThat(get("none/array/a")).isEqualTo(MISSING);
        assertThat(get("none/array/a/0")).isEqualTo(MISSING);
        assertThat(delete("none/array/a/0")).isEqualTo(MISSING);
        assertThat(post("none/array/a", "{}")).isEqualTo(MISSING);
        assertThat(post("none/array/a", "{\"action\":\"push\",\"value\":1}")).isEqualTo(MISSING);
        assertThat(get("w/doc/keys")).isEqualTo(json("[]"));
    }

    // ---- text

    @Test
    void text_isWrittenAndRead() {
        assertThat(get("w/text/t")).isEqualTo(json("\"\""));
        assertThat(get("w/text/t?format=delta")).isEqualTo(json("[]"));
        assertThat(post("w/text/t", "{\"action\":\"insert\",\"index\":0,\"value\":\"Hello \\\"you\\\"\"}"))
                .isEqualTo(json("\"Hello \\\"you\\\"\""));
        assertThat(post("w/text/t", "{\"action\":\"delete\",\"index\":5,\"length\":6}"))
                .isEqualTo(json("\"Hello\""));
        assertThat(post("w/text/t", "{\"action\":\"format\",\"index\":0,\"length\":2,\"attributes\":{\"b\":true}}"))
                .isEqualTo(json("\"Hello\""));
        assertThat(post(
                        "w/text/t",
                        "{\"action\":\"insert\",\"index\":5,\"value\":\"!\",\"attributes\":{\"c\":\"red\"}}"))
                .isEqualTo(json("\"Hello!\""));
        assertThat(get("w/text/t?format=delta"))
                .isEqualTo(json("[{\"insert\":\"He\",\"attributes\":{\"b\":true}},{\"insert\":\"llo\"},"
                        + "{\"insert\":\"!\",\"attributes\":{\"c\":\"red\"}}]"));
        assertThat(post("w/text/t", "{\"action\":\"set\",\"value\":\"Help!\"}")).isEqualTo(json("\"Help!\""));
        assertThat(get("w/text/t?format=delta"))
                .isEqualTo(json("[{\"insert\":\"He\",\"attributes\":{\"b\":true}},{\"insert\":\"lp\"},"
                        + "{\"insert\":\"!\",\"attributes\":{\"c\":\"red\"}}]"));
        assertThat(server.documents.copy("w").getText("t").toString()).isEqualTo("Help!");
        assertThat(post("w/text/t", "{\"action\":\"set\",\"value\":\"\"}")).isEqualTo(json("\"\""));
    }

    @Test
    void text_keepsPairsOfSurrogatesAndEmbeddedValues() {
        server.documents.edit("w", doc -> {
            YText text = doc.getText("t");
            text.insert(0, "a😀b");
            text.insertEmbed(4, Map.of("image", "x"));
        });
        assertThat(post("w/text/t", "{\"action\":\"insert\",\"index\":2,\"value\":\"!\"}"))
                .isEqualTo("400 text/plain Index(2) is within a character of text(\"t\")");
        assertThat(post("w/text/t", "{\"action\":\"delete\",\"index\":1,\"length\":1}"))
                .startsWith("400 text/plain Index(2)");
        assertThat(post("w/text/t", "{\"action\":\"insert\",\"index\":5,\"value\":\"c\"}"))
                .isEqualTo(json("\"a😀bc\""));
        assertThat(get("w/text/t?format=delta"))
                .isEqualTo(json("[{\"insert\":\"a😀b\"},{\"insert\":{\"image\":\"x\"}},{\"insert\":\"c\"}]"));
        assertThat(post("w/text/t", "{\"action\":\"set\",\"value\":\"a😁b\"}")).isEqualTo(json("\"a😁b\""));
        assertThat(post("w/text/t", "{\"action\":\"set\",\"value\":\"\\ud800\"}"))
                .isEqualTo(json("\"\ufffd\""));
    }

    @Test
    void text_refuses() {
        assertThat(post("w/text/t", "[]")).startsWith("400 text/plain Missing \"action\" field (\"insert\", ");
        assertThat(post("w/text/t", "{\"action\":\"push\"}")).isEqualTo("400 text/plain Unknown action: push");
        assertThat(post("w/text/t", "{\"action\":\"insert\",\"value\":\"x\"}"))
                .isEqualTo("400 text/plain Missing \"index\" field for insert action");
        assertThat(post("w/text/t", "{\"action\":\"insert\",\"index\":0}"))
                .isEqualTo("400 text/plain Missing \"value\" field");
        assertThat(post("w/text/t", "{\"action\":\"insert\",\"index\":0,\"value\":1}"))
                .isEqualTo("400 text/plain The \"value\" field has to be a string");
        assertThat(post("w/text/t", "{\"action\":\"insert\",\"index\":1,\"value\":\"x\"}"))
                .isEqualTo("400 text/plain Index(1) out of bounds for text(\"t\")");
        assertThat(post("w/text/t", "{\"action\":\"insert\",\"index\":0,\"value\":\"x\",\"attributes\":1}"))
                .isEqualTo("400 text/plain The \"attributes\" field has to be an object");
        assertThat(post("w/text/t", "{\"action\":\"delete\",\"index\":0}"))
                .isEqualTo("400 text/plain Missing \"length\" field for delete action");
        assertThat(post("w/text/t", "{\"action\":\"delete\",\"index\":0,\"length\":9007199254740991}"))
                .startsWith("400 text/plain Index(9007199254740991) out of bounds");
        assertThat(post("w/text/t", "{\"action\":\"format\",\"index\":0,\"length\":0}"))
                .isEqualTo("400 text/plain Missing \"attributes\" field for format action");
        assertThat(get("w/text/t?format=html")).startsWith("400 text/plain ");
        assertThat(get("none/text/t")).isEqualTo(MISSING);
        assertThat(post("none/text/t", "{}")).isEqualTo(MISSING);
        assertThat(get("w/doc/keys")).isEqualTo(json("[]"));
    }

    // ---- what other clients wrote

    @Test
    void allThatADocumentCanHold_isReadAsJson() {
        server.documents.edit("w", doc -> {
            YMap map = doc.getMap("m");
            map.set("bytes", new byte[] {0, 127, -1});
            map.set("text", new YText("hi"));
            map.set("array", YArray.of(1, YMap.of(Map.of("k", 2))));
            map.set("xml", new YXmlElement("br"));
            map.set("sub", new Doc(io.keck.crdt.DocOptions.create().withGuid("g")));
            map.set("big", new BigInteger("9007199254740993"));
            map.set("undefined", Any.UNDEFINED);
            map.set("numbers", List.of(1.0, -0.5, 1e20, 1e21, 1e-7, 123456789012345680.0, Double.NaN, -0.0));
            YXmlElement p = new YXmlElement("p");
            p.setAttribute("class", "x");
            doc.getXmlFragment("x").push(p);
        });
        assertThat(get("w/map/m"))
                .isEqualTo(json("{\"bytes\":[0,127,255],\"text\":\"hi\",\"array\":[1,{\"k\":2}],\"xml\":\"<br></br>\","
                        + "\"sub\":\"g\",\"big\":9007199254740993,"
                        + "\"numbers\":[1,-0.5,100000000000000000000,1e+21,1e-7,123456789012345680,null,0]}"));
        assertThat(get("w/map/m/undefined")).isEqualTo(json("null"));
        assertThat(get("w/xml/x")).isEqualTo(json("\"<p class=\\\"x\\\"></p>\""));
        assertThat(get("w/xml/none")).isEqualTo(json("\"\""));
        assertThat(get("none/xml/x")).isEqualTo(MISSING);
    }

    @Test
    void numbers_areNeverCut() {
        assertThat(post(
                        "w/map/m",
                        "{\"a\":2147483648,\"b\":1700000000000,\"c\":1e3,\"d\":0.1,\"e\":-2147483648,\"f\":1e400000}"))
                .startsWith("400 text/plain The body holds a number that is too large");
        assertThat(post(
                        "w/map/m",
                        "{\"a\":2147483648,\"b\":1700000000000,\"c\":1e3,\"d\":0.1,\"e\":-2147483648,"
                                + "\"f\":123456789012345678901234567890,\"g\":1.0}"))
                .isEqualTo(json("{\"a\":2147483648,\"b\":1700000000000,\"c\":1000,\"d\":0.1,\"e\":-2147483648,"
                        + "\"f\":1.2345678901234568e+29,\"g\":1}"));
    }

    /** Numbers that 32 bits hold exactly are those that JavaScript would write as a float32. */
    @Test
    void numbers_areIntsOrFloat64() {
        for (String[] write : new String[][] {
            {"w/map/m", "{\"k\":%s}"},
            {"w/map/m", "{\"k\":[{\"x\":%s}]}"},
            {"w/array/a", "{\"action\":\"push\",\"value\":%s}"},
            {"w/b", "{\"k\":%s}"}
        }) {
            for (String number : List.of("1.5", "-0.5", "4294967296", "-2147483648", "1e30", "0.1")) {
                assertThat(post(write[0], write[1].formatted(number))).startsWith("200 ");
                byte[] float64 = new byte[9];
                java.nio.ByteBuffer.wrap(float64).put((byte) 123).putDouble(Double.parseDouble(number));
                assertThat(HexFormat.of().formatHex(server.documents.lastChange))
                        .as(write[0] + " " + number)
                        .contains(HexFormat.of().formatHex(float64));
            }
            for (String number : List.of("7", "7.0", "2147483647", "-2147483647", "70e-1")) {
                assertThat(post(write[0], write[1].formatted(number))).startsWith("200 ");
                Encoder any = new Encoder();
                Any.write(any, Double.parseDouble(number));
                assertThat(HexFormat.of().formatHex(server.documents.lastChange))
                        .as(write[0] + " " + number)
                        .contains("7d", HexFormat.of().formatHex(any.toByteArray()));
            }
        }
    }

    @Test
    void deepTypesOfAnotherClient_areReadWithoutRecursion() {
        server.documents.edit("w", doc -> {
            YArray at = doc.getArray("deep");
            for (int i = 0; i < 4_000; i++) {
                YArray inner = new YArray();
                at.push(inner);
                at = inner;
            }
        });
        assertThat(get("w/array/deep")).isEqualTo(json("[".repeat(4001) + "]".repeat(4001)));
    }
}
