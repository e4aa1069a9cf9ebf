package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.StateVector;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.Message;
import io.keck.testing.KeckProcess;
import io.keck.testing.NodeClients;
import io.keck.testing.RawClient;
import io.keck.testing.RawHttp;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What Keck takes from a client that is not exactly y-websocket, and what ends a connection; nobody else ever notices. */
class ToleranceIT {
    private static final int MAX_MESSAGE = 256 << 10;
    private static final int MAX_STATE = 1 << 10;
    private static final byte[] QUERY_AWARENESS = {3};
    private static final byte[] STATES = Message.awareness(List.of());
    private static int unique;

    @TempDir
    private static Path dir;

    private static KeckProcess keck;

    @BeforeAll
    static void start() {
        keck = KeckProcess.in(dir)
                .brief()
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

    /** What becomes of a frame. */
    private sealed interface Outcome {
        /** Nothing is said, and the connection goes on. */
        record Ignored() implements Outcome {}

        /** Something is answered, and the connection goes on. */
        record Answered(byte[] frame) implements Outcome {}

        /** The connection is closed, and the reason has these words. */
        record Closed(int code, String words) implements Outcome {}
    }

    private record Case(String name, Object frame, Outcome outcome) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Case ignored(String name, Object frame) {
        return new Case(name, frame instanceof String s && s.startsWith("0x") ? hex(s) : frame, new Outcome.Ignored());
    }

    private static Case answered(String name, byte[] frame, byte[] answer) {
        return new Case(name, frame, new Outcome.Answered(answer));
    }

    private static Case closed(String name, String hex, int code, String words) {
        return new Case(name, hex(hex), new Outcome.Closed(code, words));
    }

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace("0x", "").replace(" ", ""));
    }

    private static byte[] awareness(long client, long clock, String json) {
        return Message.awareness(List.of(new AwarenessState(client, clock, json)));
    }

    private static byte[] named(String document, int... rest) {
        Encoder out = new Encoder();
        out.writeVarString(document);
        for (int b : rest) {
            out.writeUint8(b);
        }
        return out.toByteArray();
    }

    static Stream<Case> cases() {
        byte[] large = awareness(1, 1, "\"" + "x".repeat(MAX_STATE) + "\"");
        byte[] many = Message.awareness(Stream.iterate(1L, i -> i + 1)
                .limit(150)
                .map(i -> new AwarenessState(i, 0, "{}"))
                .toList());
        return Stream.of(
                ignored("a message of an application", "0x 64 01 02"),
                ignored("the heartbeat of y-sweet", "0x 66 01 00"),
                ignored("the smallest unknown type", "0x 04"),
                ignored("the largest type", "0x ff ff ff ff ff ff ff 0f"),
                ignored("a sync step that is not known", "0x 00 03 00"),
                ignored("a large sync step", "0x 00 ff 01 01 02"),
                ignored("an auth kind that is not known", "0x 02 01"),
                ignored("an auth message", "0x 02 00 02 6e 6f"),
                ignored("what follows an unknown type", "0x 64 00 02 05 00"),
                ignored("text", "hello"),
                ignored("text of y-partyserver", "__YPS:{\"type\":\"x\"}"),
                ignored("an empty text", ""),
                ignored("a large text", "x".repeat(2 * MAX_MESSAGE)),
                ignored("a state that is too large", large),
                ignored("a state that is no JSON", awareness(1, 1, "{no json")),
                ignored("a state that is empty", awareness(1, 1, "")),
                ignored("more states than a client may have", many),
                ignored("an awareness body that ends too early", "0x 01 02 01 01"),
                ignored("an awareness body that does not end", "0x 01 02 00 ff"),
                ignored("an awareness body of very many states", "0x 01 06 ff ff ff ff ff 0f"),
                answered("a query before an unknown type", hex("0x 03 64 01"), STATES),
                answered("a query after a bad state", concat(awareness(1, 1, "{"), QUERY_AWARENESS), STATES),
                answered(
                        "a good state beside a large one", concat(large, awareness(2, 1, "{}")), awareness(2, 1, "{}")),
                answered("a step 1", Message.step1(StateVector.EMPTY), Message.step2(new byte[] {0, 0})),
                closed("no message", "0x", 4400, "malformed"),
                closed("a type that has no end", "0x ff", 4400, "malformed"),
                closed("a type beyond 2^53", "0x ff ff ff ff ff ff ff ff ff ff 01", 4400, "malformed"),
                closed("a sync message without a step", "0x 00", 4400, "malformed"),
                closed("an update that is cut off", "0x 00 02 05 00", 4400, "malformed"),
                closed("an update that is none", "0x 00 02 05 01 01 01 00 1f", 4400, "malformed"),
                closed("a state vector that is cut off", "0x 00 00 02 01", 4400, "malformed"),
                ignored("an awareness message without a body", "0x 01"),
                ignored("an auth reason that is cut off", "0x 02 00 05"),
                closed("a broken message before an unknown one", "0x 00 02 05 64", 4400, "malformed"),
                new Case(
                        "the first frame of Hocuspocus",
                        named("my-doc", 2, 0, 1, 't', 5, '4', '.', '8', '.', '0'),
                        new Outcome.Closed(4400, "y-websocket")),
                new Case(
                        "the first frame of Hocuspocus with a short name",
                        named("doc", 2, 0, 1, 't'),
                        new Outcome.Closed(4400, "y-websocket")),
                new Case("a message that is too large", new byte[MAX_MESSAGE + 1], new Outcome.Closed(4413, "262144")));
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void frame_hasItsOutcome_andTheOthersInTheRoomDoNotNotice(Case tried) {
        String room = "tolerance-" + ++unique;
        try (SyncClient witness = SyncClient.join(keck.room(room));
                RawClient client = RawClient.connect(keck.room(room))) {
            assertThat(client.next()).isEqualTo(Message.step1(StateVector.EMPTY));
            if (tried.frame() instanceof String text) {
                client.sendText(text);
            } else {
                client.send((byte[]) tried.frame());
            }
            if (tried.outcome() instanceof Outcome.Closed closed) {
                RawClient.End end = client.awaitEnd();
                assertThat(end.code()).as(end.reason()).isEqualTo(closed.code());
                assertThat(end.reason()).contains(closed.words());
            } else {
                if (tried.outcome() instanceof Outcome.Answered answered) {
                    assertThat(client.next()).isEqualTo(answered.frame());
                }
                // the next thing that comes is the answer to the next question, so nothing else was said
                byte[] update = new Typist(unique).type("goes on");
                client.send(Message.update(update));
                client.send(Message.step1(StateVector.of(Map.of((long) unique, 7L))));
                witness.await("the next update", () -> witness.missing(update).isEmpty());
                assertThat(client.next()).isEqualTo(Message.step2(new byte[] {0, 0}));
                assertThat(client.isEnded()).isFalse();
            }
            byte[] own = new Typist(1_000_000 + unique).type("well");
            witness.write(own);
            assertThat(witness.awaitRead(77, 1)).as("the witness is served").isTrue();
        }
    }

    /** Also where a client announces in a frame's head more than it may send, and begins to. */
    @ParameterizedTest
    @MethodSource("announced")
    void announcedLength_beyondTheLimit_isFinal(long length) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), keck.port())) {
            socket.setSoTimeout((int) KeckProcess.PATIENCE.toMillis());
            socket.getOutputStream()
                    .write(("GET /collaboration/announced-" + ++unique + " HTTP/1.1\r\nHost: localhost\r\n"
                                    + RawHttp.UPGRADE + "\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            DataInputStream in = new DataInputStream(socket.getInputStream());
            StringBuilder head = new StringBuilder();
            while (!head.toString().endsWith("\r\n\r\n")) {
                head.append((char) in.readUnsignedByte());
            }
            assertThat(head.toString()).startsWith("HTTP/1.1 101");
            ByteBuffer frame = ByteBuffer.allocate(14 + MAX_MESSAGE + 1);
            frame.put((byte) 0x82).put((byte) 0xff).putLong(length).putInt(0);
            socket.getOutputStream().write(frame.array());
            int code = 0;
            while (code == 0) {
                int first = in.readUnsignedByte();
                byte[] payload = in.readNBytes(in.readUnsignedByte());
                code = first == 0x88 ? ByteBuffer.wrap(payload).getShort() : 0;
            }
            assertThat(code).isEqualTo(4413);
        }
    }

    static Stream<Long> announced() {
        return Stream.of(MAX_MESSAGE + 1L, 70L << 20, (1L << 31) - 1);
    }

    /** A stock client that an application has taught messages of its own works beside one that knows none of them. */
    @Test
    void stockClients_goOn_besideOneThatSendsWhatKeckDoesNotKnow() {
        String room = "stock-" + ++unique;
        try (NodeClients clients = NodeClients.start()) {
            clients.open("well", keck, room);
            clients.open("odd", keck, room);
            clients.awaitSynced("well", "odd");
            clients.awareness("well", Map.of("name", "well"));
            clients.awareness("odd", Map.of("name", "odd"));
            clients.awaitPresent(2, "well", "odd");
            clients.sendFrame("odd", hex("0x 64 01 02"));
            clients.sendText("odd", "__YPS:{}");
            clients.awareness("odd", Map.of("avatar", "x".repeat(2 * MAX_STATE)));
            clients.edit("odd", NodeClients.insert(0, "typed after "));
            clients.edit("well", NodeClients.insert(0, "and before "));
            clients.awaitEqual("well", "odd");
            clients.awaitPresent(2, "well", "odd");
            assertThat(clients.states("well").toString()).contains("\"name\":\"odd\"");
            for (String name : List.of("well", "odd")) {
                assertThat(clients.connects(name)).as(name).isEqualTo(1);
                assertThat(clients.closeCodes(name)).as(name).isEmpty();
            }
        }
    }
}
