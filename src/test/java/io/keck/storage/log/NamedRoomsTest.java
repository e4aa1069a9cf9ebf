package io.keck.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.crdt.Doc;
import io.keck.failure.RoomGone;
import io.keck.room.EndedLives;
import io.keck.room.UpdateLog.Contents;
import io.keck.storage.Storage;
import io.keck.testing.FreshDatabase;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Lives of names in a database, and what is kept of them for the hold. */
class NamedRoomsTest {
    private static final long HOLD = 60_000;

    @RegisterExtension
    final FreshDatabase db = FreshDatabase.sqlite();

    private Storage storage;
    private JdbiUpdateLog log;

    @BeforeEach
    void open() throws Exception {
        storage = db.reopen(JdbiUpdateLog.Settings.DEFAULT.withDeletedNameHold(Duration.ofMillis(HOLD)));
        log = storage.log();
    }

    private static <T> T await(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
    }

    private long clientThatWroteTo(long room) {
        Doc doc = new Doc();
        doc.getText("t").insert(0, "x");
        await(log.append(room, UUID.randomUUID(), 1, doc.encodeStateAsUpdate(), false));
        return doc.clientId();
    }

    private static EndedLives lives(long millisLeft, long... clients) {
        Map<Long, Long> clocks = new HashMap<>();
        for (long client : clients) {
            clocks.put(client, 1L);
        }
        return EndedLives.of(java.util.List.of(new EndedLives.Life(EndedLives.clients(clocks), millisLeft)));
    }

    private static void assertSame(EndedLives actual, EndedLives expected) {
        assertThat(actual).usingRecursiveComparison().isEqualTo(expected);
    }

    @Test
    void heldName_isForBackEndsOnly_byTheTimeOfItsDeletion() {
        long first = await(log.open("a")).roomId();
        assertThat(await(log.heldMillis("a"))).isZero();
        assertThat(await(log.delete("a"))).hasValue(first);
        db.clock().now += HOLD / 3;
        assertThat(await(log.heldMillis("a"))).isEqualTo(HOLD - HOLD / 3);
        assertThatThrownBy(() -> await(log.open("a"))).hasCauseInstanceOf(RoomGone.class);
        assertThatThrownBy(() -> await(log.find("a"))).hasCauseInstanceOf(RoomGone.class);

        long second = await(log.create("a")).orElseThrow();
        assertThat(second).isNotEqualTo(first);
        assertThat(await(log.create("a"))).as("there is one").isEmpty();
        assertThat(await(log.heldMillis("a"))).isZero();
        assertThat(await(log.open("a")).roomId()).isEqualTo(second);
        await(log.delete("a"));
        db.clock().now += HOLD;
        assertThat(await(log.heldMillis("a"))).isZero();
        assertThat(await(log.open("a")).roomId()).isNotEqualTo(second);
    }

    @Test
    void clientsOfAnEndedLife_areKept_untilTheHoldIsOver() {
        long first = await(log.open("a")).roomId();
        long one = clientThatWroteTo(first);
        long two = clientThatWroteTo(first);
        assertThat(log.compact("a")).isTrue();
        long three = clientThatWroteTo(first);
        assertSame(await(log.open("a")).ended(), EndedLives.NONE);

        long second = await(log.init("a", UUID.randomUUID(), 1, new byte[] {0, 0}, true))
                .orElseThrow()
                .roomId();
        db.clock().now += 1_000;
        EndedLives expected = lives(HOLD - 1_000, one, two, three);
        assertSame(await(log.open("a")).ended(), expected);
        Contents again = await(log.find("a"));
        assertThat(again.roomId()).isEqualTo(second);
        assertSame(again.ended(), expected);
        await(log.heldMillis("a"));
        await(storage.database().change("a".hashCode(), h -> true)); // what was to be kept is written, in its own time
        await(storage.database().change(first, h -> true));
        assertThat(db.get().count("ended_lives")).isEqualTo(1);

        db.clock().now += HOLD;
        assertSame(await(log.open("a")).ended(), EndedLives.NONE);
        db.jdbi().useHandle(h -> EndedClients.sweep(h, db.clock().millis()));
        assertThat(db.get().count("ended_lives")).isZero();
    }

    @Test
    void keptClients_areThoseThatWroteMost_andAreReadAsTheyWereWritten() {
        Map<Long, Long> clocks = new HashMap<>();
        for (long i = 0; i < EndedLives.MAX_CLIENTS + 10L; i++) {
            clocks.put((1L << 52) - i * 1_000_003, i + 1);
        }
        long[] kept = EndedLives.clients(clocks);
        assertThat(kept).hasSize(EndedLives.MAX_CLIENTS).isSorted().doesNotContain(1L << 52);
        assertThat(EndedClients.decode(EndedClients.encode(kept))).isEqualTo(kept);
        assertThat(EndedClients.decode(EndedClients.encode(new long[0]))).isEmpty();
    }
}
