package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.store.StateVector;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.Message;
import io.keck.testing.KeckProcess;
import io.keck.testing.RawClient;
import io.keck.testing.Seeds;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One peer floods or stalls; two others go on editing, and the server lives with 256 MiB of heap. */
class BadPeerIT {
    private static final long FLOOD = 50L << 20;
    private static final int PIECE = 16 << 10;
    /** More than all buffers of two TCP sockets and the server's backlog hold. */
    private static final int MANY = 2_500;

    @TempDir
    private Path dir;

    private KeckProcess keck;
    private SyncClient good1;
    private SyncClient good2;
    private final Typist typist1 = new Typist(1);
    private final Typist typist2 = new Typist(2);

    @BeforeEach
    void start() {
        keck = KeckProcess.in(dir).jvm("-XX:+ExitOnOutOfMemoryError").start();
        good1 = SyncClient.join(keck.room("room"));
        good2 = SyncClient.join(keck.room("room"));
    }

    @AfterEach
    void stop() {
        good1.close();
        good2.close();
        keck.close();
    }

    /** Both write, and see what the other wrote. */
    private void goOn() {
        byte[] one = typist1.type("one ");
        byte[] two = typist2.type("two ");
        good1.write(one);
        good2.write(two);
        good1.await("the update of 2", () -> good1.missing(two).isEmpty());
        good2.await("the update of 1", () -> good2.missing(one).isEmpty());
    }

    /** Sends what is given without reading, while the good ones edit; says how many bytes the server took. */
    private long flood(RawClient bad, Function<Integer, byte[]> message) {
        bad.stopReading();
        long sent = 0;
        for (int i = 0; sent < FLOOD; i++) {
            byte[] next = message.apply(i);
            if (!bad.sendNow(next)) {
                return sent;
            }
            sent += next.length;
            if (i % 256 == 0) {
                goOn();
            }
        }
        return sent;
    }

    private void assertUnharmed() {
        goOn();
        good1.await("equal", () -> good1.missing(good2.encode()).isEmpty());
        good2.await("equal", () -> good2.missing(good1.encode()).isEmpty());
        assertThat(keck.isAlive()).isTrue();
        assertThat(keck.get("/health").body()).contains("ok");
        assertThat(keck.log()).doesNotContain("OutOfMemory").doesNotContain("ERROR");
    }

    @Test
    void updates_overwrittenOverAndOver() {
        Typist typist = new Typist(9);
        String value = "x".repeat(PIECE);
        try (RawClient bad = RawClient.connect(keck.room("room"))) {
            assertThat(flood(bad, i -> Message.update(typist.set(i + value)))).isGreaterThanOrEqualTo(FLOOD);
            assertUnharmed();
        }
    }

    @Test
    void questionsWithoutEnd_whoseAnswersAreNotRead() {
        good1.write(typist1.type("x".repeat(200_000)));
        byte[] question = Message.step1(StateVector.EMPTY);
        try (RawClient bad = RawClient.connect(keck.room("room"))) {
            bad.stopReading();
            for (int i = 0; i < 100_000 && bad.sendNow(question); i++) {
                if (i % 10_000 == 0) {
                    goOn();
                }
            }
            assertUnharmed();
        }
    }

    @Test
    void awarenessStates_withoutEnd() {
        String json = "\"" + "x".repeat(PIECE) + "\"";
        try (RawClient bad = RawClient.connect(keck.room("room"))) {
            flood(bad, i -> Message.awareness(List.of(new AwarenessState(9, i + 1, json))));
            assertUnharmed();
        }
    }

    @Test
    void garbage_fromManyConnections() {
        long seed = Seeds.next("BadPeerIT");
        Random random = new Random(seed);
        byte[] garbage = new byte[1 << 20];
        long sent = 0;
        for (int i = 0; sent < FLOOD; i++) {
            random.nextBytes(garbage);
            // a sync message, since others are ignored once they are not known, with a body of 65,535 bytes
            garbage[0] = 0;
            garbage[1] = (byte) random.nextInt(3);
            garbage[2] = (byte) 0xff;
            garbage[3] = (byte) 0xff;
            garbage[4] = 3;
            try (RawClient bad = RawClient.connect(keck.room("garbage" + i))) {
                bad.sendNow(garbage);
                sent += garbage.length;
                assertThat(bad.awaitEnd().code()).isIn(4400, 4413);
            }
            goOn();
        }
        assertUnharmed();
    }

    @Test
    void peerThatDoesNotRead_catchesUpWhenItReadsAgain() {
        Typist typist = new Typist(9);
        try (SyncClient slow = SyncClient.join(keck.room("room"));
                SyncClient writer = SyncClient.join(keck.room("room"))) {
            slow.raw().stopReading();
            for (int i = 0; i < MANY; i++) {
                writer.write(typist.set(i + "x".repeat(PIECE)));
                if (i % 250 == 0) {
                    goOn();
                }
            }
            assertUnharmed();
            assertThat(slow.missing(good1.encode()).isEmpty())
                    .as("the slow one had everything")
                    .isFalse();
            slow.raw().readAgain();
            slow.await("everything", () -> slow.missing(good1.encode()).isEmpty());
            assertThat(slow.updates()).as("updates it got, the rest in one").isLessThan(MANY);
            goOn();
            slow.await("what came after", () -> slow.missing(good1.encode()).isEmpty());
        }
    }
}
