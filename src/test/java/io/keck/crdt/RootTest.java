package io.keck.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RootTest {
    /** A document that knows of another only by its update, as servers do. */
    private static Doc received(Doc doc) {
        Doc received = new Doc();
        received.applyUpdate(doc.encodeStateAsUpdate());
        return received;
    }

    @Test
    void kind_isToldByContent() {
        Doc doc = new Doc();
        doc.getMap("map").set("k", 1);
        doc.getArray("array").push(1);
        doc.getArray("types").push(new YMap());
        doc.getText("text").insert(0, "t");
        doc.getText("embedded first").insertEmbed(0, new YMap());
        doc.getText("embedded first").insert(1, "t");
        doc.getXmlFragment("xml").push(new YXmlElement("p"));
        doc.getText("with attribute").setAttribute("k", 1);
        doc.getText("with attribute").insert(0, "t");
        Doc received = received(doc);
        assertThat(kinds(received))
                .isEqualTo(Map.of(
                        "map", Root.Kind.MAP,
                        "array", Root.Kind.ARRAY,
                        "types", Root.Kind.ARRAY,
                        "text", Root.Kind.TEXT,
                        "embedded first", Root.Kind.TEXT,
                        "xml", Root.Kind.XML,
                        "with attribute", Root.Kind.TEXT));
        assertThat(kinds(doc)).isEqualTo(kinds(received));
        assertThat(received.findRoot("absent")).isNull();
        assertThat(received.rootNames()).doesNotContain("absent");
        assertThat(received.openRoot("absent").kind()).isEqualTo(Root.Kind.NONE);
    }

    private static Map<String, Root.Kind> kinds(Doc doc) {
        Map<String, Root.Kind> kinds = new java.util.HashMap<>();
        doc.rootNames().forEach(name -> kinds.put(name, doc.findRoot(name).kind()));
        return kinds;
    }

    @Test
    void kind_ofWhatWasEmptied_isWhatCanStillBeTold() {
        Doc doc = new Doc();
        doc.getMap("map").set("k", 1);
        doc.getMap("map").delete("k");
        doc.getArray("array").push(1);
        doc.getArray("array").delete(0);
        assertThat(kinds(received(doc))).isEqualTo(Map.of("map", Root.Kind.MAP, "array", Root.Kind.LIST));
    }

    @Test
    void lastKind_ofWhatWasEmptied_isWhatTheDocumentSaw() {
        Doc doc = new Doc();
        doc.getText("text").insert(0, "t", Map.of("bold", true));
        doc.getArray("array").push(1);
        doc.getXmlFragment("xml").push(new YXmlElement("p"));
        Doc received = received(doc);
        doc.getText("text").delete(0, 1);
        doc.getArray("array").delete(0);
        doc.getXmlFragment("xml").delete(0, 1);
        received.applyUpdate(doc.encodeStateAsUpdate());
        assertThat(lastKinds(received))
                .isEqualTo(Map.of("text", Root.Kind.TEXT, "array", Root.Kind.ARRAY, "xml", Root.Kind.XML));
        assertThat(kinds(received).values()).containsOnly(Root.Kind.LIST);
        assertThat(lastKinds(received(doc)).values())
                .as("what is deleted comes without its content")
                .containsOnly(Root.Kind.LIST);
    }

    private static Map<String, Root.Kind> lastKinds(Doc doc) {
        Map<String, Root.Kind> kinds = new java.util.HashMap<>();
        doc.rootNames().forEach(name -> kinds.put(name, doc.findRoot(name).lastKind()));
        return kinds;
    }

    /** A root that is an XML text, as in slate-yjs, with and without nodes in it. */
    @Test
    void xmlTextAsRoot_keepsItsFormats() {
        Doc doc = new Doc();
        for (String name : List.of("plain", "nodes", "lexical")) {
            YXmlText text = doc.getXmlText(name);
            text.insert(0, "first");
            text.insert(5, "tail", Map.of("bold", true));
        }
        doc.getXmlText("nodes").insertEmbed(9, new YXmlText("inside"));
        doc.getXmlText("lexical").insertEmbed(0, new YXmlElement("hr"));
        Doc received = received(doc);
        for (String name : List.of("plain", "nodes", "lexical")) {
            Root root = received.findRoot(name);
            assertThat(root.holdsText() && root.holdsXml()).as(name).isTrue();
            assertThat(root.asXml().toString()).isEqualTo(doc.getXmlText(name).toString());
            assertThat(root.asText().toString()).isEqualTo("firsttail");
            assertThat(root.asText().toDelta().toString())
                    .contains("value=tail, attributes={bold=true}")
                    .contains("value=first");
        }
        assertThat(received.findRoot("plain").kind()).isEqualTo(Root.Kind.TEXT);
        assertThat(received.findRoot("nodes").kind()).isEqualTo(Root.Kind.XML);
        assertThat(received.findRoot("lexical").kind()).isEqualTo(Root.Kind.XML);
        assertThat(received.findRoot("lexical").asXml().toString()).isEqualTo("<hr></hr>first<bold>tail</bold>");
    }

    @Test
    void views_leaveTheKindOpen() {
        Doc doc = new Doc();
        doc.getText("t").insert(0, "text");
        Doc received = received(doc);
        Root root = received.findRoot("t");
        assertThat(root.asText().toString()).isEqualTo("text");
        assertThat(root.asArray().length()).isEqualTo(4);
        assertThat(root.asMap().keys()).isEmpty();
        assertThat(received.getText("t").toString()).isEqualTo("text");
        assertThat(root.asText()).isSameAs(received.getText("t"));
        assertThat(root.asMap().keys()).isEmpty();
    }

    @Test
    void views_edit() {
        Doc doc = new Doc();
        doc.openRoot("m").asMap().set("k", YMap.of(Map.of("x", 1)));
        doc.openRoot("a").asArray().insert(0, List.of(1, 2));
        doc.openRoot("t").asText().insert(0, "text", Map.of("bold", true));
        doc.openRoot("t").asText().delete(0, 1);
        Doc received = received(doc);
        assertThat(received.getMap("m").toJson()).isEqualTo(Map.of("k", Map.of("x", 1.0)));
        assertThat(received.getArray("a").toJson()).isEqualTo(List.of(1.0, 2.0));
        assertThat(received.getText("t").toString()).isEqualTo("ext");
    }
}
