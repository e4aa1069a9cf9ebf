package io.keck.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.protocol.Message;
import io.keck.testing.Documented;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.NodeClients;
import io.keck.testing.RawClient;
import io.keck.testing.Tokens;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rights that change on an open connection, by a credential that it shows or by the operator's back end, with stock clients. */
class RenewalIT {
    private static final String PAGE = "access.md";
    private static final String BOARD = "team-1/board";

    @TempDir
    private static Path dir;

    private static final StandIn BACK_END = new StandIn();
    private static final AtomicReference<String> ROLE = new AtomicReference<>("read");
    private static NewKey operator;
    private static KeckProcess keck;

    @BeforeAll
    static void start() throws Exception {
        operator = NewKey.make("operator", "*", "admin");
        BACK_END.answers = path -> new StandIn.Answer(200, "{\"principal\":\"bob\",\"role\":\"" + ROLE.get() + "\"}");
        keck = KeckProcess.in(dir)
                .brief()
                .env(
                        "KECK_API_KEYS_FILE",
                        Files.writeString(dir.resolve("keys.jsonl"), operator.line() + "\n")
                                .toString())
                .env("KECK_JWT_SECRET", Tokens.SECRET)
                .env("KECK_ACCESS_HOOK", BACK_END.uri("/keck").toString())
                .start();
    }

    @AfterAll
    static void stop() {
        if (keck != null) {
            keck.close();
        }
        BACK_END.close();
    }

    private static String token(String subject, String role) {
        return Tokens.forAll(subject, role, "{}");
    }

    private static String text(String document) {
        return call("GET", "/api/block/" + document.replace("/", "%2F") + "/text/t", null);
    }

    private static String call(String method, String path, String json) {
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + keck.port() + path))
                    .timeout(KeckProcess.PATIENCE)
                    .header("Authorization", "Bearer " + operator.key())
                    .header("Content-Type", "application/json")
                    .method(method, json == null ? BodyPublishers.noBody() : BodyPublishers.ofString(json))
                    .build();
            return KeckProcess.HTTP.send(request, BodyHandlers.ofString()).body();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static void assertBothTexts(String document) {
        Eventually.await("both texts are there", () -> {
            String text = text(document);
            return text.contains("typed as a reader") && text.contains("typed as a writer");
        });
    }

    /** The code of the page shows the newer token on the connection that it has. */
    @ParameterizedTest
    @ValueSource(strings = {"y-websocket", "y-websocket-2", "@y/websocket"})
    void readerThatShowsAnotherToken_losesNothing(String library) {
        String code = Documented.code(PAGE, "// encoding and decoding are those of lib0")
                + "\nsetInterval(async () => showCredential(await fetchToken()))";
        String open = "const params = { token }\nconst provider = new WebsocketProvider('ws://127.0.0.1:" + keck.port()
                + "/collaboration', '" + BOARD + "', doc, { params })\n";
        call("POST", "/api/block/team-1%2Fboard/init?force=true", null);
        try (NodeClients clients = NodeClients.start()) {
            clients.documented(
                    "alice",
                    open + code,
                    "http://127.0.0.1:" + keck.port(),
                    library,
                    token("alice", "read"),
                    token("mallory", "write"),
                    token("alice", "write"));
            clients.awaitSynced("alice");
            clients.edit("alice", NodeClients.insert(0, "typed as a reader "));
            clients.repeat("alice");
            Eventually.await("the first answer", () -> clients.shown("alice").size() == 1);
            assertThat(clients.shown("alice").get(0).path("refused").asText()).contains("another principal");
            assertThat(text(BOARD)).doesNotContain("typed");
            clients.repeat("alice");
            Eventually.await("the second answer", () -> clients.shown("alice").size() == 2);
            assertThat(clients.shown("alice").get(1).path("mayWrite").asBoolean())
                    .isTrue();
            assertThat(clients.shown("alice").get(1).path("until").asLong())
                    .isGreaterThan(System.currentTimeMillis() / 1_000);
            clients.edit("alice", NodeClients.insert(0, "typed as a writer "));
            assertBothTexts(BOARD);
            assertThat(clients.connects("alice")).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"hocuspocus-provider-3", "hocuspocus-provider-4"})
    void readerOfHocuspocusThatShowsAnotherToken_losesNothing(String library) {
        String document = "h-" + library.replaceAll("\\W", "");
        call("POST", "/api/block/" + document, null);
        try (NodeClients clients = NodeClients.start()) {
            clients.openHocuspocus("alice", keck.port(), document, library, "one", token("alice", "read"));
            clients.awaitSynced("alice");
            clients.edit("alice", NodeClients.insert(0, "typed as a reader "));
            clients.showToken("alice", token("alice", "write"));
            Eventually.await("it is told", () -> clients.events("alice").contains("authenticated read-write"));
            clients.edit("alice", NodeClients.insert(0, "typed as a writer "));
            assertBothTexts(document);
            assertThat(clients.connects("alice")).isEqualTo(1);
        }
    }

    /** Eight documents of one socket are judged at the same time: the back end answers no question before eight have come. */
    @ParameterizedTest
    @ValueSource(strings = {"hocuspocus-provider-2", "hocuspocus-provider-3", "hocuspocus-provider-4"})
    void documentsOfOneSocket_areJudgedBesideEachOther(String library) {
        Function<String, StandIn.Answer> usual = BACK_END.answers;
        CyclicBarrier eight = new CyclicBarrier(8);
        BACK_END.answers = path -> {
            try {
                eight.await(KeckProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS);
            } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
                return new StandIn.Answer(500, "");
            }
            return new StandIn.Answer(200, "{\"principal\":\"bob\",\"role\":\"write\"}");
        };
        try (NodeClients clients = NodeClients.start()) {
            String[] names = new String[16];
            for (int i = 0; i < names.length; i++) {
                names[i] = "many-" + library + "-" + i;
                clients.openHocuspocus(names[i], keck.port(), names[i], library, "one", "opaque");
            }
            clients.awaitSynced(names);
            clients.edit(names[0], NodeClients.insert(0, "a"));
            clients.awaitSaved(names[0]);
            assertThat(clients.connects(names[0])).isEqualTo(1);
        } finally {
            BACK_END.answers = usual;
        }
    }

    /** The operator's back end gives more rights, and is asked again: the connections go on, on every kind of them. */
    @Test
    void readersThatTheBackEndMakesWriters_loseNothing() {
        for (String document : java.util.List.of("r-yws", "r-hocuspocus")) {
            call("POST", "/api/block/" + document, null);
        }
        ROLE.set("read");
        try (NodeClients clients = NodeClients.start()) {
            clients.open("yws", keck.port(), "r-yws", Map.of("token", "of-the-session", "saved", "1"));
            clients.openHocuspocus(
                    "hocuspocus", keck.port(), "r-hocuspocus", "hocuspocus-provider-4", "two", "of-the-session");
            clients.awaitSynced("yws", "hocuspocus");
            for (String name : java.util.List.of("yws", "hocuspocus")) {
                clients.edit(name, NodeClients.insert(0, "typed as a reader "));
            }
            ROLE.set("write");
            assertThat(call("POST", "/api/access/recheck", "{\"principal\":\"bob\"}"))
                    .contains("\"everywhere\":true");
            for (String name : java.util.List.of("yws", "hocuspocus")) {
                clients.edit(name, NodeClients.insert(0, "typed as a writer "));
            }
            assertBothTexts("r-yws");
            assertBothTexts("r-hocuspocus");
            clients.awaitSaved("yws"); // which counts what it sent as a reader, too
            assertThat(clients.connects("yws")).isEqualTo(1);
            assertThat(clients.connects("hocuspocus")).isEqualTo(1);
        }
    }

    private static byte[] answerTo(RawClient client, byte[] frame) {
        client.send(frame);
        for (byte[] next = client.next(); next != null; next = client.next()) {
            if (next[0] == Message.CREDENTIAL) {
                return next;
            }
        }
        throw new AssertionError("no answer");
    }

    private static String refusal(byte[] answer) {
        assertThat(answer).startsWith(113, 0);
        return new String(answer, 3, answer.length - 3, StandardCharsets.UTF_8);
    }

    /** Bad credentials, those of others and too many of them change nothing; each is answered. */
    @Test
    void credentialsThatAreRefused_changeNothing() {
        String alice = token("carol", "read");
        try (RawClient client = RawClient.connect(URI.create(keck.room("faults") + "?token=" + alice))) {
            assertThat(refusal(answerTo(client, Message.credential(Tokens.of("x".repeat(40), "carol", "{}")))))
                    .contains("not valid");
            assertThat(refusal(answerTo(client, Message.credential("")))).contains("not valid");
            assertThat(refusal(answerTo(client, Message.credential("x".repeat(10_000)))))
                    .contains("not valid");
            assertThat(refusal(answerTo(client, Message.credential(token("mallory", "write")))))
                    .contains("another principal");
            byte[] good = answerTo(client, Message.credential(token("carol", "write")));
            assertThat(Arrays.copyOf(good, 3)).containsExactly(113, 1, 1);
            assertThat(refusal(answerTo(client, Message.credential(token("carol", "write")))))
                    .contains("Too many");
            assertThat(client.isEnded()).isFalse();
        }
    }

    /** From then on the connection lives by the credential that it showed last: the one before may be revoked. */
    @Test
    void connection_livesByTheCredentialThatItShowedLast() {
        String first = token("dora", "read");
        String keys = "{\"documents\":[{\"match\":\"*\",\"role\":\"write\"}]}";
        String narrow = Tokens.of(Tokens.SECRET, "dora", keys.replace("write", "read"));
        try (RawClient client = RawClient.connect(URI.create(keck.room("lives") + "?token=" + first))) {
            byte[] good = answerTo(client, Message.credential(token("dora", "write")));
            assertThat(Arrays.copyOf(good, 3)).containsExactly(113, 1, 1);
            byte[] less = answerTo(client, Message.credential(narrow));
            assertThat(Arrays.copyOf(less, 3))
                    .as("it may also give rights back")
                    .containsExactly(113, 1, 0);
            call("POST", "/api/access/revoke", "{\"principal\":\"dora\"}");
            assertThat(client.awaitEnd().code()).isEqualTo(4401);
        }
    }
}
