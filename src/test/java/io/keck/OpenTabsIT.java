package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.Doc;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.NodeClients;
import io.keck.testing.PostgresServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Stock clients of several releases stay open while their document is deleted and created again, or replaced, on another
 * node. What they hold never gets into the new life, and newcomers work in it at once.
 */
class OpenTabsIT {
    @TempDir
    private static Path files;

    private static PostgresServer postgres;
    private static KeckProcess one;
    private static KeckProcess two;
    private static NodeClients clients;

    private final HttpClient http = HttpClient.newHttpClient();

    @BeforeAll
    static void start() {
        postgres = PostgresServer.start(files);
        one = KeckProcess.on(postgres, "postgres", files).brief().start();
        two = KeckProcess.on(postgres, "postgres", files).brief().start();
        clients = NodeClients.start();
    }

    @AfterAll
    static void stop() {
        clients.close();
        one.close();
        two.close();
        postgres.close();
    }

    private HttpResponse<String> send(KeckProcess node, String method, String path, byte[] body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.port() + path))
                .header("Content-Type", "application/octet-stream")
                .method(method, BodyPublishers.ofByteArray(body))
                .build();
        try {
            return http.send(request, BodyHandlers.ofString());
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private String text(KeckProcess node, String room) {
        HttpResponse<String> answer = send(node, "GET", "/api/block/" + room + "/text/t", new byte[0]);
        return answer.statusCode() == 200 ? answer.body() : String.valueOf(answer.statusCode());
    }

    private static byte[] update(String text) {
        Doc doc = new Doc();
        doc.getText("t").insert(0, text);
        return doc.encodeStateAsUpdate();
    }

    /** @param comesBack whether this release connects again after a final code, as those before 3.1 do */
    @ParameterizedTest
    @CsvSource({
        "y-websocket-1, true, false",
        "y-websocket-1, true, true",
        "y-websocket-2, true, false",
        "y-websocket-2, true, true",
        "y-websocket, false, false",
        "y-websocket, false, true",
        "@y/websocket, true, false",
        "@y/websocket, true, true"
    })
    void openTab_bringsNothingIntoTheNextLife(String library, boolean comesBack, boolean replaced) {
        String room = "tabs-" + library.replaceAll("[^a-z0-9]", "-") + "-" + replaced;
        String old = "old-" + room;
        String fresh = "new-" + room;
        clients.open(old, one.port(), room, library);
        clients.awaitSynced(old);
        clients.edit(old, new Object[][] {NodeClients.insert(0, "old ")});
        Eventually.await("the old text in the first life", () -> text(two, room).equals("\"old \""));

        if (replaced) {
            assertThat(send(two, "POST", "/api/block/" + room + "/init?force=true", update("init "))
                            .statusCode())
                    .isEqualTo(200);
        } else {
            assertThat(send(two, "DELETE", "/api/block/" + room, new byte[0]).statusCode())
                    .isEqualTo(204);
            assertThat(send(two, "POST", "/api/block/" + room, new byte[0]).statusCode())
                    .isEqualTo(200);
        }
        String begin = replaced ? "init " : "";
        assertThat(text(one, room)).isEqualTo('"' + begin + '"');

        clients.open(fresh, one.port(), room, library);
        clients.awaitSynced(fresh);
        clients.edit(fresh, new Object[][] {NodeClients.insert(0, "new ")});
        int before = comesBack ? clients.closeCodes(old).size() : 0;
        Eventually.await("the old tab is sent away from the new life", () -> {
            List<Integer> codes = clients.closeCodes(old);
            return codes.size() > before && codes.get(codes.size() - 1) == 4404;
        });
        // 1006: an upgrade that was refused with 404 between the two lives
        assertThat(clients.closeCodes(old)).contains(4404).isSubsetOf(4404, 1006);
        clients.edit(old, new Object[][] {NodeClients.insert(0, "late ")});

        Eventually.await("the new text", () -> text(two, room).contains("new "));
        for (KeckProcess node : new KeckProcess[] {one, two}) {
            assertThat(text(node, room))
                    .contains("new ")
                    .contains(begin)
                    .doesNotContain("old")
                    .doesNotContain("late");
        }
        assertThat(clients.text(fresh)).doesNotContain("old").doesNotContain("late");
        assertThat(clients.closeCodes(fresh)).isEmpty();
    }
}
