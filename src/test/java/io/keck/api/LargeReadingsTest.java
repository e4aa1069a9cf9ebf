package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.Doc;
import io.keck.crdt.store.UpdateV2;
import io.keck.testing.Eventually;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers over HTTP that are too large for memory. */
class LargeReadingsTest {
    private static final String TEXT = "0123456789\ud83d\ude00".repeat(60_000);

    @TempDir
    static Path folder;

    private static ApiServer server;

    @BeforeAll
    static void start() {
        ApiFactory factory = ApiServer.limited(new ApiFactory(), false);
        factory.spool(folder.toString(), 4 << 20, 2 << 20);
        server = new ApiServer(factory, null);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void room() {
        server.documents.reset();
        server.documents.edit("w", doc -> doc.getText("t").insert(0, TEXT));
    }

    private static void assertNothingIsLeft() {
        Eventually.await("files that are gone", () -> server.feed.spooledBytes.getAsLong() == 0);
    }

    @Test
    void aLargeText_isAnsweredAsAWhole() {
        HttpResponse<byte[]> answer = server.send("GET", "/api/block/w/text/t", null);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(new String(answer.body(), StandardCharsets.UTF_8)).isEqualTo('"' + TEXT + '"');
        assertThat(answer.headers().firstValueAsLong("Content-Length")).hasValue(answer.body().length);
        assertThat(answer.headers().firstValue("Keck-Seq")).isPresent();
        assertNothingIsLeft();
    }

    @Test
    void exportsAsUpdates_areAnsweredAsAWhole() {
        for (String format : new String[] {"v1", "v2"}) {
            HttpResponse<byte[]> answer = server.send("GET", "/api/block/w/export?format=" + format, null);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.headers().firstValueAsLong("Content-Length")).hasValue(answer.body().length);
            Doc doc = new Doc();
            doc.applyUpdate(
                    format.equals("v1")
                            ? answer.body()
                            : UpdateV2.decode(answer.body()).encode());
            assertThat(doc.getText("t").toString()).isEqualTo(TEXT);
            assertNothingIsLeft();
        }
    }

    @Test
    void exportThatIsTooLarge_isRefusedWithTheReason_andNothingIsLeft() {
        server.documents.edit("w", doc -> doc.getMap("m").set("k", new byte[3 << 20]));
        for (String format : new String[] {"v1", "v2"}) {
            ApiServer.Reply refused = server.get("/api/block/w/export?format=" + format);
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.body()).startsWith("The space for large answers on this node is exhausted");
            assertNothingIsLeft();
        }
    }

    @Test
    void headOfALargeText_leavesNothing() {
        assertThat(server.send("HEAD", "/api/block/w/text/t", null).statusCode())
                .isEqualTo(200);
        assertNothingIsLeft();
    }

    @Test
    void allOtherLargeAnswers_areAnsweredAsAWholeToo() {
        for (String path : new String[] {"text/t?format=delta", "export?format=json", "history"}) {
            assertThat(server.get("/api/block/w/" + path).body()).contains(TEXT);
        }
        server.documents.edit("w", doc -> {
            doc.getMap("space:blocks").set("b", io.keck.crdt.YMap.of(Map.of("prop:text", TEXT)));
            doc.getMap("m").set("k", TEXT);
            doc.getArray("a").push(TEXT);
        });
        for (String path : new String[] {"", "/b", "/blocks", "/map/m", "/map/m/k", "/array/a"}) {
            assertThat(server.get("/api/block/w" + path).body()).contains(TEXT);
        }
        assertThat(server.post("/api/block/w/map/m", "{\"x\":1}").body())
                .contains(TEXT)
                .contains("\"x\":1");
        assertThat(server.post("/api/block/w", "").body()).contains(TEXT);
        assertNothingIsLeft();
    }

    @Test
    void anAnswerThatIsTooLarge_isRefusedWithTheReason_andNothingIsLeft() {
        server.documents.edit("w", doc -> {
            for (int i = 0; i < 4; i++) {
                doc.getMap("m").set("k" + i, TEXT);
            }
        });
        long before = server.feed.answersRefused.getAsLong();
        ApiServer.Reply refused = server.get("/api/block/w/map/m");
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.header("Retry-After")).isEqualTo("1");
        assertThat(refused.body()).startsWith("The space for large answers on this node is exhausted");
        assertThat(server.feed.answersRefused.getAsLong()).isEqualTo(before + 1);
        assertNothingIsLeft();
        assertThat(server.get("/api/block/w/text/t").status()).isEqualTo(200);
    }
}
