package io.keck.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.keck.crdt.Fixtures;
import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StateVector;
import io.keck.protocol.AwarenessState.Dropped;
import io.keck.protocol.AwarenessState.Fault;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MessageTest {
    private static List<Message> read(byte[] frame) {
        return Message.readAll(frame, DecodeLimits.DEFAULT);
    }

    private static List<JsonNode> recorded(String name) {
        return Fixtures.read("sync-protocol").stream()
                .filter(json -> json.get("name").textValue().startsWith(name))
                .toList();
    }

    private static byte[] concat(byte[]... parts) {
        Encoder out = new Encoder();
        for (byte[] part : parts) {
            for (byte b : part) {
                out.writeUint8(b & 0xff);
            }
        }
        return out.toByteArray();
    }

    @Test
    void step1_isTheRecordedFrame() {
        for (JsonNode json : recorded("sync-")) {
            for (String name : List.of("step1FromClient", "step1FromServer", "emptyStep1")) {
                byte[] frame = Fixtures.hex(json.get(name));
                Message.SyncStep1 message = (Message.SyncStep1) read(frame).get(0);
                assertThat(Message.step1(message.stateVector())).as(name).isEqualTo(frame);
            }
        }
    }

    @Test
    void step2AndUpdate_areTheRecordedFrames() {
        List<JsonNode> all = recorded("sync-");
        assertThat(all).isNotEmpty();
        for (JsonNode json : all) {
            for (String name : List.of("step2FromServer", "step2FromClient", "upToDateStep2")) {
                byte[] frame = Fixtures.hex(json.get(name));
                Message.SyncStep2 message = (Message.SyncStep2) read(frame).get(0);
                assertThat(Message.step2(message.update().encode())).as(name).isEqualTo(frame);
            }
            byte[] frame = Fixtures.hex(json.get("updateFrame"));
            Message.SyncUpdate message = (Message.SyncUpdate) read(frame).get(0);
            assertThat(Message.update(message.update().encode())).isEqualTo(frame);
        }
    }

    @Test
    void queryAwareness_isRead() {
        byte[] frame = Fixtures.hex(recorded("sync-").get(0).get("queryAwareness"));
        assertThat(frame).isEqualTo(new byte[] {Message.QUERY_AWARENESS});
        assertThat(read(frame)).containsExactly(new Message.QueryAwareness());
    }

    @Test
    void auth_isReadAndMeansNothing() {
        List<JsonNode> all = recorded("auth-denied");
        assertThat(all).isNotEmpty();
        all.forEach(json -> assertThat(read(Fixtures.hex(json.get("frame")))).containsExactly(new Message.Auth()));
    }

    @Test
    void constants_areTheRecordedOnes() {
        JsonNode outer = recorded("constants").get(0).get("outer");
        assertThat(Message.SYNC).isEqualTo(outer.get("sync").intValue());
        assertThat(Message.AWARENESS).isEqualTo(outer.get("awareness").intValue());
        assertThat(Message.AUTH).isEqualTo(outer.get("auth").intValue());
        assertThat(Message.QUERY_AWARENESS)
                .isEqualTo(outer.get("queryAwareness").intValue());
    }

    @Test
    void awareness_comesBackAsItWent() {
        List<AwarenessState> states = List.of(
                new AwarenessState(1, 2, "{\"name\":\"é😀\"}"),
                AwarenessState.removed(3, 4),
                new AwarenessState((1L << 53) - 1, 0, " [1, 2] "));
        assertThat(read(Message.awareness(states))).containsExactly(new Message.AwarenessUpdate(states));
        assertThat(read(Message.awareness(List.of()))).containsExactly(new Message.AwarenessUpdate(List.of()));
        assertThat(Message.awareness(List.of())).isEqualTo(new byte[] {1, 1, 0});
    }

    private static Message.AwarenessUpdate awareness(byte[] frame, AwarenessState.Limits limits) {
        return (Message.AwarenessUpdate)
                Message.readAll(frame, DecodeLimits.DEFAULT, limits).get(0);
    }

    @Test
    void awareness_ofWrongJsonIsDropped_andTheOthersCount() {
        AwarenessState good = new AwarenessState(2, 1, "{}");
        for (String json : List.of(
                "",
                "{",
                "nul",
                "{}x",
                "{'a':1}",
                "undefined",
                "[1,]",
                "\"\u0001\"",
                "[".repeat(5_000) + "]".repeat(5_000))) {
            byte[] frame = Message.awareness(List.of(new AwarenessState(1, 7, json), good));
            assertThat(awareness(frame, AwarenessState.Limits.NONE))
                    .as(json)
                    .isEqualTo(new Message.AwarenessUpdate(List.of(good), List.of(new Dropped(1, 7, Fault.MALFORMED))));
        }
    }

    @Test
    void awareness_beyondTheLimitsIsDropped() {
        AwarenessState.Limits limits = new AwarenessState.Limits(8, 2, 10);
        List<AwarenessState> largest =
                List.of(new AwarenessState(1, 1, "\"123456\""), new AwarenessState(2, 1, "\"ééé\""));
        assertThat(awareness(Message.awareness(largest), limits)).isEqualTo(new Message.AwarenessUpdate(largest));
        List<AwarenessState> larger =
                List.of(new AwarenessState(1, 2, "\"1234567\""), new AwarenessState(2, 3, "\"ééé1\""));
        assertThat(awareness(Message.awareness(larger), limits))
                .isEqualTo(new Message.AwarenessUpdate(
                        List.of(), List.of(new Dropped(1, 2, Fault.TOO_LARGE), new Dropped(2, 3, Fault.TOO_LARGE))));
        List<AwarenessState> many = new ArrayList<>(largest);
        many.add(new AwarenessState(3, 1, "{}"));
        many.add(new AwarenessState(4, 1, "{}"));
        assertThat(awareness(Message.awareness(many), limits))
                .isEqualTo(new Message.AwarenessUpdate(largest, List.of(new Dropped(-1, 0, Fault.TOO_MANY))));
    }

    @Test
    void awareness_thatBreaksOffCountsUpToThere() {
        AwarenessState first = new AwarenessState(1, 1, "{}");
        byte[] body = AwarenessState.encode(List.of(first, new AwarenessState(2, 1, "{\"a\":1}")));
        for (int end = 5; end < body.length; end++) {
            Encoder frame = new Encoder();
            frame.writeUint8(Message.AWARENESS);
            frame.writeVarUint8Array(Arrays.copyOf(body, end));
            frame.writeUint8(Message.QUERY_AWARENESS);
            assertThat(read(frame.toByteArray()))
                    .as("cut at %d", end)
                    .containsExactly(
                            new Message.AwarenessUpdate(
                                    end < 6 ? List.of() : List.of(first), List.of(new Dropped(-1, 0, Fault.MALFORMED))),
                            new Message.QueryAwareness());
        }
    }

    @Test
    void unknownMessages_areTheLastOfTheirFrame_andNoError() {
        Map<String, Message.Unknown.Kind> all = Map.of(
                "04", Message.Unknown.Kind.TYPE,
                "640102", Message.Unknown.Kind.TYPE,
                "660100", Message.Unknown.Kind.TYPE,
                "ff7f00ffffff", Message.Unknown.Kind.TYPE,
                "000300", Message.Unknown.Kind.SYNC,
                "00ff01", Message.Unknown.Kind.SYNC,
                "0201", Message.Unknown.Kind.AUTH,
                "020900ff", Message.Unknown.Kind.AUTH);
        all.forEach((hex, kind) -> {
            byte[] frame = concat(new byte[] {3}, HexFormat.of().parseHex(hex));
            assertThat(read(frame)).as(hex).containsExactly(new Message.QueryAwareness(), new Message.Unknown(kind));
        });
    }

    @Test
    void severalMessages_mayStandInOneFrame() {
        byte[] frame = concat(
                Message.step1(StateVector.of(Map.of(1L, 2L))),
                Message.step2(new byte[] {0, 0}),
                Message.update(new byte[] {0, 0}),
                Message.awareness(List.of()),
                new byte[] {2, 0, 0},
                new byte[] {3});

        assertThat(read(frame))
                .extracting(m -> m.getClass().getSimpleName())
                .containsExactly("SyncStep1", "SyncStep2", "SyncUpdate", "AwarenessUpdate", "Auth", "QueryAwareness");
    }

    @Test
    void frame_whoseLastMessageIsMalformedIsRefusedAsAWhole() {
        byte[] frame = concat(Message.step1(StateVector.EMPTY), new byte[] {0, 2, 5, 0});
        assertThatThrownBy(() -> read(frame)).isInstanceOf(DecodeException.class);
    }

    @Test
    void malformedFrames_areRefusedAndNothingElseHappens() {
        List<JsonNode> all = recorded("malformed-frame");
        assertThat(all).isNotEmpty();
        int unknown = 0;
        for (JsonNode json : all) {
            String why = json.get("why").textValue();
            byte[] frame = Fixtures.hex(json.get("hex"));
            if (why.startsWith("unknown")) {
                assertThat(read(frame)).as(why).hasOnlyElementsOfType(Message.Unknown.class);
                unknown++;
            } else if (frame.length > 0 && (frame[0] == Message.AWARENESS || frame[0] == Message.AUTH)) {
                assertThat(read(frame)).as(why).hasSize(1);
            } else {
                assertThatThrownBy(() -> read(frame)).as(why).isInstanceOf(DecodeException.class);
            }
        }
        assertThat(unknown).isEqualTo(2);
    }

    @Test
    void moreMalformedFrames_areRefused() {
        for (String hex : List.of(
                "00ff", // endless number
                "ffffffffffffffffffff01", // a type beyond 2^53
                "000201", // update of one byte that is not there
                "0002020000ff", // a byte after the update that is no whole number
                "00020300000f", // a byte inside, after the update
                "0000020000", // a byte after the state vector
                "000006ffffffffff0f", // a state vector of very many clients
                "0300")) { // a step 1 that is cut off, after a query
            assertThatThrownBy(() -> read(HexFormat.of().parseHex(hex))).as(hex).isInstanceOf(DecodeException.class);
        }
    }

    /** An honest client repeats what others said of themselves, so only a sync message can be its own fault. */
    @Test
    void malformedMessagesThatAreNotForSync_areDropped() {
        for (String hex : List.of("01", "0105", "01ff", "0104ffffffff")) {
            List<Message> read = read(HexFormat.of().parseHex(hex));
            assertThat(read).as(hex).hasSize(1);
            Message.AwarenessUpdate awareness = (Message.AwarenessUpdate) read.get(0);
            assertThat(awareness.states()).isEmpty();
            assertThat(awareness.dropped())
                    .extracting(AwarenessState.Dropped::fault)
                    .containsExactly(AwarenessState.Fault.MALFORMED);
        }
        for (String hex : List.of("02", "020005", "02000180")) {
            assertThat(read(HexFormat.of().parseHex(hex)))
                    .as(hex)
                    .containsExactly(new Message.Unknown(Message.Unknown.Kind.AUTH));
        }
    }

    /** Any bytes: messages or a DecodeException. */
    @Test
    void mutatedFrames_neverEndInAnotherException() {
        List<byte[]> frames = new ArrayList<>();
        for (JsonNode json : recorded("sync-")) {
            for (String name : List.of("step1FromClient", "step2FromServer", "updateFrame")) {
                frames.add(Fixtures.hex(json.get(name)));
            }
        }
        frames.add(Message.awareness(List.of(new AwarenessState(1, 2, "{\"a\":[1,\"é\"]}"))));
        long seed = 20261;
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] frame = frames.get(random.nextInt(frames.size())).clone();
            for (int n = random.nextInt(4); n >= 0; n--) {
                frame[random.nextInt(Math.min(frame.length, 200))] = (byte) random.nextInt();
            }
            byte[] cut = random.nextInt(4) == 0 ? Arrays.copyOf(frame, random.nextInt(frame.length)) : frame;
            try {
                read(cut);
            } catch (DecodeException e) {
                // as it should
            } catch (RuntimeException | Error e) {
                throw new AssertionError(
                        "seed " + seed + ", frame " + HexFormat.of().formatHex(cut), e);
            }
        }
    }
}
