package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Right;
import io.keck.access.Visit;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.Update;
import io.keck.heap.AddressRates;
import io.keck.heap.AddressShares;
import io.keck.heap.HeapLedger;
import io.keck.metrics.ConnectionMetrics;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.CloseReason;
import io.keck.protocol.HocuspocusMessage;
import io.keck.protocol.Message;
import io.keck.room.Connection;
import io.keck.room.RoomSettings;
import io.keck.room.Seat;
import io.keck.testing.Grants;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.OpCode;
import org.eclipse.jetty.websocket.core.OutgoingEntry;
import org.junit.jupiter.api.Test;

/** One document on a socket of Hocuspocus, between a room and a network that are moved by hand. */
class HocuspocusChannelTest {
    private static final String KEY = "doc\0session";
    private static final int MAX_BACKLOG = 1_000;
    /** As exactly as the ledger counts. */
    private static final int GRAIN = 8 << 10;

    private static final int MAX_INBOUND = 50_000;
    private static final String SAVED = "08 01";
    private static final String NOT_SAVED = "08 00";
    private static final Update EMPTY = Update.EMPTY;

    /** What went to the client, without the key; whole messages. */
    private final List<byte[]> sent = new ArrayList<>();

    private final ByteArrayOutputStream message = new ByteArrayOutputStream();
    private final ArrayDeque<Callback> untaken = new ArrayDeque<>();
    private boolean isSlow;
    private final CoreSession core = new CoreSession.Empty() {
        @Override
        public void sendFrame(Frame frame, Callback callback, boolean batch) {
            if (frame.getOpCode() == OpCode.CLOSE || frame.getOpCode() == OpCode.PING) {
                return;
            }
            ByteBuffer payload = frame.getPayload().duplicate();
            byte[] bytes = new byte[payload.remaining()];
            payload.get(bytes);
            message.writeBytes(bytes);
            if (frame.isFin()) {
                byte[] whole = message.toByteArray();
                message.reset();
                byte[] prefix = HocuspocusMessage.prefix(KEY);
                assertThat(whole).startsWith(prefix);
                sent.add(Arrays.copyOfRange(whole, prefix.length, whole.length));
            }
            if (isSlow) {
                untaken.add(callback);
            } else {
                callback.succeeded();
            }
        }

        @Override
        public void sendFrame(OutgoingEntry entry) {
            throw new AssertionError("not asked for");
        }
    };

    private final HeapLedger ledger = HeapLedger.unlimited();
    private final SocketShares shares =
            new SocketShares(new AddressShares(9, 9), new AddressRates(9, 9, () -> 0), new AddressRates(9, 9, () -> 0));
    private final Sockets sockets = new Sockets(
            null,
            RoomSettings.builder()
                    .maxBacklog(MAX_BACKLOG)
                    .maxInbound(MAX_INBOUND)
                    .build(),
            new Sockets.Limits(1 << 20, DecodeLimits.DEFAULT, AwarenessState.Limits.NONE, 0),
            () -> 0,
            ConnectionMetrics.NONE,
            ledger,
            shares,
            null);
    private final SocketConnection carrier = new SocketConnection(
            "",
            "192.0.2.1",
            new ReadGate(core, new FrameAssembly(null, Clearance.refused(Fault.MISSING), Runnable::run)),
            () -> 0,
            Long.MAX_VALUE,
            ConnectionMetrics.NONE,
            ledger,
            shares);
    private final HocuspocusAnswers answers = new HocuspocusAnswers(carrier, 1 << 20);

    private final List<String> host = new ArrayList<>();
    private final HocuspocusChannel.Host socket = new HocuspocusChannel.Host() {
        @Override
        public void hold(HocuspocusChannel channel) {
            host.add("hold");
        }

        @Override
        public void release(HocuspocusChannel channel) {
            host.add("release");
        }

        @Override
        public void gone(HocuspocusChannel channel) {
            host.add("gone");
        }
    };

    /** What the room was given. */
    private final List<Message> given = new ArrayList<>();

    private int drained;
    private int left;

    private Seat join(Grant grant, Connection who) {
        return new Seat() {
            @Override
            public void receive(List<Message> messages, int bytes) {
                given.addAll(messages);
            }

            @Override
            public void drained() {
                drained++;
            }

            @Override
            public void leave() {
                left++;
            }
        };
    }

    private HocuspocusChannel open(Right... rights) {
        Grant grant = Grants.of("alice", "doc", rights);
        HocuspocusChannel channel = new HocuspocusChannel(
                socket, this::join, carrier, answers, sockets, KEY, Clearance.of(Visit.OPEN, grant));
        channel.open(grant, false);
        return channel;
    }

    private HocuspocusChannel writer() {
        HocuspocusChannel channel = open(Right.READ, Right.WRITE, Right.PRESENT);
        sent.clear();
        return channel;
    }

    private static Message update() {
        return new Message.SyncUpdate(EMPTY);
    }

    private static Message step2() {
        return new Message.SyncStep2(EMPTY);
    }

    /** The bytes of each frame. */
    private static final int FRAME = 1_000;

    private static void receive(HocuspocusChannel channel, Message... messages) {
        channel.receive(List.of(messages), FRAME);
    }

    private List<String> sent() {
        return sent.stream().map(HexFormat.ofDelimiter(" ")::formatHex).toList();
    }

    private static String text(byte[] body) {
        return new String(body, StandardCharsets.UTF_8);
    }

    @Test
    void opened_saysWhatTheClientMay() {
        open(Right.READ, Right.WRITE);
        assertThat(text(sent.get(0))).isEqualTo("\u0002\u0002\nread-write");
        open(Right.READ);
        assertThat(text(sent.get(1))).isEqualTo("\u0002\u0002\breadonly");
    }

    @Test
    void eachUpdate_getsAStatus_alsoWhereManyAreSavedAtOnce() {
        HocuspocusChannel channel = writer();
        receive(channel, update());
        receive(channel, update(), update());
        assertThat(sent()).as("nothing before the commit").isEmpty();
        channel.saved(1);
        assertThat(sent()).containsExactly(SAVED);
        channel.saved(3);
        assertThat(sent()).containsExactly(SAVED, SAVED, SAVED);
        assertThat(given).hasSize(3);
    }

    /** The provider counts one answer: that to the step 1 which follows our step 2. */
    @Test
    void stepTwoThatTheProviderDoesNotCount_getsNoStatus() {
        HocuspocusChannel channel = writer();
        channel.send(Message.step1(StateVector.EMPTY)); // asked beside the sync of the client
        receive(channel, step2());
        channel.saved(1);
        assertThat(sent()).hasSize(1).noneMatch(SAVED::equals);

        channel.send(Message.step2(new byte[] {0, 0}));
        channel.send(Message.step1(StateVector.EMPTY));
        sent.clear();
        receive(channel, step2(), update());
        channel.saved(3);
        assertThat(sent()).containsExactly(SAVED, SAVED);
    }

    @Test
    void silentAnswerBetweenUpdates_takesNoStatusFromThem() {
        HocuspocusChannel channel = writer();
        channel.send(Message.step1(StateVector.EMPTY));
        sent.clear();
        receive(channel, update(), step2(), update());
        channel.saved(2);
        assertThat(sent()).containsExactly(SAVED);
        channel.saved(3);
        assertThat(sent()).containsExactly(SAVED, SAVED);
    }

    @Test
    void readersUpdate_isNotGiven_andGetsTheStatusZero() {
        HocuspocusChannel channel = open(Right.READ);
        sent.clear();
        receive(channel, update());
        assertThat(given).isEmpty();
        assertThat(sent()).containsExactly(NOT_SAVED);
        assertThat(sent())
                .as("and never a refusal, which means a bad credential")
                .noneMatch(frame -> frame.startsWith("02"));
    }

    @Test
    void readersStepTwo_getsOneStatus_whetherItIsKnownOrNot() {
        HocuspocusChannel channel = open(Right.READ);
        sent.clear();
        receive(channel, step2());
        assertThat(given).hasOnlyElementsOfType(Message.SyncRepeat.class);
        channel.notSaved(1);
        channel.notSaved(1);
        assertThat(sent()).containsExactly(NOT_SAVED);
        channel.saved(1);
        assertThat(sent()).containsExactly(NOT_SAVED);
        receive(channel, step2());
        channel.saved(2);
        assertThat(sent()).containsExactly(NOT_SAVED, SAVED);
    }

    @Test
    void refusalOfTheRoom_isNotSent_butAMessageOfABackEndIs() {
        HocuspocusChannel channel = writer();
        channel.send(Message.denied("the document is full"));
        assertThat(sent()).isEmpty();
        channel.tell("é");
        assertThat(sent()).containsExactly("05 02 c3 a9");
    }

    @Test
    void whilePaused_messagesWait_andBeyondTheBoundTheSocketIsHeld() {
        HocuspocusChannel channel = writer();
        channel.pause();
        long before = ledger.ofRoom("doc");
        for (int i = 0; i <= MAX_INBOUND / FRAME; i++) {
            assertThat(host).isEmpty();
            receive(channel, new Message.ClientMessage(String.valueOf(i)));
        }
        assertThat(host).containsExactly("hold");
        assertThat(given).isEmpty();
        assertThat(ledger.ofRoom("doc")).isGreaterThan(before + MAX_INBOUND - GRAIN);

        channel.resume();
        assertThat(given).hasSize(MAX_INBOUND / FRAME + 1);
        assertThat(given.get(7)).isEqualTo(new Message.ClientMessage("7"));
        assertThat(host).containsExactly("hold", "release");
        assertThat(ledger.ofRoom("doc")).isLessThan(before + GRAIN);
        receive(channel, update());
        assertThat(given).hasSize(MAX_INBOUND / FRAME + 2);
    }

    @Test
    void backlog_isThatOfTheDocument_andTheRoomHearsWhenItHasDrained() {
        HocuspocusChannel channel = writer();
        HocuspocusChannel other = writer();
        isSlow = true;
        byte[] frame = Message.update(new byte[300]);
        for (int i = 0; i < 4; i++) {
            channel.send(frame);
        }
        assertThat(channel.backlog()).isGreaterThan(MAX_BACKLOG);
        assertThat(other.backlog()).isZero();
        for (int i = 0; i < 12; i++) {
            channel.send(frame);
        }
        assertThat(other.backlog()).as("too much waits for the whole socket").isGreaterThan(MAX_BACKLOG);
        assertThat(drained).isZero();
        List.copyOf(untaken).forEach(Callback::succeeded);
        assertThat(drained).isEqualTo(1);
        assertThat(channel.backlog()).isZero();
    }

    @Test
    void finalEnd_closesTheDocumentAlone_andGivesItsMemoryBack() {
        HocuspocusChannel channel = writer();
        channel.pause();
        receive(channel, update());
        channel.close(CloseReason.deleted());
        channel.close(CloseReason.deleted());
        channel.send(Message.update(new byte[2]));
        channel.tell("never");
        channel.saved(1);
        receive(channel, update());
        assertThat(sent).hasSize(1);
        assertThat(sent.get(0)[0]).isEqualTo((byte) HocuspocusMessage.CLOSE);
        assertThat(host).containsExactly("gone");
        assertThat(carrier.closedWith()).isNull();
        assertThat(ledger.ofRoom("doc")).isZero();
        channel.resume();
        assertThat(given).isEmpty();
    }

    @Test
    void endThatPasses_endsTheSocket() {
        HocuspocusChannel channel = writer();
        channel.close(CloseReason.restart());
        assertThat(carrier.closedWith()).isEqualTo(CloseReason.restart());
        assertThat(sent).isEmpty();
    }

    @Test
    void endedRights_areToldAsARefusal_andTheSeatIsLeft() {
        HocuspocusChannel channel = writer();
        channel.end(Clearance.reason(Fault.EXPIRED));
        assertThat(sent.get(0)).startsWith(2, 1);
        assertThat(sent.get(1)[0]).isEqualTo((byte) HocuspocusMessage.CLOSE);
        assertThat(left).isEqualTo(1);
        assertThat(host).containsExactly("gone");
    }

    /** What a client never lets come to an end cannot grow without a bound. */
    @Test
    void tooManyAnswersThatAreNotSaved_endTheSocket() {
        HocuspocusChannel channel = writer();
        for (int i = 0; i < 5_000 && carrier.closedWith() == null; i++) {
            channel.send(Message.step1(StateVector.EMPTY));
            receive(channel, step2());
        }
        assertThat(carrier.closedWith()).isNotNull();
        assertThat(carrier.closedWith().code()).isEqualTo(1013);
    }
}
