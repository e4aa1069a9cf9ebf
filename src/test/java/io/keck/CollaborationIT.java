package io.keck;

import static io.keck.testing.NodeClients.insert;
import static io.keck.testing.NodeClients.push;
import static io.keck.testing.NodeClients.put;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.KeckProcess;
import io.keck.testing.NodeClients;
import io.keck.testing.Seeds;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What applications do with stock Yjs clients. */
class CollaborationIT {
    @TempDir
    private static Path dir;

    private static KeckProcess keck;
    private static NodeClients clients;

    @BeforeAll
    static void start() {
        clients = NodeClients.start();
        keck = KeckProcess.in(dir).start();
    }

    @AfterAll
    static void stop() {
        if (keck != null) {
            keck.close();
        }
        if (clients != null) {
            clients.close();
        }
    }

    @AfterEach
    void leave() {
        clients.closeClients();
    }

    @Test
    void editors_whoChangeTextMapAndArrayAtOnce_converge() {
        long seed = Seeds.next("CollaborationIT");
        for (String name : List.of("a", "b", "c", "d")) {
            clients.open(name, keck, "together");
        }
        clients.awaitSynced("a", "b", "c", "d");
        clients.edit("a", insert(0, "Hello"), put("from", "a"), push(1));
        clients.edit("b", insert(0, "World"), put("from", "b"), push(2));
        clients.scribble(seed, 2_000, "a", "b", "c", "d");
        clients.awaitEqual("a", "b", "c", "d");
        assertThat(clients.map("a").get("from").asText()).isIn("a", "b");
        assertThat(clients.text("d")).isNotEmpty();

        clients.open("late", keck, "together");
        clients.awaitEqual("a", "late");
        assertThat(clients.text("late")).isEqualTo(clients.text("a"));
    }

    @Test
    void cursors_appear_andGoWithTheirClient() {
        for (String name : List.of("a", "b", "c")) {
            clients.open(name, keck, "cursors");
            clients.awareness(name, Map.of("user", name));
        }
        clients.awaitPresent(3, "a", "b", "c");
        assertThat(clients.states("a"))
                .extracting(s -> s.get("user").asText())
                .containsExactlyInAnyOrder("a", "b", "c");

        clients.open("late", keck, "cursors");
        clients.awareness("late", Map.of("user", "late"));
        clients.awaitPresent(4, "a", "late");
        clients.cut("b");
        clients.awaitPresent(3, "a", "c", "late");
        clients.disconnect("c");
        clients.awaitPresent(2, "a", "late");
        clients.connect("c"); // which sees the others again when they renew their states, y-websocket being so
        clients.awaitPresent(3, "a", "late");
        assertThat(clients.states("a"))
                .extracting(s -> s.get("user").asText())
                .containsExactlyInAnyOrder("a", "c", "late");
    }

    @Test
    void editsMadeOffline_areMergedOnReconnect() {
        clients.open("a", keck, "offline");
        clients.open("b", keck, "offline");
        clients.edit("a", insert(0, "start "));
        clients.awaitEqual("a", "b");
        clients.disconnect("a");
        clients.edit("a", insert(6, "offline "), put("a", 1));
        clients.edit("b", insert(0, "online "), put("b", 2));
        clients.connect("a");
        clients.awaitEqual("a", "b");
        assertThat(clients.text("b")).isEqualTo("online start offline ");
        assertThat(clients.map("a")).hasToString("{\"a\":1,\"b\":2}");
    }

    @Test
    void rooms_doNotLeak() {
        for (String room : List.of("left", "right")) {
            clients.open(room + "1", keck, room);
            clients.open(room + "2", keck, room);
            clients.awareness(room + "1", Map.of("in", room));
            clients.awareness(room + "2", Map.of("in", room));
        }
        clients.awaitPresent(2, "left1", "left2", "right1", "right2");
        clients.edit("left1", insert(0, "left"));
        clients.edit("right1", insert(0, "right"));
        clients.awaitEqual("left1", "left2");
        clients.awaitEqual("right1", "right2");
        assertThat(clients.text("left2")).isEqualTo("left");
        assertThat(clients.text("right2")).isEqualTo("right");
        assertThat(clients.states("left2")).noneMatch(s -> s.path("in").asText().equals("right"));
        assertThat(clients.states("right2"))
                .noneMatch(s -> s.path("in").asText().equals("left"));
    }

    @Test
    void names_ofAnyCharacters_areDistinctRooms() {
        List<String> names = List.of(
                "a b",
                "a+b",
                "a%20b",
                "100%",
                "%41",
                "A",
                "a",
                "\"quoted\"",
                "it's",
                "back\\slash",
                "a?b",
                "a#b",
                "a;b",
                "äöü",
                "\u00e4",
                "\u65e5\u672c",
                "\uD83D\uDE42",
                "...",
                "a:b@c",
                "<b>&amp;",
                "{}[]|^`~",
                "$1,2=3!*()");
        for (String name : names) {
            String raw = encoded(name);
            clients.open("writer of " + name, keck, raw);
            clients.edit("writer of " + name, insert(0, name));
        }
        for (String name : names) {
            clients.open("reader of " + name, keck, encoded(name));
            clients.awaitEqual("writer of " + name, "reader of " + name);
            assertThat(clients.text("reader of " + name)).isEqualTo(name);
        }
    }

    @Test
    void name_thatTheClientDidNotEncode_isTheSameRoom() {
        // what URL parsers make of a raw name: they encode blanks, quotes and emoji, but no percent sign
        clients.open("raw", keck, "one \"two\" \uD83D\uDE42");
        clients.open("encoded", keck, encoded("one \"two\" \uD83D\uDE42"));
        clients.edit("raw", insert(0, "x"));
        clients.awaitLength(1, "encoded");
    }

    private static String encoded(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @Test
    void twentyThousandSmallUpdates_arriveInOrder() {
        clients.open("writer", keck, "many");
        clients.open("reader", keck, "many");
        clients.awaitSynced("writer", "reader");
        clients.type("writer", 20_000).join();
        clients.awaitLength(20_000, "reader");
        clients.open("late", keck, "many");
        clients.awaitEqual("writer", "reader", "late");
        assertThat(clients.text("late"))
                .startsWith("abcdefghijklmnopqrstuvwxyzabc")
                .hasSize(20_000);
    }
}
