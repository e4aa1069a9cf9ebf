package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.api.FakeDocuments.Database;
import io.keck.protocol.Message;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Messages of back ends for the applications of all clients, over HTTP. */
class MessagesContractTest {
    @RegisterExtension
    static final ApiServer server = new ApiServer(false);

    private static ApiServer.Reply post(String room, String body) {
        return new ApiServer.Reply(server.send(
                "POST",
                "/api/messages/" + room,
                body.getBytes(StandardCharsets.UTF_8),
                "Content-Type",
                "application/json"));
    }

    @Test
    void message_isPassedOn() {
        server.documents.edit("team/w", doc -> doc.getText("t").insert(0, "x"));
        assertThat(post("team%2Fw", "{\"message\":\"é\"}")).hasToString("204");
        assertThat(post("team%2Fw", "{\"message\":\"" + "x".repeat(Message.MAX_TEXT) + "\"}"))
                .hasToString("204");
        assertThat(server.documents.broadcasts)
                .containsExactly(List.of("team/w", "é"), List.of("team/w", "x".repeat(Message.MAX_TEXT)));
    }

    @Test
    void messagesAboveTheRate_areRefused_untilTimeHasPassed() {
        server.documents.edit("w", doc -> doc.getText("t").insert(0, "x"));
        int sent = 0;
        ApiServer.Reply reply = post("w", "{\"message\":\"x\"}");
        for (; reply.toString().equals("204") && sent < 1_000; sent++) { // the clock stands still
            reply = post("w", "{\"message\":\"x\"}");
        }
        assertThat(sent).isBetween(180, 200); // other tests of this class have sent some
        assertThat(reply.toString()).startsWith("429 text/plain");
        assertThat(reply.header("Retry-After")).isEqualTo("1");
        int before = server.documents.broadcasts.size();
        assertThat(post("w", "{\"message\":\"x\"}").toString()).startsWith("429");
        assertThat(server.documents.broadcasts).hasSize(before);
        server.race = 100_000_000;
        server.timeRaces = true;
        assertThat(post("w", "{\"message\":\"x\"}")).hasToString("204");
        server.timeRaces = false;
        server.race = ApiServer.HALF_MINUTE;
    }

    @Test
    void whatIsNoMessage_isRefused() {
        server.documents.edit("w", doc -> doc.getText("t").insert(0, "x"));
        int before = server.documents.broadcasts.size();
        String expected =
                "422 text/plain The body must be {\"message\":\"…\"} with a text of at most 16384 characters.";
        for (String body : List.of(
                "{}",
                "[]",
                "\"x\"",
                "{\"message\":1}",
                "{\"message\":null}",
                "{\"message\":\"x\",\"to\":\"y\"}",
                "{\"message\":\"" + "x".repeat(Message.MAX_TEXT + 1) + "\"}")) {
            assertThat(post("w", body)).as(body).hasToString(expected);
        }
        assertThat(post("none", "{\"message\":\"x\"}")).hasToString("404 text/plain Workspace(\"none\") not found");
        assertThat(server.send("GET", "/api/messages/w", null).statusCode()).isEqualTo(405);
        server.documents.database = Database.AWAY_AND_NOTHING_LOADED;
        assertThat(post("w", "{\"message\":\"x\"}").toString()).startsWith("503");
        assertThat(server.documents.broadcasts).hasSize(before);
    }
}
