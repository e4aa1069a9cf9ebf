package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Caller;
import io.keck.access.Visit;
import io.keck.socket.FrameAssembly.Fault;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.OpCode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FrameAssemblyTest {
    private static final int MAX = 1 << 20;

    private final List<Frame> jakarta = new ArrayList<>();
    private final List<byte[]> messages = new ArrayList<>();
    private final List<Fault> faults = new ArrayList<>();
    private int demands;
    /** How often reading went on only after a pause. */
    private int pauses;

    /** Whether Jakarta asks for the next frame, as it does, before it returns. */
    private boolean jakartaDemands;

    private int demandsWithin;
    private int released;
    private long now;
    private long heap;
    private long budget = Long.MAX_VALUE;
    private boolean closing;
    private boolean isBrief = true;
    private final Deque<Runnable> handedOver = new ArrayDeque<>();
    private ReadGate gate;

    private final FrameHandler behind = new FrameHandler() {
        @Override
        public void onOpen(CoreSession session, Callback callback) {
            gate = ReadGate.of(session);
            callback.succeeded();
        }

        @Override
        public void onFrame(Frame frame, Callback callback) {
            jakarta.add(frame);
            callback.succeeded();
            if (jakartaDemands) {
                gate.demand();
                demandsWithin = demands;
            }
        }

        @Override
        public void onError(Throwable cause, Callback callback) {
            callback.succeeded();
        }

        @Override
        public void onClosed(CloseStatus status, Callback callback) {
            callback.succeeded();
        }
    };

    private FrameAssembly assembly = assembly(64 << 10);

    private FrameAssembly assembly(long maxInARow) {
        return new FrameAssembly(
                behind,
                Clearance.of(Visit.OPEN, Caller.OPEN.on("room")),
                handedOver::add,
                task -> {
                    pauses++;
                    handedOver.add(task);
                },
                maxInARow);
    }

    /** An assembly that never gives way: the twin of the bound. */
    private void withoutBound() {
        assembly = assembly(Long.MAX_VALUE);
        open();
    }

    @BeforeEach
    void open() {
        assembly.onOpen(
                new CoreSession.Empty() {
                    @Override
                    public void demand() {
                        demands++;
                    }
                },
                Callback.NOOP);
        gate.clock(() -> now);
        assembly.listen(new FrameAssembly.Listener() {
            @Override
            public int maxBytes() {
                return MAX;
            }

            @Override
            public boolean mayGrow(long bytes) {
                if (heap + bytes > budget) {
                    return false;
                }
                heap += bytes;
                return true;
            }

            @Override
            public void shrunk(long bytes) {
                heap -= bytes;
            }

            @Override
            public void heard(int bytes) {}

            @Override
            public boolean isClosing() {
                return closing;
            }

            @Override
            public boolean isBrief(byte[] message) {
                return isBrief;
            }

            @Override
            public void message(byte[] message) {
                messages.add(message);
            }

            @Override
            public void refused(Fault fault) {
                faults.add(fault);
                closing = true;
            }
        });
    }

    private void frame(byte opcode, boolean fin, int bytes) {
        assembly.onFrame(new Frame(opcode, fin, ByteBuffer.allocate(bytes)), Callback.from(() -> released++));
    }

    private void begin(int bytes) {
        frame(OpCode.BINARY, false, bytes);
    }

    private void more(int bytes) {
        frame(OpCode.CONTINUATION, false, bytes);
    }

    @Test
    void everyPayload_isCopiedAtOnce_andControlFramesGoBetween() {
        begin(3);
        frame(OpCode.PING, true, 1);
        more(4);
        frame(OpCode.PONG, true, 0);
        frame(OpCode.CONTINUATION, true, 5);

        assertThat(messages).singleElement().satisfies(m -> assertThat(m).hasSize(12));
        assertThat(jakarta).extracting(Frame::getOpCode).containsExactly(OpCode.PING, OpCode.PONG);
        assertThat(released).isEqualTo(5);
        assertThat(demands).as("Jakarta demands for the two that it was given").isEqualTo(3);
        assertThat(heap).isZero();
    }

    @Test
    void messageThatTakesLong_isDealtWithElsewhere_andTheNextFrameWaitsForIt() {
        isBrief = false;
        frame(OpCode.BINARY, true, 3);
        assertThat(messages).isEmpty();
        assertThat(demands).isZero();
        assertThat(released).isZero();

        handedOver.remove().run();
        assertThat(messages).hasSize(1);
        assertThat(demands).isEqualTo(1);
        assertThat(released).isEqualTo(1);
    }

    /** However many sockets wait for a thread, what they wait with is memory that the node has granted. */
    @Test
    void messageThatWaitsForAThread_isMemoryOfItsConnection() {
        isBrief = false;
        frame(OpCode.BINARY, true, 40_000);
        assertThat(heap).as("a message of one frame").isEqualTo(40_000);
        handedOver.remove().run();
        assertThat(heap).isZero();

        frame(OpCode.BINARY, false, 30_000);
        frame(OpCode.CONTINUATION, true, 30_000);
        assertThat(messages).hasSize(1);
        assertThat(heap).as("a message of two frames").isGreaterThanOrEqualTo(60_000);
        handedOver.remove().run();
        assertThat(heap).isZero();

        budget = 10_000;
        frame(OpCode.BINARY, true, 40_000);
        assertThat(faults).containsExactly(Fault.NO_MEMORY);
        assertThat(handedOver).isEmpty();
        assertThat(heap).isZero();
    }

    /** The thread that reads from all sockets must not be busy with one of them for long. */
    @Test
    void socketThatSendsWithoutPause_continuesElsewhere() {
        int sent = 0;
        while (handedOver.isEmpty() && sent < 1_000) {
            frame(OpCode.BINARY, true, 10);
            sent++;
        }
        assertThat(handedOver).hasSize(1);
        assertThat(messages).hasSize(sent - 1);

        handedOver.remove().run();
        frame(OpCode.BINARY, true, 10);
        assertThat(messages).hasSize(sent + 1);
    }

    /** What a peer can send as fast as the network takes it, other than complete messages. */
    private Map<String, Runnable> floods() {
        Map<String, Runnable> floods = new LinkedHashMap<>();
        floods.put("pings", () -> frame(OpCode.PING, true, 1));
        floods.put("pongs", () -> frame(OpCode.PONG, true, 0));
        floods.put("messages", () -> frame(OpCode.BINARY, true, 10));
        floods.put("fragments", () -> {
            if (assembly.isLate(now + FrameAssembly.GRACE_MS * 1_000)) {
                more(100);
            } else {
                begin(100);
            }
        });
        floods.put("pieces of a large message", () -> frame(OpCode.CONTINUATION, false, 2_000));
        floods.put("frames after the close", () -> {
            closing = true;
            frame(OpCode.BINARY, true, 100);
        });
        return floods;
    }

    @Test
    void everyFlood_givesWayAfterItsBound() {
        floods().forEach((name, next) -> {
            int before = demands + jakarta.size();
            int frames = 0;
            while (handedOver.isEmpty() && frames < 100_000) {
                next.run();
                frames++;
            }
            assertThat(frames).as(name).isLessThanOrEqualTo(257);
            assertThat(demands + jakarta.size() - before)
                    .as(name + ": nobody asks for more meanwhile")
                    .isLessThan(frames);
            handedOver.remove().run();
            assertThat(demands + jakarta.size() - before)
                    .as(name + ": and then it goes on")
                    .isEqualTo(frames);
        });
    }

    /** Without a pause one peer keeps a core busy with frames that are of no use to anybody. */
    @Test
    void floodsThatNobodyNeeds_areReadWithPauses_othersAreNot() {
        floods().forEach((name, next) -> {
            pauses = 0;
            for (int i = 0; i < 300; i++) {
                next.run();
                handedOver.forEach(Runnable::run);
                handedOver.clear();
            }
            boolean isUseless = name.startsWith("p") && name.endsWith("ngs") || name.endsWith("close");
            assertThat(pauses > 0).as(name).isEqualTo(isUseless);
        });
    }

    @Test
    void withoutTheBound_eachFloodKeepsTheThreadOfAllSockets() {
        withoutBound();
        floods().forEach((name, next) -> {
            for (int i = 0; i < 5_000; i++) {
                next.run();
            }
            assertThat(handedOver).as(name).isEmpty();
        });
    }

    @Test
    void text_goesToJakarta_withItsContinuations() {
        frame(OpCode.TEXT, false, 3);
        handedOver.remove().run();
        frame(OpCode.CONTINUATION, true, 3);
        assertThat(jakarta).as("a text may complete a large message").hasSize(1);
        handedOver.remove().run();
        frame(OpCode.BINARY, true, 2);
        assertThat(jakarta).hasSize(2);
        assertThat(messages).hasSize(1);
    }

    /** Jakarta asks for the next text before it is done with one; on two threads it would mix them up. */
    @Test
    void nextTextIsRead_onlyWhenJakartaIsDone_withTheOneBefore() {
        jakartaDemands = true;
        frame(OpCode.TEXT, true, 3);
        handedOver.remove().run();
        assertThat(demandsWithin).as("while Jakarta handles the text").isZero();
        assertThat(demands).isEqualTo(1);

        frame(OpCode.PING, true, 3);
        assertThat(demandsWithin)
                .as("on the thread that reads, Jetty waits by itself")
                .isEqualTo(2);

        gate.close();
        frame(OpCode.TEXT, true, 3);
        handedOver.remove().run();
        assertThat(demands).isEqualTo(2);
        gate.open();
        assertThat(demands).isEqualTo(3);
    }

    @Test
    void slowMessage_isLate_afterHalfAMinuteAndItsBytes() {
        begin(4 << 10);
        now = FrameAssembly.GRACE_MS;
        assertThat(assembly.isLate(now)).isFalse();
        assertThat(assembly.isLate(now + 4_000)).isFalse();
        assertThat(assembly.isLate(now + 4_001)).isTrue();
        more(1 << 10);
        assertThat(assembly.isLate(now + 5_000)).isFalse();
        assertThat(assembly.isLate(now + 5_001)).isTrue();
        frame(OpCode.CONTINUATION, true, 0);
        assertThat(assembly.isLate(now + 1_000_000)).isFalse();
    }

    @Test
    void slowText_isLate_too() {
        frame(OpCode.TEXT, false, 1);
        assertThat(assembly.isLate(FrameAssembly.GRACE_MS + 1)).isTrue();
    }

    /** Without this a client whose room is busy would be closed for the server's own slowness. */
    @Test
    void whileTheServerDoesNotRead_timeDoesNotCount() {
        begin(1);
        gate.close();
        now = 100_000;
        gate.open();
        assertThat(assembly.isLate(now + FrameAssembly.GRACE_MS)).isFalse();
        assertThat(assembly.isLate(now + FrameAssembly.GRACE_MS + 1)).isTrue();
    }

    @Test
    void tooManyTinyFragments_areRefused_piecesOfTcpAreNot() {
        begin(1);
        for (int i = 1; faults.isEmpty() && i < 20_000; i++) {
            more(i % 2);
        }
        assertThat(faults).containsExactly(Fault.TOO_MANY_FRAGMENTS);
        assertThat(heap).isZero();
    }

    @Test
    void manyFragmentsOfTheSizeOfPackets_areTaken() {
        begin(64);
        for (int i = 0; i < 16_000; i++) {
            more(64);
        }
        frame(OpCode.CONTINUATION, true, 0);
        handedOver.remove().run();
        assertThat(faults).isEmpty();
        assertThat(messages).singleElement().satisfies(m -> assertThat(m).hasSize(64 * 16_001));
    }

    @Test
    void tooLarge_isRefused_andTheRestOfItIsRead() {
        begin(MAX);
        more(1);
        assertThat(faults).containsExactly(Fault.TOO_LARGE);
        more(100);
        handedOver.forEach(Runnable::run); // so many bytes have to give way
        assertThat(demands).isEqualTo(3);
        assertThat(heap).isZero();
    }

    @Test
    void withoutMemory_isRefused_andGivesBackWhatItHad() {
        budget = 5_000;
        begin(4_000);
        more(2_000);
        assertThat(faults).containsExactly(Fault.NO_MEMORY);
        assertThat(heap).isZero();
    }

    @Test
    void connectionThatEnds_givesBackWhatItHad() {
        begin(4_000);
        assertThat(heap).isEqualTo(4_000);
        assembly.onClosed(CloseStatus.NORMAL_STATUS, Callback.NOOP);
        assertThat(heap).isZero();
    }
}
