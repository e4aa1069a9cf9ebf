package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Fault;
import io.keck.crdt.store.DecodeLimits;
import io.keck.heap.AddressRates;
import io.keck.heap.AddressShares;
import io.keck.heap.HeapLedger;
import io.keck.metrics.ConnectionMetrics;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.CloseReason;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.OpCode;
import org.eclipse.jetty.websocket.core.OutgoingEntry;
import org.junit.jupiter.api.Test;

/** Messages of y-partykit in parts: put together, and bounded as one message is. */
class PartySpeechTest {
    private static final int MAX = 5_000_000;

    private long now;
    private final List<byte[]> whole = new ArrayList<>();
    private final List<String> messages = new ArrayList<>();
    private final List<CloseReason> offences = new ArrayList<>();
    private final List<String> sent = new ArrayList<>();
    private final CoreSession core = new CoreSession.Empty() {
        @Override
        public void sendFrame(Frame frame, Callback callback, boolean batch) {
            sent.add(frame.getOpCode() + " " + StandardCharsets.UTF_8.decode(frame.getPayload()));
            callback.succeeded();
        }

        @Override
        public void sendFrame(OutgoingEntry entry) {
            throw new AssertionError("not asked for");
        }
    };
    private final List<ConnectionMetrics.Ignored> ignored = new ArrayList<>();
    private final HeapLedger ledger = HeapLedger.unlimited();
    private final ConnectionMetrics metrics = new ConnectionMetrics() {
        @Override
        public void ignored(Ignored what) {
            ignored.add(what);
        }
    };
    private final SocketShares shares = new SocketShares(
            new AddressShares(9, 9), new AddressRates(9, 9, () -> now), new AddressRates(9, 9, () -> now));
    private final Sockets sockets = new Sockets(
            null,
            null,
            new Sockets.Limits(MAX, DecodeLimits.DEFAULT, AwarenessState.Limits.NONE, 0),
            () -> now,
            metrics,
            ledger,
            shares,
            null);
    private final SocketConnection connection = new SocketConnection(
            "room",
            "192.0.2.1",
            new ReadGate(core, new FrameAssembly(null, Clearance.refused(Fault.MISSING), Runnable::run)),
            () -> now,
            MAX,
            metrics,
            ledger,
            shares);
    private final PartySpeech speech = speech(true);

    private PartySpeech speech(boolean takesText) {
        return new PartySpeech(
                new Speech.Line(connection, sockets, whole::add, messages::add, offences::add), takesText);
    }

    private static String marker(String id, String type, long size, long count) {
        return "y-pk-batch#{\"id\":\"" + id + "\",\"type\":\"" + type + "\",\"size\":" + size + ",\"count\":" + count
                + "}";
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private long held() {
        return ledger.ofRoom("room");
    }

    @Test
    void parts_becomeOneMessage_andAreCountedUntilThen() {
        long idle = held();
        byte[] first = new byte[1_000_000];
        first[7] = 7;
        speech.text(marker("a", "start", 1_000_002, 2));
        assertThat(speech.binary(first)).isNull();
        assertThat(held()).isGreaterThan(idle + 900_000);
        assertThat(speech.binary(bytes("ef"))).isNull();
        assertThat(whole).isEmpty();
        speech.text(marker("a", "end", 1_000_002, 2));
        assertThat(whole).hasSize(1);
        assertThat(whole.get(0))
                .hasSize(1_000_002)
                .startsWith(0, 0, 0, 0, 0, 0, 0, 7)
                .endsWith('e', 'f');
        assertThat(held()).isLessThan(idle + 100_000);
        assertThat(offences).isEmpty();
        byte[] next = bytes("next");
        assertThat(speech.binary(next)).isSameAs(next);
    }

    @Test
    void partsThatDoNotFit_areAnOffence_andAreForgotten() {
        long idle = held();
        String[][] bad = {
            {marker("a", "end", 1, 1)},
            {marker("a", "start", 1, 1), marker("a", "start", 1, 1)},
            {marker("a", "start", 4, 1), "#abcd", marker("b", "end", 4, 1)},
            {marker("a", "start", 4, 1), "#abc", marker("a", "end", 4, 1)},
            {marker("a", "start", 4, 1), "#abcd", marker("a", "end", 5, 1)},
            {marker("a", "start", 4, 1), "#abcd", marker("a", "end", 4, 2)},
            {marker("a", "start", 4, 2), "#abcd", marker("a", "end", 4, 2)},
            {marker("a", "start", 4, 1), "#abcde"},
            {marker("a", "start", 4, 1), "#ab", "#cd"},
            {marker("a", "start", 4, 1_000)},
            {marker("a", "start", MAX + 1L, 6)},
            {"y-pk-batch#{}"}
        };
        for (String[] sequence : bad) {
            offences.clear();
            for (String step : sequence) {
                if (step.startsWith("#")) {
                    speech.binary(bytes(step.substring(1)));
                } else {
                    speech.text(step);
                }
            }
            assertThat(offences).as("%s", List.of(sequence)).hasSize(1);
            assertThat(offences.get(0).isFinal()).isTrue();
            assertThat(held()).isEqualTo(idle);
        }
        assertThat(whole).isEmpty();
    }

    @Test
    void partsThatDoNotEnd_areLate_andFreedWithTheConnection() {
        long idle = held();
        speech.text(marker("a", "start", 2_048, 2));
        speech.binary(new byte[1_024]);
        now = FrameAssembly.GRACE_MS + 2_000;
        assertThat(speech.isLate(now)).isFalse();
        assertThat(speech.isLate(now + 1)).isTrue();
        speech.ended();
        assertThat(held()).isEqualTo(idle);
        assertThat(speech.isLate(Long.MAX_VALUE)).isFalse();
    }

    @Test
    void otherText_isCountedAndIgnored() {
        speech.text("hello");
        assertThat(ignored).containsExactly(ConnectionMetrics.Ignored.TEXT);
        assertThat(offences).isEmpty();
    }

    @Test
    void customMessage_isOneOfTheApplication_alsoBetweenParts() {
        speech.text("__YPS:{\"é\":1}");
        speech.text(marker("a", "start", 4, 1));
        speech.text("__YPS:");
        speech.binary(bytes("abcd"));
        speech.text(marker("a", "end", 4, 1));
        speech.text("else");
        assertThat(messages).containsExactly("{\"é\":1}", "");
        assertThat(whole).hasSize(1);
        assertThat(offences).isEmpty();
        assertThat(ignored).containsExactly(ConnectionMetrics.Ignored.TEXT);
    }

    /** The provider of y-websocket fails on a text message, so at its address there are none. */
    @Test
    void messageOfABackEnd_isText_whereTheClientTakesThat() {
        speech.tell("é");
        speech(false).tell("never");
        assertThat(sent).containsExactly(OpCode.TEXT + " __YPS:é");
    }
}
