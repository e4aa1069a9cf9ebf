package io.keck.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.failure.RoomGone;
import io.keck.storage.database.Write;
import io.keck.testing.FreshDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Groups of writes in one thread: the test's. */
class LogWriterTest {
    private static final byte[] PAYLOAD = {0, 0};

    @RegisterExtension
    final FreshDatabase db = FreshDatabase.sqlite();

    private LogWriter writer;

    @BeforeEach
    void open() throws Exception {
        writer = new LogWriter(db.jdbi(), new SqliteStatements(), "test", db.clock());
    }

    private long room(String name) {
        LogWrite.Create create = new LogWrite.Create(name, Long.MAX_VALUE, new CompletableFuture<>());
        writer.commit(List.of(create));
        return create.done().join();
    }

    private static LogWrite.Append append(long room, byte[] payload) {
        return Appends.of(room, UUID.randomUUID(), 7, payload, false);
    }

    private static long seq(Write append) {
        return ((LogWrite.Append) append).done().join().get(0).seq();
    }

    private List<Write> appendsToRooms(int count) {
        List<Write> group = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            group.add(append(room("room" + i), PAYLOAD));
        }
        return group;
    }

    @Test
    void writeThatBreaksAConstraint_failsAlone() {
        for (int at : new int[] {0, 17, 49}) {
            List<Write> group = appendsToRooms(50);
            LogWrite.Append poison = append(room("poisoned"), null);
            group.set(at, poison);
            writer.commit(group);

            assertThat(poison.done()).isCompletedExceptionally();
            for (Write w : group) {
                assertThat(w.done().isCompletedExceptionally()).isEqualTo(w == poison);
            }
        }
        assertThat(db.get().count("room_log")).isEqualTo(3 * 49);
        assertThat(head("poisoned")).as("nothing is left of the failed one").isZero();
    }

    private long head(String name) {
        return db.jdbi()
                .withHandle(h -> h.createQuery("SELECT head FROM rooms WHERE name = :name")
                        .bind("name", name)
                        .mapTo(Long.class)
                        .one());
    }

    @Test
    void taskThatThrows_failsAlone() {
        List<Write> group = appendsToRooms(10);
        Write.Task bad = new Write.Task(
                h -> {
                    throw new IllegalStateException("on purpose");
                },
                new CompletableFuture<>());
        group.add(5, bad);
        writer.commit(group);

        assertThat(bad.done()).isCompletedExceptionally();
        assertThat(db.get().count("room_log")).isEqualTo(10);
    }

    @Test
    void roomThatIsGone_failsAlone() {
        List<Write> group = appendsToRooms(10);
        db.get().deleteRoom("room3");
        writer.commit(group);

        for (int i = 0; i < 10; i++) {
            assertThat(group.get(i).done().isCompletedExceptionally()).isEqualTo(i == 3);
        }
        assertThat(group.get(3).done())
                .failsWithin(Duration.ZERO)
                .withThrowableThat()
                .withCauseInstanceOf(RoomGone.class);
    }

    @Test
    void manyWritesOfOneRoomInAGroup_keepTheirOrder() {
        long room = room("a");
        List<Write> group = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            group.add(append(room, PAYLOAD));
        }
        writer.commit(group);
        for (int i = 0; i < 30; i++) {
            assertThat(seq(group.get(i))).isEqualTo((long) i + 1);
        }
    }

    @Test
    void batchThatIsThereAlready_isFoundAndHarmsNoOther() {
        List<Write> group = appendsToRooms(20);
        writer.commit(group);
        List<Write> again = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            LogWrite.Append first = (LogWrite.Append) group.get(i);
            again.add(
                    i % 5 == 0
                            ? Appends.of(first.roomId(), first.first().batchId(), 8, PAYLOAD, true)
                            : append(first.roomId(), PAYLOAD));
        }
        writer.commit(again);
        for (int i = 0; i < 20; i++) {
            assertThat(seq(again.get(i))).isEqualTo(i % 5 == 0 ? 1L : 2L);
        }
        assertThat(db.get().count("room_log")).isEqualTo(36);
    }

    @Test
    void databaseThatIsGone_failsAllAndNothingIsThere() throws Exception {
        List<Write> group = appendsToRooms(10);
        db.jdbi().useHandle(h -> h.execute("ALTER TABLE room_log RENAME TO elsewhere"));
        writer.commit(group);

        assertThat(group).allMatch(w -> w.done().isCompletedExceptionally());
        db.jdbi().useHandle(h -> h.execute("ALTER TABLE elsewhere RENAME TO room_log"));
        assertThat(db.get().count("room_log")).isZero();
        assertThat(head("room0")).isZero();
    }

    /** The writer remembers heads; whatever else changes a room, the next append starts from the truth. */
    @Test
    void rememberedHead_thatIsWrong_isReadAgain() {
        long room = room("a");
        commit(append(room, PAYLOAD));

        LogWrite.Append poison = append(room, null);
        commit(poison);
        assertThat(poison.done()).as("rolled back").isCompletedExceptionally();
        assertThat(commit(append(room, PAYLOAD))).as("after a rollback").isEqualTo(2);

        LogWriter other = new LogWriter(db.jdbi(), new SqliteStatements(), "other", db.clock());
        LogWrite.Append theirs = Appends.of(room, UUID.randomUUID(), 9, PAYLOAD, false);
        other.commit(List.of(theirs));
        other.idle();
        LogWrite.Append ours = append(room, PAYLOAD);
        assertThat(commit(ours)).as("after a row of another process").isEqualTo(4);
        assertThat(ours.done().join().get(0).before())
                .as("the link of that row")
                .isEqualTo(9);

        db.jdbi().useHandle(h -> h.execute("UPDATE rooms SET head = 1, head_link = 7 WHERE id = ?", room));
        db.jdbi().useHandle(h -> h.execute("DELETE FROM room_log WHERE seq > 1"));
        assertThat(commit(append(room, PAYLOAD)))
                .as("after a backup was restored")
                .isEqualTo(2);

        db.get().deleteRoom("a");
        LogWrite.Append late = append(room, PAYLOAD);
        commit(late);
        assertThat(late.done()).as("deleted").failsWithin(Duration.ZERO);
    }

    private long commit(LogWrite.Append append) {
        writer.commit(List.of(append));
        return append.done().isCompletedExceptionally() ? 0 : seq(append);
    }
}
