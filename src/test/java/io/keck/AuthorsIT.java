package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keck.testing.Eventually;
import io.keck.testing.HookReceiver;
import io.keck.testing.KeckProcess;
import io.keck.testing.SyncClient;
import io.keck.testing.Tokens;
import io.keck.testing.Typist;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two people and a program write into one document: history, streams and webhooks say who did what. */
class AuthorsIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String BOARD = "/api/block/board";

    private final String alice = Tokens.forAll("alice", "write", "{\"org\":\"7\"}");
    private final String bob = Tokens.forAll("bob", "write", "{}");
    private final String robot = Tokens.forAll("bob", "write", "{\"agent\":\"summaries\"}");

    @TempDir
    private Path dir;

    private static URI socket(KeckProcess keck, String token) {
        return URI.create("ws://127.0.0.1:" + keck.port() + "/collaboration/board?token=" + token);
    }

    private static HttpRequest.Builder request(KeckProcess keck, String path, @Nullable String token) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + keck.port() + path))
                .timeout(KeckProcess.PATIENCE);
        return token == null ? request : request.header("Authorization", "Bearer " + token);
    }

    private static JsonNode get(KeckProcess keck, String path, @Nullable String token) throws Exception {
        HttpResponse<String> response =
                KeckProcess.HTTP.send(request(keck, path, token).build(), BodyHandlers.ofString());
        assertThat(response.statusCode()).as(path).isEqualTo(200);
        return JSON.readTree(response.body());
    }

    private static void post(KeckProcess keck, String path, @Nullable String token, String json) throws Exception {
        HttpRequest request = request(keck, path, token)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json))
                .build();
        assertThat(KeckProcess.HTTP.send(request, BodyHandlers.ofString()).statusCode())
                .isEqualTo(200);
    }

    /** By content: who, by which way, and with which attributes. */
    private static Map<String, String> credits(Iterable<JsonNode> entries) {
        Map<String, String> credits = new HashMap<>();
        for (JsonNode entry : entries) {
            String credit = entry.path("by").asText() + " "
                    + entry.path("origin").asText() + (entry.has("attributes") ? " " + entry.get("attributes") : "");
            credits.put(entry.path("content").asText(), credit);
            assertThat(entry.path("at").asLong()).isPositive();
        }
        return credits;
    }

    private static final Map<String, String> EXPECTED = Map.of(
            "of alice", "alice socket {\"org\":\"7\"}",
            "of bob", "bob socket",
            "by request", "alice rest {\"org\":\"7\"}",
            "of a program", "bob agent {\"agent\":\"summaries\"}");

    @Test
    void historyStreamsAndWebhooks_nameWhoWrote() throws Exception {
        try (HookReceiver receiver = new HookReceiver();
                KeckProcess keck = KeckProcess.in(dir)
                        .brief()
                        .env("KECK_JWT_SECRET", Tokens.SECRET)
                        .env("HOOK_ENDPOINT", receiver.url())
                        .env("HOOK_SECRET", HookReceiver.SECRET)
                        .start()) {
            post(keck, BOARD, alice, "");
            HttpResponse<InputStream> stream = KeckProcess.HTTP.send(
                    request(keck, BOARD + "/subscribe/sse", bob).build(), BodyHandlers.ofInputStream());
            try (SyncClient a = SyncClient.join(socket(keck, alice));
                    SyncClient b = SyncClient.join(socket(keck, bob));
                    SyncClient c = SyncClient.join(socket(keck, robot))) {
                a.write(new Typist(7).set("of alice"));
                b.write(new Typist(8).set("of bob"));
                c.write(new Typist(9).set("of a program"));
                assertThat(a.awaitRead(7, 1) && b.awaitRead(8, 1) && c.awaitRead(9, 1))
                        .isTrue();
                post(keck, BOARD + "/map/m", alice, "{\"k\":\"by request\"}");
            }

            assertThat(credits(get(keck, BOARD + "/history", bob))).isEqualTo(EXPECTED);
            assertThat(credits(get(keck, BOARD + "/history?by=bob", alice))).containsOnlyKeys("of bob", "of a program");
            assertThat(get(keck, BOARD + "/history?by=carol", alice)).isEmpty();
            assertThat(credits(streamed(stream.body(), EXPECTED.size()))).isEqualTo(EXPECTED);
            Eventually.await("all is delivered", () -> delivered(receiver).size() >= EXPECTED.size());
            assertThat(credits(delivered(receiver))).isEqualTo(EXPECTED);
        }
    }

    /** Entries of the first events of a stream; each event says the same as its entries. */
    private static List<JsonNode> streamed(InputStream stream, int count) throws Exception {
        List<JsonNode> entries = new ArrayList<>();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            while (entries.size() < count) {
                String line = lines.readLine();
                assertThat(line).as("the stream goes on").isNotNull();
                if (line.startsWith("data:")) {
                    JsonNode event = JSON.readTree(line.substring(5));
                    for (JsonNode entry : event.path("histories")) {
                        assertThat(entry.path("by")).isEqualTo(event.path("by"));
                        entries.add(entry);
                    }
                }
            }
        }
        return entries;
    }

    private static List<JsonNode> delivered(HookReceiver receiver) {
        List<JsonNode> entries = new ArrayList<>();
        for (HookReceiver.Delivery delivery : receiver.deliveries()) {
            try {
                JSON.readTree(delivery.body()).forEach(entries::add);
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
        return entries;
    }

    @Test
    void whileAccessIsOpen_everybodyIsAnonymous() throws Exception {
        try (KeckProcess keck = KeckProcess.in(dir).brief().start()) {
            post(keck, BOARD, null, "");
            try (SyncClient a = SyncClient.join(URI.create("ws://127.0.0.1:" + keck.port() + "/collaboration/board"))) {
                a.write(new Typist(7).set("typed"));
                assertThat(a.awaitRead(7, 1)).isTrue();
                post(keck, BOARD + "/map/m", null, "{\"k\":\"by request\"}"); // committed after what was typed before
            }
            assertThat(credits(get(keck, BOARD + "/history?by=anonymous", null)))
                    .isEqualTo(Map.of("typed", "anonymous socket", "by request", "anonymous rest"));
        }
    }
}
