package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.NodeClients;
import io.keck.testing.PostgresServer;
import io.keck.testing.Tokens;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Stock clients of several people on two nodes, with authorship recorded and strict: a log-in that changes under a document,
 * somebody else's offline edits on a shared machine, and tabs that relay each other.
 */
class AuthorshipIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String STRICT = "strict";

    private final String alice = Tokens.forAll("alice", "write", "{}");
    private final String bob = Tokens.forAll("bob", "write", "{}");
    private final String carol = Tokens.forAll("carol", "write", "{}");
    private final String admin = Tokens.forAll("root", "admin", "{}");

    @TempDir
    private Path dir;

    private static Map<String, String> as(String token) {
        return Map.of("token", token);
    }

    private static HttpResponse<String> call(KeckProcess node, String method, String path, String token)
            throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.port() + path))
                .timeout(KeckProcess.PATIENCE)
                .header("Authorization", "Bearer " + token)
                .method(method, BodyPublishers.noBody())
                .build();
        return KeckProcess.HTTP.send(request, BodyHandlers.ofString());
    }

    private static JsonNode held(KeckProcess node, String room, String token) throws Exception {
        HttpResponse<String> answer = call(node, "GET", "/api/held/" + room, token);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return JSON.readTree(answer.body());
    }

    private static int waiting(KeckProcess node, String room, String token) {
        try {
            int waiting = 0;
            for (JsonNode entry : held(node, room, token)) {
                waiting += entry.get("state").asText().equals("held") ? 1 : 0;
            }
            return waiting;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private KeckProcess node(PostgresServer postgres, String mode) {
        return KeckProcess.on(postgres, "authorship", dir)
                .brief()
                .env("KECK_JWT_SECRET", Tokens.SECRET)
                .env("KECK_AUTHORSHIP", mode)
                .start();
    }

    @ParameterizedTest
    @ValueSource(strings = {"record", STRICT})
    void peopleOnOneMachine_loseNothing(String mode) throws Exception {
        try (NodeClients clients = NodeClients.start();
                PostgresServer postgres = PostgresServer.start(Files.createDirectory(dir.resolve("postgres")))) {
            postgres.execute("CREATE DATABASE authorship");
            try (KeckProcess one = node(postgres, mode);
                    KeckProcess two = node(postgres, mode)) {
                changedLogIn(mode, clients, one, two);
                clients.closeClients();
                sharedMachine(mode, clients, one, two);
                clients.closeClients();
                relayingTabs(mode, clients, one, two);
            }
        }
    }

    private void changedLogIn(String mode, NodeClients clients, KeckProcess one, KeckProcess two) throws Exception {
        clients.open("reader", two.port(), "login", as(carol));
        clients.open("tab", one.port(), "login", as(alice));
        clients.edit("tab", NodeClients.insert(0, "hers"));
        clients.awaitEqual("tab", "reader");
        clients.disconnect("tab");
        clients.logIn("tab", as(bob));
        clients.connect("tab");
        clients.awaitSynced("tab");
        clients.edit("tab", NodeClients.insert(4, " his"));
        if (mode.equals(STRICT)) {
            Eventually.await("bob is told", () -> !clients.denied("tab").isEmpty());
            assertThat(clients.denied("tab").get(0)).contains("are kept");
            assertThat(clients.text("reader")).isEqualTo("hers");
            assertThat(clients.closeCodes("tab")).isEmpty();
            takeIn(one, two);
        }
        clients.awaitEqual("tab", "reader");
        assertThat(clients.text("reader")).isEqualTo("hers his");
        assertThat(clients.denied("reader")).isEmpty();
        String history =
                call(two, "GET", "/api/block/login/history?by=bob", carol).body();
        assertThat(history).contains(" his");
        assertThat(history.contains("taken_in_by")).isEqualTo(mode.equals(STRICT));
    }

    private void takeIn(KeckProcess one, KeckProcess two) throws Exception {
        Eventually.await("it is listed", () -> waiting(two, "login", alice) == 1);
        JsonNode entry = held(two, "login", alice).get(0);
        assertThat(entry.get("by").asText()).isEqualTo("bob");
        assertThat(entry.get("owner").asText()).isEqualTo("alice");
        assertThat(held(one, "login", bob)).as("who brought it sees it").hasSize(1);
        assertThat(held(one, "login", carol)).as("others do not").isEmpty();
        assertThat(held(one, "login", admin)).hasSize(1);
        String path = "/api/held/login/" + entry.get("id").asText();
        assertThat(call(one, "POST", path, bob).statusCode()).isEqualTo(403);
        assertThat(call(one, "DELETE", path, bob).statusCode()).isEqualTo(403);
        for (String method : List.of("GET", "POST", "DELETE")) {
            HttpResponse<String> hidden = call(one, method, path, carol);
            HttpResponse<String> missing = call(one, method, "/api/held/login/1", carol);
            assertThat(hidden.statusCode()).isEqualTo(404).isEqualTo(missing.statusCode());
            assertThat(hidden.body().replace(entry.get("id").asText(), "1")).isEqualTo(missing.body());
        }
        assertThat(call(one, "POST", path + "0", alice).statusCode()).isEqualTo(404);
        for (int i = 0; i < 2; i++) {
            HttpResponse<String> taken = call(two, "POST", path, alice);
            assertThat(taken.statusCode()).as(taken.body()).isEqualTo(200);
            assertThat(JSON.readTree(taken.body()).get("state").asText()).isEqualTo("taken");
        }
        assertThat(call(two, "DELETE", path, admin).statusCode()).isEqualTo(409);
        assertThat(one.log() + two.log()).contains("\"event\":\"taken-in\"");
    }

    /** Alice types while she is offline; Bob, on the same machine, brings it and builds on it. */
    private void sharedMachine(String mode, NodeClients clients, KeckProcess one, KeckProcess two) throws Exception {
        clients.open("reader", two.port(), "shared", as(carol));
        clients.open("alice", one.port(), "shared", as(alice));
        clients.edit("alice", NodeClients.insert(0, "a"));
        clients.awaitEqual("alice", "reader");
        clients.disconnect("alice");
        clients.edit("alice", NodeClients.insert(1, " offline"));
        clients.open("bob", one.port(), "shared", as(bob));
        clients.awaitSynced("bob");
        clients.disconnect("bob");
        clients.copy("bob", "alice");
        clients.edit("bob", NodeClients.insert(9, " and on it"), NodeClients.insert(0, "before "));
        clients.connect("bob");
        if (mode.equals(STRICT)) {
            Eventually.await("both are held", () -> waiting(one, "shared", admin) == 2);
            assertThat(clients.denied("bob")).isNotEmpty();
            clients.disconnect("bob");
            assertThat(clients.text("reader")).isEqualTo("a");
        }
        clients.connect("alice");
        clients.awaitEqual("alice", "reader");
        clients.awaitLength("before a offline and on it".length(), "alice", "reader");
        assertThat(clients.text("reader")).isEqualTo("before a offline and on it");
        Eventually.await("nothing is held any more", () -> waiting(one, "shared", admin) == 0);
        assertThat(call(two, "GET", "/api/block/shared/history?by=bob", carol).body())
                .contains("before ")
                .contains("on it");
    }

    /** Two tabs of a browser, of two people; the socket of one is down while the other comes back. */
    private void relayingTabs(String mode, NodeClients clients, KeckProcess one, KeckProcess two) throws Exception {
        clients.open("reader", two.port(), "tabs", as(carol));
        clients.openTab("alice", one.port(), "tabs", as(alice));
        clients.openTab("bob", one.port(), "tabs", as(bob));
        // or Bob's first answer to the server could bring Alice's text before she does
        clients.awaitSynced("alice", "bob");
        clients.edit("alice", NodeClients.insert(0, "a"));
        clients.awaitEqual("alice", "bob", "reader");
        clients.cut("alice");
        clients.edit("alice", NodeClients.insert(1, "b"));
        clients.awaitLength(2, "bob");
        clients.cut("bob");
        clients.connect("bob");
        if (mode.equals(STRICT)) {
            Eventually.await("what bob relays is held", () -> waiting(one, "tabs", alice) == 1);
            assertThat(clients.text("reader")).isEqualTo("a");
            clients.connect("alice");
        }
        clients.awaitLength(2, "reader");
        clients.connect("alice");
        clients.awaitEqual("alice", "bob", "reader");
        Eventually.await("nothing is held any more", () -> waiting(two, "tabs", admin) == 0);
    }
}
