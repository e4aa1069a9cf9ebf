package io.keck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.Message;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.RawClient;
import io.keck.testing.RawClient.Refused;
import io.keck.testing.RawHttp;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The WebSocket address as it is on the wire. */
class ProtocolIT {
    private static final int MAX_MESSAGE = 256 << 10;
    private static final byte[] QUERY_AWARENESS = {3};

    @TempDir
    private static Path dir;

    private static KeckProcess keck;

    @BeforeAll
    static void start() {
        keck = KeckProcess.in(dir)
                .with("socket.maxMessageSize", "256KiB")
                .with("rooms.maxAwarenessState", "1KiB")
                .start();
    }

    @AfterAll
    static void stop() {
        if (keck != null) {
            keck.close();
        }
    }

    private static Message read(byte[] frame) {
        List<Message> messages = Message.readAll(frame, DecodeLimits.DEFAULT);
        assertThat(messages).as("messages in one frame").hasSize(1);
        return messages.get(0);
    }

    private static byte[] concat(byte[]... messages) {
        Encoder all = new Encoder();
        for (byte[] m : messages) {
            all.writeBytes(m, 0, m.length);
        }
        return all.toByteArray();
    }

    private static byte[] awareness(long client, long clock, String json) {
        return Message.awareness(List.of(new AwarenessState(client, clock, json)));
    }

    // ------------------------------------------------------------------ the upgrade

    @Test
    void subprotocol_isEchoedWhenOffered_andNotNeeded() {
        try (RawClient offered = RawClient.connect(keck.room("sub"), "AFFiNE");
                RawClient among = RawClient.connect(keck.room("sub"), "other", "AFFiNE");
                RawClient token = RawClient.connect(keck.room("sub"), "access_token", "eyJhbGciOi.J9-_~");
                RawClient none = RawClient.connect(keck.room("sub"))) {
            assertThat(offered.subprotocol()).isEqualTo("AFFiNE");
            assertThat(among.subprotocol()).isEqualTo("AFFiNE");
            assertThat(token.subprotocol()).as("the first of those offered").isEqualTo("access_token");
            assertThat(none.subprotocol()).isEmpty();
            assertThat(read(none.next())).isInstanceOf(Message.SyncStep1.class);
        }
    }

    private static URI withEpoch(String room, String epoch) {
        return URI.create(keck.room(room) + "?epoch=" + epoch);
    }

    private static String created(String room) {
        return keck.send("PUT", "/api/documents/" + room)
                .headers()
                .firstValue("Keck-Epoch")
                .orElseThrow();
    }

    @Test
    void epoch_isToldFirst_andACopyOfAnotherLifeIsTurnedAway() {
        String first = created("epochs");
        try (RawClient knows = RawClient.connect(withEpoch("epochs", first));
                RawClient asks = RawClient.connect(withEpoch("epochs", ""))) {
            for (RawClient client : List.of(knows, asks)) {
                Decoder message = new Decoder(client.next());
                assertThat(message.readVarUint()).isEqualTo(Message.EPOCH);
                assertThat(message.readVarString()).isEqualTo(first);
                assertThat(read(client.next())).isInstanceOf(Message.SyncStep1.class);
            }
            assertThat(keck.send("POST", "/api/block/epochs/init?force=true").statusCode())
                    .isEqualTo(200);
            String second = created("epochs");
            assertThat(knows.awaitEnd()).as("replaced under it").isEqualTo(new RawClient.End(4409, second));
            try (RawClient late = RawClient.connect(withEpoch("epochs", first))) {
                assertThat(late.awaitEnd()).isEqualTo(new RawClient.End(4409, second));
            }
        }
        String third = created("epochs");
        try (RawClient there = RawClient.connect(withEpoch("epochs", third));
                RawClient stock = RawClient.connect(keck.room("epochs"));
                RawClient wrong = RawClient.connect(withEpoch("epochs", "x"))) {
            assertThat(there.next()[0]).isEqualTo((byte) Message.EPOCH);
            assertThat(wrong.awaitEnd().code()).isEqualTo(4400);
            assertThat(read(stock.next())).isInstanceOf(Message.SyncStep1.class);
            assertThat(keck.send("DELETE", "/api/documents/epochs").statusCode())
                    .isEqualTo(204);
            assertThat(there.awaitEnd().code())
                    .as("deleted, and nothing in its place")
                    .isEqualTo(4404);
            assertThat(stock.awaitEnd().code()).isEqualTo(4404);
        }
    }

    @Test
    void post_tellsTheProtocol() {
        var answer = keck.send("POST", "/collaboration/some%20room");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\"protocol\":\"AFFiNE\"}");
        assertThat(answer.headers().firstValue("Content-Type"))
                .hasValueSatisfying(t -> assertThat(t).startsWith("application/json"));
    }

    @Test
    void get_withoutUpgrade_isToldToUpgrade() {
        var answer = keck.get("/collaboration/room");
        assertThat(answer.statusCode()).isEqualTo(426);
        assertThat(answer.headers().firstValue("Upgrade")).hasValue("websocket");
        assertThat(answer.body()).isNotBlank();
    }

    @ParameterizedTest
    @ValueSource(strings = {"PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"})
    void otherMethod_isNotAllowed(String method) {
        var answer = keck.send(method, "/collaboration/room");
        assertThat(answer.statusCode()).isEqualTo(405);
        assertThat(answer.headers().firstValue("Allow")).hasValue("GET, POST");
    }

    @ParameterizedTest
    @CsvSource({
        "/collaboration/, 400",
        "/collaboration, 404",
        "/collaboration/a/, 400",
        "/collaboration/a%2F, 400",
        "/collaboration/a//b, 400",
        "/collaboration/a/%2Fb, 400",
        "/collaboration/a%2F..%2Fb, 400",
        "/collaboration/a%2F%2e%2e%2Fb, 400",
        "/collaboration/..%2f..%2fapi, 400",
        "/collaboration//, 400",
        "/collaboration//a, 400",
        "/collaboration/%2F, 400",
        "/collaboration/%2e, 400",
        "/collaboration/%00, 400",
        "/collaboration/a%0Ab, 400",
        "/collaboration/%1f, 400",
        "/collaboration/%7F, 400",
        "/collaboration/%C2%85, 400",
        "/collaboration/%, 400",
        "/collaboration/%zz, 400",
        "/collaboration/%80, 400",
        "/collaboration/%C0%AF, 400",
        "/collaboration/., 400",
    })
    void badName_isRefusedBeforeTheUpgrade(String rawPath, int status) {
        RawHttp upgrade = RawHttp.upgrade(keck, rawPath);
        assertThat(upgrade.status()).as(upgrade.body()).isEqualTo(status);
        assertThat(upgrade.body())
                .as("a sentence that says why")
                .endsWith(".\n")
                .doesNotContain("<");
        RawHttp post = RawHttp.ask(keck, "POST", rawPath, "Content-Length: 0\r\n");
        assertThat(post.status()).as(post.body()).isEqualTo(status);
    }

    /** What is not this address any more by RFC 3986, or what Jetty refuses by itself. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/collaboration/..",
                "/collaboration/%2E%2e",
                "//collaboration/a",
                "/collaboration/a/../b",
                "/x/../collaboration/b",
                "/collaboration/b;x=/../..",
                "/collaboration/\u00e4\u0001"
            })
    void pathThatIsNormalized_neverReachesARoom(String rawPath) {
        assertThat(RawHttp.upgrade(keck, rawPath).status()).isNotEqualTo(101);
    }

    /** Browsers send some characters as they are; y-websocket puts the name into the address as the application wrote it. */
    @ParameterizedTest
    @CsvSource({
        "slash/of/names, slash%2Fof%2fnames",
        "[x]|{y}, %5Bx%5D%7C%7By%7D",
        "';x', %3Bx",
        "a;b/;c, a%3Bb%2F%3Bc",
        "a^b`c, a%5Eb%60c",
    })
    void room_isTheSame_howeverItsNameIsSpelled(String raw, String encoded) {
        RawHttp upgrade = RawHttp.upgrade(keck, "/collaboration/" + raw);
        assertThat(upgrade.status()).as(upgrade.body()).isEqualTo(101);
        assertThat(RawHttp.ask(keck, "POST", "/collaboration/" + raw, "Content-Length: 0\r\n")
                        .status())
                .isEqualTo(200);
        byte[] update = new Typist(1).type("here");
        try (SyncClient writer = SyncClient.join(keck.room(encoded));
                SyncClient reader = SyncClient.join(keck.room(encoded))) {
            writer.write(update);
            reader.await(
                    "the update, which is committed then",
                    () -> reader.stateVector().clock(1) == 4);
        }
        RawHttp there = RawHttp.ask(keck, "GET", "/api/block/" + encoded + "/client", "");
        assertThat(there.status()).as(there.body()).isEqualTo(200);
        RawHttp spelled = RawHttp.ask(keck, "GET", "/api/block/" + raw.replace("/", "%2F") + "/client", "");
        assertThat(spelled.status()).as(spelled.body()).isEqualTo(200);
    }

    @Test
    void length_isCountedInCodePoints() {
        String emoji = "%F0%9F%99%82";
        try (RawClient longest = RawClient.connect(keck.room(emoji.repeat(255)))) {
            assertThat(read(longest.next())).isInstanceOf(Message.SyncStep1.class);
        }
        assertThatThrownBy(() -> RawClient.connect(keck.room(emoji.repeat(256))))
                .isInstanceOfSatisfying(Refused.class, r -> assertThat(r.status).isEqualTo(400));
        assertThatThrownBy(() -> RawClient.connect(keck.room("x".repeat(256))))
                .isInstanceOfSatisfying(Refused.class, r -> assertThat(r.status).isEqualTo(400));
    }

    @Test
    void queryParameters_doNotChangeTheRoom() {
        Typist typist = new Typist(1);
        try (SyncClient a = SyncClient.join(keck.room("query?x=%2F&token=y"));
                SyncClient b = SyncClient.join(keck.room("query"))) {
            a.write(typist.type("x"));
            b.await("the update", () -> b.updates() == 1);
        }
    }

    // ------------------------------------------------------------------ sync and awareness

    @Test
    void server_speaksFirst_step1AndThenAwarenessInAnotherFrame() {
        Typist typist = new Typist(7);
        try (RawClient first = RawClient.connect(keck.room("greeting"))) {
            assertThat(first.next()).isEqualTo(Message.step1(StateVector.EMPTY));
            first.send(concat(Message.update(typist.type("abc")), awareness(7, 1, "{\"name\":\"x\"}")));
            first.send(Message.step1(StateVector.EMPTY));
            while (!(read(first.next()) instanceof Message.SyncStep2)) {
                // the echo of the awareness
            }
            try (RawClient second = RawClient.connect(keck.room("greeting"))) {
                assertThat(second.next()).isEqualTo(Message.step1(StateVector.of(Map.of(7L, 3L))));
                assertThat(second.next()).isEqualTo(awareness(7, 1, "{\"name\":\"x\"}"));
            }
        }
    }

    @Test
    void step1_isAnsweredWithWhatIsMissing_andAllDeletes() {
        Typist typist = new Typist(8);
        byte[] first = typist.set("a");
        byte[] second = typist.set("b");
        try (RawClient client = RawClient.connect(keck.room("missing"))) {
            client.next();
            client.send(concat(Message.update(first), Message.update(second)));
            client.send(Message.step1(StateVector.EMPTY));
            Update all = ((Message.SyncStep2) read(client.next())).update();
            assertThat(all.stateVector()).isEqualTo(StateVector.of(Map.of(8L, 2L)));

            client.send(Message.step1(StateVector.of(Map.of(8L, 2L))));
            Update nothing = ((Message.SyncStep2) read(client.next())).update();
            assertThat(nothing.clients()).isEmpty();
            StructStore deletes = new StructStore();
            deletes.apply(all);
            assertThat(nothing.encode()).isEqualTo(deletes.diff(deletes.stateVector()));
            assertThat(nothing.encode()).isEqualTo(new byte[] {0, 1, 8, 1, 0, 1});
        }
    }

    @Test
    void severalMessagesInAFrame_areAllHeard() {
        Typist one = new Typist(1);
        Typist two = new Typist(2);
        try (RawClient client = RawClient.connect(keck.room("several"));
                SyncClient other = SyncClient.join(keck.room("several"))) {
            client.next();
            client.send(concat(
                    Message.step1(StateVector.EMPTY),
                    Message.update(one.type("x")),
                    Message.step2(two.type("y")),
                    awareness(1, 1, "{}"),
                    QUERY_AWARENESS));
            other.await("both updates", () -> other.stateVector().asMap().size() == 2);
            int awareness = 0;
            int step2 = 0;
            while (awareness < 2 || step2 < 1) { // the echo and the answer, and the answer to step 1
                Message m = read(client.next());
                awareness += m instanceof Message.AwarenessUpdate ? 1 : 0;
                step2 += m instanceof Message.SyncStep2 ? 1 : 0;
            }
        }
    }

    @Test
    void update_goesToOthers_andNotBackToItsWriter() {
        Typist typist = new Typist(3);
        try (RawClient writer = RawClient.connect(keck.room("own"));
                RawClient other = RawClient.connect(keck.room("own"))) {
            writer.next();
            other.next();
            byte[] update = typist.type("x");
            writer.send(Message.update(update));
            assertThat(other.next()).isEqualTo(Message.update(update));
            writer.send(Message.step1(StateVector.of(Map.of(3L, 1L))));
            assertThat(read(writer.next())).isInstanceOf(Message.SyncStep2.class);
        }
    }

    @Test
    void awareness_goesBackToItsSender() {
        try (RawClient client = RawClient.connect(keck.room("echo"))) {
            client.next();
            client.send(awareness(5, 1, "{\"a\":1}"));
            assertThat(client.next()).isEqualTo(awareness(5, 1, "{\"a\":1}"));
        }
    }

    @Test
    void awarenessQuery_isAnswered_alsoInAnEmptyRoom() {
        try (RawClient a = RawClient.connect(keck.room("query-awareness"));
                RawClient b = RawClient.connect(keck.room("query-awareness"))) {
            a.next();
            b.next();
            b.send(QUERY_AWARENESS);
            assertThat(b.next()).isEqualTo(Message.awareness(List.of()));
            a.send(awareness(5, 3, "{}"));
            assertThat(b.next()).isEqualTo(awareness(5, 3, "{}"));
            b.send(QUERY_AWARENESS);
            assertThat(b.next()).isEqualTo(awareness(5, 3, "{}"));
        }
    }

    @Test
    void awareness_ofAClientThatIsGone_isRemovedForAll() {
        try (RawClient b = RawClient.connect(keck.room("gone"))) {
            b.next();
            try (RawClient a = RawClient.connect(keck.room("gone"))) {
                a.next();
                a.send(awareness(5, 3, "{}"));
                assertThat(b.next()).isEqualTo(awareness(5, 3, "{}"));
            }
            Message.AwarenessUpdate removal = (Message.AwarenessUpdate) read(b.next());
            assertThat(removal.states()).containsExactly(AwarenessState.removed(5, 3));
        }
    }

    // ------------------------------------------------------------------ how it ends

    @Test
    void largeMessage_isClosed() {
        int overhead = Message.update(new Typist(1).type("x".repeat(200_000))).length - 200_000;
        byte[] largest = Message.update(new Typist(1).type("x".repeat(MAX_MESSAGE - overhead)));
        assertThat(largest).hasSize(MAX_MESSAGE);
        try (RawClient client = RawClient.connect(keck.room("large"));
                SyncClient other = SyncClient.join(keck.room("large"))) {
            client.next();
            client.send(largest);
            other.await("the largest message", () -> other.updates() == 1);
            client.send(new byte[MAX_MESSAGE + 1]);
            RawClient.End end = client.awaitEnd();
            assertThat(end.code()).isEqualTo(4413);
            assertThat(end.reason()).isNotBlank();
        }
    }

    @Test
    void largeMessageInManyFrames_isClosed() {
        try (RawClient client = RawClient.connect(keck.room("large-fragments"))) {
            client.next();
            client.sendParts(new byte[1024], MAX_MESSAGE / 1024 + 1);
            assertThat(client.awaitEnd().code()).isEqualTo(4413);
        }
    }

    /** What the offender feels, and a neighbour at its address does not: only the close of its own connections is late. */
    @Test
    void offender_isSlowedDown_andNobodyElseAtItsAddress() {
        long hold = 0;
        for (int i = 0; i < 3; i++) {
            try (RawClient offender = RawClient.connect(keck.room("strikes"))) {
                assertThat(read(offender.next())).isInstanceOf(Message.SyncStep1.class);
                offender.send(awareness(1, 1, "{}"));
                offender.next();
                long sent = System.nanoTime();
                offender.send(new byte[] {0, 2, 5, 0});
                try (SyncClient neighbour = SyncClient.join(keck.room("strikes"))) {
                    neighbour.await("its cursor gone", () -> !neighbour.sees(1));
                }
                assertThat(offender.awaitEnd().code()).isEqualTo(4400);
                assertThat((System.nanoTime() - sent) / 1_000_000).isGreaterThanOrEqualTo(hold);
            }
            hold = hold == 0 ? 1_000 : 2 * hold;
        }
        Eventually.await("none is held", () -> keck.metric("keck.connections.held") == 0);
    }
}
