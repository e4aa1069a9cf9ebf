package io.keck.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.dropwizard.core.setup.Environment;
import io.keck.heap.HeapLedger;
import io.keck.metrics.RoomMetrics;
import io.keck.ops.HealthServlet.Status;
import io.keck.room.Bus;
import io.keck.room.FakeHeldUpdates;
import io.keck.room.FakeLog;
import io.keck.room.Held;
import io.keck.room.HeldUpdates;
import io.keck.testing.Eventually;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class ReadinessTest {
    /** Well, until it is set otherwise. */
    private static final class FakeNode implements Readiness.Node {
        private boolean started = true;
        private boolean draining;
        private boolean full;
        private boolean saving = true;
        private long nanosSinceTick;

        @Override
        public boolean isStarted() {
            return started;
        }

        @Override
        public boolean isDraining() {
            return draining;
        }

        @Override
        public boolean isFull() {
            return full;
        }

        @Override
        public boolean isSaving() {
            return saving;
        }

        @Override
        public long nanosSinceTick() {
            return nanosSinceTick;
        }
    }

    private final FakeNode node = new FakeNode();
    private final Readiness readiness = new Readiness(node, false);
    private final Readiness strict = new Readiness(node, true);

    @Test
    void databaseThatIsAway_makesANodeUnreadyOnlyWhereThatIsAskedFor() {
        assertThat(readiness.status()).isEqualTo(Status.OK);
        assertThat(strict.status()).isEqualTo(Status.OK);
        node.saving = false;
        assertThat(readiness.status()).isEqualTo(Status.DEGRADED);
        assertThat(readiness.status().isGood()).isTrue();
        assertThat(strict.status()).isEqualTo(Status.NO_DATABASE);
        assertThat(strict.status().isGood()).isFalse();
        node.saving = true;
        assertThat(strict.status()).isEqualTo(Status.OK);
    }

    @Test
    void nodeThatTakesNoConnections_isNotReadyWhateverTheDatabaseDoes() {
        node.full = true;
        assertThat(readiness.status()).isEqualTo(Status.FULL);
        node.draining = true;
        assertThat(readiness.status()).isEqualTo(Status.DRAINING);
        node.started = false;
        assertThat(readiness.status()).isEqualTo(Status.STARTING);
        for (Status status : new Status[] {Status.FULL, Status.DRAINING, Status.STARTING}) {
            assertThat(status.isGood()).isFalse();
        }
    }

    @Test
    void life_isThatOfTheTick_andOfNothingElse() {
        node.saving = false;
        node.draining = true;
        node.nanosSinceTick = Readiness.STUCK_NANOS;
        assertThat(strict.life()).isEqualTo(Status.ALIVE);
        node.nanosSinceTick++;
        assertThat(strict.life()).isEqualTo(Status.STUCK);
        assertThat(strict.life().isGood()).isFalse();
        node.nanosSinceTick = 0;
        assertThat(strict.life()).isEqualTo(Status.ALIVE);
    }

    /** What the life is told from: a task that never ends makes it old, one that fails does not. */
    @Test
    void tick_thatHangs_getsOlderUntilItGoesOn() throws Exception {
        Node host = new Node(new Environment("test"));
        RoomRuntime runtime = new RoomRuntime(
                host,
                new FakeLog(),
                Bus.NONE,
                new RoomsFactory().settings(),
                new RoomMetrics() {},
                1 << 20,
                1_000,
                HeapLedger.unlimited(),
                new Held(new FakeHeldUpdates(() -> 0, HeldUpdates.Limits.DEFAULT), false));
        CountDownLatch hangs = new CountDownLatch(1);
        CountDownLatch goesOn = new CountDownLatch(1);
        host.everyTick("fails", () -> {
            throw new IllegalStateException("fails each time");
        });
        host.everyTick("hangs", () -> {
            hangs.countDown();
            try {
                goesOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        runtime.start();
        hangs.await();
        long before = runtime.nanosSinceTick();
        Eventually.await("time that passes", () -> runtime.nanosSinceTick() > before + 200_000_000);
        long after = runtime.nanosSinceTick();
        goesOn.countDown();
        Eventually.await("a tick", () -> runtime.nanosSinceTick() < after);
        runtime.stop();
    }
}
