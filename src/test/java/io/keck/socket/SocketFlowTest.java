package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Fault;
import io.keck.heap.AddressFlow;
import io.keck.heap.AddressRates;
import io.keck.heap.AddressShares;
import io.keck.heap.HeapLedger;
import io.keck.metrics.ConnectionMetrics;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import io.keck.room.Seat;
import java.util.List;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.OutgoingEntry;
import org.junit.jupiter.api.Test;

/** Bytes a second of one address, over its sockets: what is beyond waits, and nobody is closed. */
class SocketFlowTest {
    private static final long RATE = 1_000;
    private static final long MAX_BACKLOG = 50_000;

    private long now;
    private int demands;
    private int frames;
    private int drained;

    private final CoreSession core = new CoreSession.Empty() {
        @Override
        public void demand() {
            demands++;
        }

        @Override
        public void sendFrame(Frame frame, Callback callback, boolean batch) {
            frames++;
            callback.succeeded();
        }

        @Override
        public void sendFrame(OutgoingEntry entry) {
            throw new AssertionError("not asked for");
        }
    };

    private SocketConnection connection(AddressFlow received, AddressFlow sent) {
        ReadGate gate = new ReadGate(core, new FrameAssembly(null, Clearance.refused(Fault.MISSING), Runnable::run));
        gate.clock(() -> now);
        this.gate = gate;
        SocketShares shares = new SocketShares(
                new AddressShares(9, 9),
                new AddressRates(9, 9, () -> now),
                received,
                sent,
                new AddressRates(9, 9, () -> now));
        SocketConnection made = new SocketConnection(
                "room",
                "192.0.2.1",
                gate,
                () -> now,
                MAX_BACKLOG,
                ConnectionMetrics.NONE,
                HeapLedger.unlimited(),
                shares);
        made.seat(new Seat() {
            @Override
            public void receive(List<Message> messages, int bytes) {
                throw new AssertionError("nothing comes here");
            }

            @Override
            public void drained() {
                drained++;
            }

            @Override
            public void leave() {}
        });
        return made;
    }

    private ReadGate gate;

    private AddressFlow flow() {
        return new AddressFlow(RATE, () -> now);
    }

    private void tick(SocketConnection connection) {
        connection.tick(1_000_000, 2_000_000, 3_000);
    }

    @Test
    void whoSendsTooMuch_isReadNoFurtherUntilItIsPaidFor() {
        SocketConnection connection = connection(flow(), AddressFlow.unlimited());
        connection.heard(10_000);
        gate.demand();
        assertThat(demands).isEqualTo(1);
        connection.heard(5_000);
        gate.demand();
        assertThat(demands).isEqualTo(1);
        now += 4_999;
        tick(connection);
        assertThat(gate.isClosed()).isTrue();
        now++;
        tick(connection);
        assertThat(gate.isClosed()).isFalse();
        assertThat(demands).isEqualTo(2);
        assertThat(connection.closedWith()).isNull();
    }

    @Test
    void theRoomAndTheRate_bothHaveToOpenTheGate() {
        SocketConnection connection = connection(flow(), AddressFlow.unlimited());
        connection.pause();
        connection.heard(15_000);
        gate.demand();
        now += 5_000;
        tick(connection);
        assertThat(demands).isZero();
        connection.heard(15_000);
        connection.resume();
        assertThat(demands).isZero();
        now += 20_000;
        tick(connection);
        assertThat(demands).isEqualTo(1);
    }

    @Test
    void theCloseOfAHeldConnection_isReadToItsEnd() {
        SocketConnection connection = connection(flow(), AddressFlow.unlimited());
        connection.heard(100_000);
        gate.demand();
        connection.close(CloseReason.kicked());
        assertThat(gate.isClosed()).isFalse();
        assertThat(demands).isEqualTo(1);
    }

    @Test
    void whoGetsTooMuch_countsAsSlowUntilItIsPaidFor_andThenHearsOfTheRest() {
        SocketConnection connection = connection(AddressFlow.unlimited(), flow());
        connection.send(new byte[10_000]);
        assertThat(connection.backlog()).isZero();
        connection.send(new byte[3_000]);
        assertThat(connection.backlog()).isGreaterThan(MAX_BACKLOG);
        assertThat(connection.waiting()).isZero();
        now += 2_999;
        tick(connection);
        assertThat(drained).isZero();
        assertThat(connection.lastProgress())
                .as("it is not stuck: the server waits")
                .isEqualTo(now);
        now++;
        tick(connection);
        assertThat(drained).isEqualTo(1);
        assertThat(connection.backlog()).isZero();
        tick(connection);
        assertThat(drained).isEqualTo(1);
        assertThat(frames).isEqualTo(2);
    }

    /** The twin: without rates an address gets and brings as much as it likes. */
    @Test
    void withoutRates_nothingWaits() {
        SocketConnection connection = connection(AddressFlow.unlimited(), AddressFlow.unlimited());
        for (int i = 0; i < 100; i++) {
            connection.heard(1_000_000);
            gate.demand();
            connection.send(new byte[1_000_000]);
        }
        assertThat(demands).isEqualTo(100);
        assertThat(connection.backlog()).isZero();
    }
}
