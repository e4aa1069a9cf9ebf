package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Author;
import io.keck.access.Origin;
import io.keck.crdt.Doc;
import io.keck.crdt.store.Update;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The rows of the contract about who wrote what, and where changes are delivered to. */
class HistoryContractTest {
    @RegisterExtension
    static final ApiServer server = new ApiServer(false);

    @BeforeEach
    void forgetAuthors() {
        server.feed.authors.clear();
    }

    private static String get(String path) {
        return server.get("/api/block/" + path).toString();
    }

    private static String entry(String key, String content, String action) {
        return "{\"workspace_id\":\"w\",\"field_name\":\"" + key + "\",\"parent\":[\"m\",\"" + key
                + "\"],\"content\":\"" + content + "\",\"action\":\"" + action
                + "\",\"by\":\"unknown\",\"origin\":\"unknown\"}";
    }

    @Test
    void history_saysByWhom_andCanBeOfOnePrincipal() {
        server.documents.edit("w", doc -> {
            doc.setClientId(4);
            doc.getMap("m").set("a", "x");
            doc.getMap("m").set("b", "y");
            byte[] all = doc.encodeStateAsUpdate();
            server.feed.authors.add(Update.decode(all), new Author("al&ice", Origin.SOCKET, Map.of("org", "7")), 1_000);
            doc.getMap("m").set("c", "z");
            server.feed.authors.add(
                    Update.decode(doc.encodeStateAsUpdate()), new Author("bob", Origin.REST, Map.of()), 2_000);
        });
        String ofBob = "{\"workspace_id\":\"w\",\"field_name\":\"c\",\"parent\":[\"m\",\"c\"],\"content\":\"z\","
                + "\"action\":\"update\",\"by\":\"bob\",\"origin\":\"rest\",\"at\":2000}";
        assertThat(get("w/history?by=bob")).isEqualTo("200 application/json [" + ofBob + "]");
        assertThat(get("w/history?by=al%26ice&skip=1"))
                .contains("\"content\":\"y\"")
                .contains("\"by\":\"al&ice\",\"origin\":\"socket\",\"at\":1000,\"attributes\":{\"org\":\"7\"}}]");
        assertThat(get("w/history?by=nobody")).isEqualTo("200 application/json []");
        assertThat(get("w/history?skip=2&limit=1")).isEqualTo("200 application/json [" + ofBob + "]");
    }

    @Test
    void history_whoseLastRowsHaveNoAuthorYet_saysThatItMayBeOld() {
        server.documents.edit("w", doc -> doc.getMap("m").set("a", "x"));
        assertThat(server.get("/api/block/w/history").header("Warning")).isNull();
        server.feed.authorsUpTo = -1;
        try {
            assertThat(server.get("/api/block/w/history").header("Warning"))
                    .isEqualTo("110 keck \"Response is Stale\"");
            assertThat(get("w/history")).startsWith("200 ");
        } finally {
            server.feed.authorsUpTo = Long.MAX_VALUE;
        }
    }

    @Test
    void history_whileTheDatabaseIsAway_isNotFiltered() {
        server.documents.edit("w", doc -> doc.getMap("m").set("a", "x"));
        server.feed.authorsAreAway = true;
        try {
            assertThat(get("w/history")).startsWith("200 ").contains("\"by\":\"unknown\"");
            assertThat(server.get("/api/block/w/history").header("Warning"))
                    .isEqualTo("110 keck \"Response is Stale\"");
            assertThat(get("w/history?by=bob")).startsWith("503 ");
        } finally {
            server.feed.authorsAreAway = false;
        }
    }

    @Test
    void history_isByClientThenClock_pagedAndOfOneClient() {
        for (long client : new long[] {9, 4}) {
            server.documents.edit("w", doc -> {
                doc.setClientId(client);
                doc.getMap("m").set("a" + client, "x");
                doc.getMap("m").set("b" + client, 2);
                doc.getMap("m").delete("a" + client);
            });
        }
        String all = "[" + entry("a4", "", "delete") + "," + entry("b4", "2", "update") + ","
                + entry("a9", "", "delete") + "," + entry("b9", "2", "update") + "]";
        assertThat(get("w/history")).isEqualTo("200 application/json " + all);
        assertThat(get("w/history?client=0")).isEqualTo("200 application/json " + all);
        assertThat(get("w/history?client=9&skip=1"))
                .isEqualTo("200 application/json [" + entry("b9", "2", "update") + "]");
        assertThat(get("w/history?skip=1&limit=2"))
                .isEqualTo(
                        "200 application/json [" + entry("b4", "2", "update") + "," + entry("a9", "", "delete") + "]");
        assertThat(get("w/history?limit=0")).isEqualTo("200 application/json []");
        assertThat(get("w/history?client=77")).isEqualTo("200 application/json []");
        assertThat(get("w/history?skip=-1")).startsWith("400 ");
        assertThat(get("w/history?client=x")).startsWith("400 ");
        assertThat(get("none/history")).isEqualTo("404 text/plain Workspace(\"none\") not found");
        assertThat(get("w/clients")).isEqualTo("200 application/json [4,9]");
    }

    @Test
    void clients_areNoneWhenNew_andTheNodeHasOne() {
        server.documents.edit("w", Doc::rootNames);
        assertThat(get("w/clients")).isEqualTo("200 application/json []");
        assertThat(get("w/client")).matches("200 application/json \\d+");
        assertThat(get("none/client")).isEqualTo("404 text/plain Workspace(\"none\") not found");
        assertThat(get("none/clients")).isEqualTo("404 text/plain Workspace(\"none\") not found");
    }

    @Test
    void anEndpoint_isSetAndUnset_orRefused() {
        assertThat(server.post("/api/subscribe", "{\"endpoint\":\"https://example.com/x\"}"))
                .hasToString("200");
        assertThat(server.feed.endpoint).isEqualTo("https://example.com/x");
        assertThat(server.post("/api/subscribe", "{\"endpoint\":\"http://10.0.0.1/\"}"))
                .hasToString("422 text/plain The endpoint is refused.");
        assertThat(server.post("/api/subscribe", "{\"endpoint\":5}").status()).isEqualTo(422);
        assertThat(server.post("/api/subscribe", "{}").status()).isEqualTo(422);
        assertThat(server.feed.endpoint).isEqualTo("https://example.com/x");
        assertThat(server.post("/api/subscribe", "{\"endpoint\":\"\"}")).hasToString("200");
        assertThat(server.feed.endpoint).isEmpty();
        assertThat(server.post("/api/hook", "[]")).hasToString("200");
        String good =
                "{\"workspace_id\":\"w\",\"field_name\":null,\"parent\":[\"m\",\"k\"],\"content\":\"v\",\"action\":\"update\"}";
        for (String taken : List.of(
                good,
                good.replace("null", "\"k\""),
                good.replace("\"field_name\":null,", ""),
                good.replace("update", "resync"),
                good.replace("{", "{\"more\":[],"),
                "{\"workspace_id\":\"w\",\"action\":\"client-message\",\"by\":\"a\",\"message\":\"\"}")) {
            assertThat(server.post("/api/hook", "[" + taken + "]").status())
                    .as(taken)
                    .isEqualTo(200);
        }
        for (String refused : List.of(
                "{}",
                "null",
                "\"w\"",
                "[1]",
                "[null]",
                "[[]]",
                "[{\"a\":1}]",
                "[" + good + ",{\"a\":1}]",
                "[" + good.replace("\"w\"", "1") + "]",
                "[" + good.replace("\"workspace_id\":\"w\",", "") + "]",
                "[" + good.replace("null", "5") + "]",
                "[" + good.replace("[\"m\",\"k\"]", "[\"m\",0]") + "]",
                "[" + good.replace("[\"m\",\"k\"]", "\"m\"") + "]",
                "[" + good.replace("\"v\"", "{}") + "]",
                "[{\"workspace_id\":\"w\",\"action\":\"client-message\",\"by\":\"a\",\"message\":1}]",
                "[" + good.replace("update", "insert") + "]")) {
            assertThat(server.post("/api/hook", refused).toString())
                    .as(refused)
                    .startsWith("422 text/plain Expected an array of changes");
        }
    }
}
