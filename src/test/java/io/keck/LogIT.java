package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keck.protocol.Message;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a server writes into its log: one line an event, as JSON where that is asked for, and nothing that is not its business. */
class LogIT {
    private static final String SECRET = "nobody-but-the-writers-of-this-document";

    @TempDir
    private Path dir;

    @Test
    void json_isOneObjectALine_levelsChangeWhileItRuns_andNoContentIsInIt() throws Exception {
        try (KeckProcess keck =
                KeckProcess.in(dir).env("KECK_LOG_FORMAT", "json").brief().start()) {
            connectAndType(keck, "before");
            assertThat(keck.log()).doesNotContain("of room before");
            level(keck, "DEBUG");
            connectAndType(keck, "while");
            keck.awaitLog(Pattern.compile("Connection \\d+ of room while: opened by 127\\.0\\.0\\.1"));
            keck.awaitLog(Pattern.compile("Connection \\d+ of room while: ended with 4400"));
            level(keck, "INFO");
            connectAndType(keck, "after");
            assertThat(keck.log()).doesNotContain("of room after").doesNotContain(SECRET);
            int objects = 0;
            for (String line : keck.log().lines().toList()) {
                JsonNode event = parse(line);
                assertThat(event.has("level") && event.has("message") && event.has("logger") && event.has("timestamp"))
                        .as(line)
                        .isTrue();
                objects++;
            }
            assertThat(objects).isGreaterThan(5);
        }
    }

    private static JsonNode parse(String line) {
        try {
            return new ObjectMapper().readTree(line);
        } catch (IOException e) {
            throw new AssertionError("no JSON: " + line, e);
        }
    }

    /** Text, a state of awareness, then something malformed; the words of the server come after it was closed. */
    private static void connectAndType(KeckProcess keck, String room) {
        try (SyncClient client = SyncClient.join(keck.room(room))) {
            client.write(new Typist(3).type(SECRET));
            client.send(Message.awareness(
                    List.of(new io.keck.protocol.AwarenessState(3, 1, "{\"name\":\"" + SECRET + "\"}"))));
            byte[] secret = SECRET.getBytes(java.nio.charset.StandardCharsets.UTF_8);
            byte[] malformed = new byte[secret.length + 2];
            malformed[1] = 2;
            System.arraycopy(secret, 0, malformed, 2, secret.length);
            client.send(malformed);
            assertThat(client.raw().awaitEnd().code()).isEqualTo(4400);
        }
        Eventually.await("the end of it", () -> keck.metric("keck.connections.open") == 0);
    }

    private static void level(KeckProcess keck, String level) throws IOException, InterruptedException {
        HttpResponse<String> answer = KeckProcess.HTTP.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + keck.adminPort()
                                + "/tasks/log-level?logger=io.keck&level=" + level))
                        .header("Keck-Admin", "1")
                        .POST(HttpRequest.BodyPublishers.noBody())
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(200);
    }
}
