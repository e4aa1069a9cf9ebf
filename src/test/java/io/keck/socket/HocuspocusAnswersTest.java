package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Fault;
import io.keck.heap.AddressFlow;
import io.keck.heap.AddressRates;
import io.keck.heap.AddressShares;
import io.keck.heap.HeapLedger;
import io.keck.metrics.ConnectionMetrics;
import io.keck.protocol.HocuspocusMessage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.OutgoingEntry;
import org.junit.jupiter.api.Test;

/** Answers of the protocol of Hocuspocus to a client that does not read them. */
class HocuspocusAnswersTest {
    private static final int MAX = 1_000;
    private static final byte[] PREFIX = HocuspocusMessage.prefix("a document");

    private final Deque<Callback> untaken = new ArrayDeque<>();
    /** For each frame, whether the next one may go with it. */
    private final List<Boolean> batched = new ArrayList<>();

    private final CoreSession core = new CoreSession.Empty() {
        @Override
        public void sendFrame(Frame frame, Callback callback, boolean batch) {
            batched.add(batch);
            untaken.add(callback);
        }

        @Override
        public void sendFrame(OutgoingEntry entry) {
            throw new AssertionError("not asked for");
        }
    };

    private final SocketConnection connection = new SocketConnection(
            "",
            "192.0.2.1",
            new ReadGate(core, new FrameAssembly(null, Clearance.refused(Fault.MISSING), Runnable::run)),
            () -> 0,
            Long.MAX_VALUE,
            ConnectionMetrics.NONE,
            HeapLedger.unlimited(),
            new SocketShares(
                    new AddressShares(9, 9),
                    new AddressRates(9, 9, () -> 0),
                    AddressFlow.unlimited(),
                    AddressFlow.unlimited(),
                    new AddressRates(9, 9, () -> 0)));

    private final HocuspocusAnswers answers = new HocuspocusAnswers(connection, MAX);
    private final byte[] status = HocuspocusMessage.status(false);

    @Test
    void clientThatReads_getsAnyNumberOfAnswers() {
        for (int i = 0; i < 10 * MAX; i++) {
            answers.send(PREFIX, status, connection.outbound());
            untaken.remove().succeeded();
        }
        assertThat(connection.closedWith()).isNull();
    }

    /** A commit acknowledges many updates at once; a write for each of them would cost more than the updates. */
    @Test
    void sameAnswerSeveralTimes_isOneWrite() {
        answers.send(PREFIX, status, 3, connection.outbound());
        answers.send(PREFIX, status, connection.outbound());
        answers.send(PREFIX, status, 0, connection.outbound());
        assertThat(batched).containsExactly(true, true, false, false);
        untaken.forEach(Callback::succeeded);
        assertThat(connection.backlog()).isZero();
    }

    @Test
    void clientThatReadsNothing_isClosedAtTheBound() {
        int each = PREFIX.length + status.length;
        for (int i = 0; i < MAX / each; i++) {
            answers.send(PREFIX, status, connection.outbound());
        }
        assertThat(connection.closedWith()).isNull();
        answers.send(PREFIX, status, connection.outbound());
        assertThat(connection.closedWith()).isNotNull();
        assertThat(connection.closedWith().code()).isEqualTo(1013);
    }

    /** The twin: without the bound the answers wait as long as the client sends. */
    @Test
    void withoutTheBound_answersPileUp() {
        HocuspocusAnswers unbounded = new HocuspocusAnswers(connection, Long.MAX_VALUE);
        for (int i = 0; i < 10 * MAX; i++) {
            unbounded.send(PREFIX, status, connection.outbound());
        }
        assertThat(connection.closedWith()).isNull();
        assertThat(untaken).hasSize(10 * MAX);
    }
}
