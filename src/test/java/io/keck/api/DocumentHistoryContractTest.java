package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Author;
import io.keck.crdt.Doc;
import io.keck.crdt.store.Update;
import io.keck.crdt.store.UpdateV2;
import io.keck.testing.Grants;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract about documents of the past, their versions, and what changed between two of them. */
class DocumentHistoryContractTest {
    @RegisterExtension
    static final ApiServer server = new ApiServer(false);

    private static final Author ANN = Author.bySocket(Grants.of("ann", "w"));
    private static final Author BOB = Author.byRequest(Grants.of("bob", "w"));

    private Doc editor = new Doc();

    @BeforeEach
    void begin() {
        server.feed.history.clear();
        server.documents.edit("w", Doc::rootNames);
        editor = new Doc();
        editor.setClientId(7);
    }

    /** Makes a row. */
    private void row(@Nullable Author author, Consumer<Doc> edit) {
        byte[][] update = new byte[1][];
        try (var listening = editor.onUpdate((bytes, transaction) -> update[0] = bytes)) {
            editor.transact(transaction -> edit.accept(editor));
        }
        server.feed.history.add(update[0], author);
    }

    private static String get(String path) {
        return server.get("/api/documents/w" + path).toString();
    }

    private void threeRows() {
        row(ANN, doc -> doc.getText("t").insert(0, "Hello"));
        row(BOB, doc -> doc.getText("t").insert(5, " world"));
        row(ANN, doc -> doc.getText("t").delete(0, 1));
    }

    // ------------------------------------------------------------------ documents of the past

    @Test
    void aDocument_isShownAsItWas_bySeqTimeAndLabel() {
        threeRows();
        assertThat(get("?at=1&format=json")).isEqualTo("200 application/json {\"t\":\"Hello\"}");
        assertThat(get("?at=2&format=json")).isEqualTo("200 application/json {\"t\":\"Hello world\"}");
        assertThat(get("?at=3&format=json")).isEqualTo("200 application/json {\"t\":\"ello world\"}");
        assertThat(get("?at=0&format=json")).isEqualTo("200 application/json {}");
        assertThat(server.get("/api/documents/w?at=2&format=json").header("Keck-Seq"))
                .endsWith("-2");
        // NOW is 2023-11-14T22:13:20Z, and rows are a second apart
        assertThat(get("?at=2023-11-14T22:13:22.900Z&format=text")).isEqualTo("200 text/plain Hello world\n");
        assertThat(get("?at=2023-11-15T00:13:21+02:00&format=text")).isEqualTo("200 text/plain Hello\n");
        assertThat(get("?at=2023-11-15T00:13:21%2B02:00&format=text")).isEqualTo("200 text/plain Hello\n");
        server.post("/api/documents/w/versions", "{\"label\":\"draft 1\",\"at\":\"1\"}");
        assertThat(get("?at=draft%201&format=text")).isEqualTo("200 text/plain Hello\n");
    }

    @Test
    void anUpdate_ofThePast_isWhatYjsMakesOfTheSameRows() {
        threeRows();
        byte[] v1 = server.get("/api/documents/w?at=3").response().body();
        byte[] v2 = server.get("/api/documents/w?at=3&format=v2").response().body();
        Doc doc = new Doc();
        doc.applyUpdate(v1);
        assertThat(doc.getText("t")).hasToString("ello world");
        assertThat(v1).isEqualTo(editor.encodeStateAsUpdate());
        assertThat(UpdateV2.decode(v2).encode()).isEqualTo(Update.decode(v1).encode());
    }

    @Test
    void aText_isMarkdownAndHtml_thatRunsNothing() {
        row(ANN, doc -> {
            doc.getText("t").insert(0, "Title");
            doc.getText("t").insert(5, "\n", Map.of("header", 1));
            doc.getText("t").insert(6, "<script>", Map.of());
        });
        assertThat(get("?at=1&format=markdown")).isEqualTo("200 text/markdown # Title\n\n\\<script\\>\n");
        assertThat(get("?at=1&format=html")).contains("<h1>Title</h1>\n<p>&lt;script&gt;</p>");
        assertThat(server.get("/api/documents/w?at=1&format=html").header("Content-Security-Policy"))
                .startsWith("sandbox;");
        assertThat(get("?at=1&format=text&root=none")).isEqualTo("200 text/plain");
    }

    @Test
    void whatIsNotKeptOrNotWritten_isSaid() {
        threeRows();
        assertThat(get("?at=4")).isEqualTo("404 text/plain The document has rows up to 3.");
        assertThat(get("?at=99999999999999999999")).startsWith("404 ");
        server.feed.history.first = 2;
        assertThat(get("?at=1")).isEqualTo("410 text/plain The history of the document is kept from row 2 to row 3.");
        assertThat(get("?at=2023-11-14T22:13:21Z")).startsWith("410 ");
        assertThat(get("?at=no%20such")).isEqualTo("404 text/plain The document has no version labelled \"no such\".");
        assertThat(get("?at=")).startsWith("400 ");
        assertThat(get("?at=1&format=pdf")).startsWith("400 ");
        assertThat(get("?at=1&format=json&root=t")).startsWith("400 ");
        assertThat(server.get("/api/documents/none?at=1").status()).isEqualTo(404);
        server.feed.history.isAway = true;
        assertThat(get("?at=2")).startsWith("503 ");
    }

    @Test
    void aStateThatWasAskedFor_isKept_whileItsLastRowIsTheSame() {
        threeRows();
        get("?at=2");
        int bases = server.feed.history.bases;
        assertThat(get("?at=2&format=json")).contains("Hello world");
        assertThat(server.feed.history.bases).isEqualTo(bases);
        // the log goes back, and other rows follow
        server.feed.history.clear();
        editor = new Doc();
        row(ANN, doc -> doc.getText("t").insert(0, "other"));
        row(ANN, doc -> doc.getText("t").insert(5, " rows"));
        assertThat(get("?at=2&format=json")).contains("other rows");
    }

    // ------------------------------------------------------------------ changes

    @Test
    void changes_nameEveryRun() {
        threeRows();
        assertThat(get("/changes?from=1&to=3"))
                .isEqualTo("200 application/json {\"from\":1,\"to\":3,\"data\":["
                        + "{\"path\":[\"t\"],\"type\":\"text\",\"delta\":["
                        + "{\"delete\":1,\"content\":\"H\",\"author\":{\"by\":\"ann\",\"origin\":\"socket\","
                        + "\"at\":\"2023-11-14T22:13:23Z\"},\"writtenBy\":\"ann\"},"
                        + "{\"retain\":4},"
                        + "{\"insert\":\" world\",\"author\":{\"by\":\"bob\",\"origin\":\"rest\","
                        + "\"at\":\"2023-11-14T22:13:22Z\"}}]}],\"next\":null}");
        assertThat(get("/changes?from=1&to=3&by=bob"))
                .contains("\"delta\":[{\"retain\":4},{\"insert\":\" world\"")
                .doesNotContain("delete");
        assertThat(get("/changes?from=1&by=ann")).contains("\"delete\":1").doesNotContain("insert");
        assertThat(get("/changes?by=nobody"))
                .isEqualTo("200 application/json {\"from\":0,\"to\":3,\"data\":[],\"next\":null}");
    }

    @Test
    void namesOfTheCurrentText_areItsChangesFromTheBeginning() {
        threeRows();
        row(null, doc -> doc.getText("t").insert(0, "?"));
        assertThat(get("/changes"))
                .contains("{\"insert\":\"?\",\"author\":{\"by\":\"unknown\",\"origin\":\"unknown\"")
                .contains("{\"insert\":\"ello\",\"author\":{\"by\":\"ann\"")
                .contains("{\"insert\":\" world\",\"author\":{\"by\":\"bob\"");
    }

    @Test
    void keysFormatsAndNestedTypes_areTold() {
        row(ANN, doc -> doc.getMap("m").set("k", 1));
        row(ANN, doc -> doc.getText("t").insert(0, "abc"));
        row(BOB, doc -> {
            doc.getMap("m").set("k", 2);
            doc.getMap("m").set("n", new io.keck.crdt.YMap());
            doc.getText("t").format(0, 2, Map.of("b", true));
        });
        String bob = "{\"by\":\"bob\",\"origin\":\"rest\",\"at\":\"2023-11-14T22:13:23Z\"}";
        assertThat(get("/changes?from=2"))
                .contains("{\"path\":[\"m\"],\"type\":\"map\",\"keys\":{\"k\":{\"before\":1,\"after\":2,\"author\":"
                        + bob + "},\"n\":{\"after\":{\"$type\":\"map\",\"id\":\"7:5\"},\"author\":" + bob + "}}}")
                .contains("{\"path\":[\"t\"],\"type\":\"text\",\"delta\":[{\"retain\":2,\"attributes\":{\"b\":true},"
                        + "\"authors\":{\"b\":" + bob + "}}]}");
    }

    @Test
    void aDiff_isOfAnyTwoMoments() {
        threeRows();
        assertThat(get("/diff?from=1&to=2")).contains("\"delta\":[{\"retain\":5},{\"insert\":\" world\"}]");
        assertThat(get("/diff?from=2&to=1"))
                .contains("\"delta\":[{\"retain\":5},{\"delete\":6,\"content\":\" world\"}]");
        assertThat(get("/diff?from=3")).endsWith("{\"from\":3,\"to\":3,\"data\":[],\"next\":null}");
        assertThat(get("/diff?to=1")).contains("\"from\":0,\"to\":1").contains("{\"insert\":\"Hello\"}");
        assertThat(get("/changes?from=3&to=1")).startsWith("400 ");
    }

    // ------------------------------------------------------------------ activity and versions

    @Test
    void activity_isPaged_newestFirst() {
        threeRows();
        assertThat(get("/activity?limit=1"))
                .startsWith("200 application/json {\"data\":[{\"by\":\"ann\","
                        + "\"origin\":\"socket\",\"first\":3,\"last\":3,\"from\":\"2023-11-14T22:13:23Z\","
                        + "\"to\":\"2023-11-14T22:13:23Z\",\"rows\":1,\"bytes\":");
        assertThat(get("/activity?limit=1")).endsWith("],\"next\":\"3\"}");
        assertThat(get("/activity?limit=2&before=3")).contains("\"last\":2").endsWith("],\"next\":\"1\"}");
        assertThat(get("/activity?before=1")).isEqualTo("200 application/json {\"data\":[],\"next\":null}");
        assertThat(get("/activity?by=bob")).contains("\"last\":2").doesNotContain("ann");
        assertThat(get("/activity?limit=0")).startsWith("400 ");
        assertThat(get("/activity?limit=501")).startsWith("400 ");
    }

    private static ApiServer.Reply make(String body) {
        return server.post("/api/documents/w/versions", body);
    }

    @Test
    void versions_areMadePinnedListedAndDeleted() {
        threeRows();
        assertThat(make("{\"label\":\"one\",\"at\":\"1\"}"))
                .hasToString("201 application/json {\"id\":\"1001\","
                        + "\"seq\":1,\"label\":\"one\",\"pinned\":true,\"automatic\":false,\"by\":\"anonymous\","
                        + "\"at\":\"2023-11-14T22:13:20Z\"}");
        assertThat(make("{}").toString()).contains("\"seq\":3,\"label\":null,\"pinned\":false");
        assertThat(make("{\"label\":\"one\"}"))
                .hasToString("409 text/plain The document has a version with this label.");
        assertThat(get("/versions?limit=1")).contains("\"id\":\"1002\"").endsWith("],\"next\":\"1002\"}");
        assertThat(get("/versions?before=1002")).contains("\"id\":\"1001\"").endsWith("],\"next\":null}");
        assertThat(get("/versions?before=5")).startsWith("404 ");
        assertThat(server.put("/api/documents/w/versions/1002", "{\"pinned\":true}")
                        .toString())
                .startsWith("200 ")
                .contains("\"pinned\":true");
        assertThat(server.put("/api/documents/w/versions/5", "{\"pinned\":true}")
                        .status())
                .isEqualTo(404);
        assertThat(server.put("/api/documents/w/versions/1002", "{}").status()).isEqualTo(422);
        assertThat(server.delete("/api/documents/w/versions/1001")).hasToString("204");
        assertThat(server.delete("/api/documents/w/versions/1001").status()).isEqualTo(404);
        server.feed.history.most = 1;
        assertThat(make("{}").status()).isEqualTo(409);
        assertThat(make("{\"at\":\"9\"}").status()).isEqualTo(404);
    }

    @Test
    void labels_thatCouldBeTakenForSomethingElse_areRefused() {
        threeRows();
        for (String body : new String[] {
            "[]",
            "{\"label\":5}",
            "{\"label\":\"\"}",
            "{\"label\":\" a\"}",
            "{\"label\":\"a\\nb\"}",
            "{\"label\":\"12\"}",
            "{\"label\":\"2026-01-01T00:00:00Z\"}",
            "{\"label\":\"" + "x".repeat(201) + "\"}",
            "{\"pinned\":\"yes\"}",
            "{\"at\":\"\"}",
            "{\"other\":1}"
        }) {
            assertThat(make(body).status()).as(body).isEqualTo(422);
        }
        assertThat(get("/versions")).isEqualTo("200 application/json {\"data\":[],\"next\":null}");
    }
}
