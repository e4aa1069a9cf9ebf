package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.NodeClients;
import io.keck.testing.PostgresServer;
import io.keck.testing.Seeds;
import io.keck.testing.Tokens;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Going back on two nodes while people write: stock clients converge on what was asked for, and the death of a node leaves all of
 * it or nothing.
 */
class GoingBackIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int ROUNDS = Boolean.getBoolean("keck.campaign") ? 200 : 1;
    private static final int STEPS = 30;

    private static final String ANN = Tokens.forAll("ann", "write", "{}");
    private static final String BEN = Tokens.forAll("ben", "write", "{}");

    @TempDir
    private Path dir;

    private HttpResponse<String> send(KeckProcess node, String path, @Nullable String body, @Nullable String key) {
        return sending(node, path, body, key).join();
    }

    private static CompletableFuture<HttpResponse<String>> sending(
            KeckProcess node, String path, @Nullable String body, @Nullable String key) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.port() + path))
                .timeout(KeckProcess.PATIENCE)
                .header("Authorization", "Bearer " + ANN);
        if (body != null) {
            request.header("Content-Type", "application/json").POST(BodyPublishers.ofString(body));
        }
        if (key != null) {
            request.header("Idempotency-Key", key);
        }
        return KeckProcess.HTTP.sendAsync(request.build(), BodyHandlers.ofString());
    }

    private JsonNode restore(KeckProcess node, String body, @Nullable String key) throws Exception {
        HttpResponse<String> answer = send(node, "/api/documents/board/restore", body, key);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return JSON.readTree(answer.body());
    }

    private HttpResponse<String> text(KeckProcess node) {
        HttpResponse<String> text = send(node, "/api/block/board/text/t", null, null);
        assertThat(text.statusCode()).as(text.body()).isEqualTo(200);
        return text;
    }

    /** The newest row. */
    private long seq(KeckProcess node) {
        String seq = text(node).headers().firstValue("Keck-Seq").orElseThrow();
        return Long.parseLong(seq.substring(seq.indexOf('-') + 1));
    }

    private void open(NodeClients clients, KeckProcess first, KeckProcess second) {
        clients.open("ann", first.port(), "board", Map.of("token", ANN));
        clients.open("ben", second.port(), "board", Map.of("token", BEN));
        clients.awaitSynced("ann", "ben");
    }

    private KeckProcess node(PostgresServer postgres) {
        return KeckProcess.on(postgres, "postgres", dir)
                .env("KECK_JWT_SECRET", Tokens.SECRET)
                .brief()
                .start();
    }

    @Test
    void whileOthersWrite_goingBackIsSeenByAll() throws Exception {
        Random random = new Random(Seeds.next("going back"));
        try (PostgresServer postgres = PostgresServer.start(dir);
                KeckProcess first = node(postgres);
                KeckProcess second = node(postgres);
                NodeClients clients = NodeClients.start()) {
            assertThat(send(first, "/api/block/board", "", null).statusCode()).isEqualTo(200);
            open(clients, first, second);
            for (int round = 0; round < ROUNDS; round++) {
                clients.scribble(random.nextInt(1 << 30), STEPS, "ann", "ben");
                clients.awaitEqual("ann", "ben");
                whole(clients, first, second, random);
                person(clients, first, second, round);
            }
            refused(second);
            killed(clients, first, second);
        }
    }

    /** The whole document goes back, at first while both write, then while nobody does. */
    private void whole(NodeClients clients, KeckProcess first, KeckProcess second, Random random) throws Exception {
        settle(clients, first, second);
        String then = clients.text("ann");
        JsonNode map = clients.map("ann");
        long seq = seq(first);
        clients.scribble(random.nextInt(1 << 30), STEPS, "ann", "ben");
        clients.keepTyping(20, List.of("ann", "ben"));
        restore(first, "{\"at\":" + seq + "}", null);
        clients.stopTyping(List.of("ann", "ben"));
        clients.awaitEqual("ann", "ben");
        settle(clients, first, second);
        long before = seq(second);
        JsonNode preview = restore(second, "{\"at\":" + seq + ",\"preview\":true}", null);
        assertThat(preview.path("preview").asBoolean()).isTrue();
        assertThat(preview.get("changes")).isNotEmpty();
        assertThat(seq(second)).isEqualTo(before);
        JsonNode done = restore(second, "{\"at\":" + seq + "}", "back " + seq);
        // changes are listed by client, and what comes back has a new client each time
        assertThat(done.get("changes")).containsExactlyInAnyOrderElementsOf(preview.get("changes"));
        settle(clients, first, second);
        assertThat(clients.text("ann")).isEqualTo(then);
        assertThat(clients.map("ben")).isEqualTo(map);
        long head = seq(second);
        JsonNode repeated = restore(first, "{\"at\":" + seq + "}", "back " + seq);
        assertThat(repeated.path("repeated").asBoolean()
                        || repeated.path("changeCount").asInt() == 0)
                .isTrue();
        assertThat(seq(first)).isEqualTo(head);
    }

    /** What one of two did is taken back while the other one writes. */
    private void person(NodeClients clients, KeckProcess first, KeckProcess second, int round) throws Exception {
        clients.edit("ben", NodeClients.insert(0, "<ben " + round + ">"));
        settle(clients, first, second);
        long seq = seq(first);
        clients.edit("ann", NodeClients.insert(3, "[ann " + round + "]"), NodeClients.put("k", "ann " + round));
        settle(clients, first, second);
        clients.keepTyping(20, List.of("ben"));
        JsonNode done = restore(first, "{\"from\":" + seq + ",\"by\":\"ann\"}", null);
        clients.stopTyping(List.of("ben"));
        assertThat(done.get("restoreOf").asText()).startsWith(seq + "..").endsWith(" by ann");
        settle(clients, first, second);
        assertThat(clients.text("ben")).contains("<ben " + round + ">").doesNotContain("[ann " + round + "]");
        assertThat(clients.map("ann").path("k").asText()).isNotEqualTo("ann " + round);
    }

    /** What cannot be done changes nothing, and says why. */
    private void refused(KeckProcess node) {
        long head = seq(node);
        Map.of(
                        "{}",
                        400,
                        "{\"at\":" + (head + 5) + "}",
                        404,
                        "{\"at\":\"a label of nothing\"}",
                        404,
                        "{\"at\":1,\"root\":\"of nothing\"}",
                        404,
                        "{\"at\":1,\"block\":\"of nothing\"}",
                        404)
                .forEach((body, status) -> {
                    HttpResponse<String> answer = send(node, "/api/documents/board/restore", body, null);
                    assertThat(answer.statusCode())
                            .as(body + ": " + answer.body())
                            .isEqualTo(status);
                    assertThat(answer.body()).as(body).endsWith(".").contains(" ");
                });
        HttpResponse<String> missing = send(node, "/api/documents/no%20board/restore", "{\"at\":1}", null);
        assertThat(missing.statusCode()).isEqualTo(404);
        assertThat(seq(node)).isEqualTo(head);
        HttpResponse<String> taken = send(node, "/api/documents/board/restore", "{\"at\":2}", "killed before");
        HttpResponse<String> other = send(node, "/api/documents/board/restore", "{\"at\":1}", "killed before");
        assertThat(taken.statusCode()).isEqualTo(200);
        assertThat(other.statusCode()).isEqualTo(422);
    }

    /** A node dies while it goes back. */
    private void killed(NodeClients clients, KeckProcess first, KeckProcess second) throws Exception {
        long seq = seq(second);
        clients.edit("ben", NodeClients.insert(0, "x".repeat(100_000)));
        settle(clients, first, second);
        String before = text(second).body();
        clients.disconnect("ann");
        CompletableFuture<HttpResponse<String>> going =
                sending(first, "/api/documents/board/restore", "{\"at\":" + seq + "}", "killed");
        first.kill();
        HttpResponse<String> answer = going.exceptionally(lost -> null).join();
        String now = text(second).body();
        boolean isBack = now.length() < before.length();
        assertThat(isBack || now.equals(before)).isTrue();
        assertThat(answer == null || answer.statusCode() != 200 || isBack).isTrue();
        JsonNode again = restore(second, "{\"at\":" + seq + "}", "killed");
        assertThat(again.path("changeCount").asInt() > 0).isEqualTo(!isBack);
        assertThat(text(second).body()).hasSize(before.length() - 100_000);
    }

    /** Both clients and both nodes have everything. */
    private void settle(NodeClients clients, KeckProcess first, KeckProcess second) {
        clients.awaitEqual("ann", "ben");
        Eventually.await("both nodes and the clients agree", () -> {
            String text = json(clients.text("ann"));
            return text.equals(text(first).body()) && text.equals(text(second).body());
        });
    }

    private static String json(String text) {
        try {
            return JSON.writeValueAsString(text);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
