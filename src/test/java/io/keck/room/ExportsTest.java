package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.store.StructStore;
import io.keck.failure.Unavailable;
import io.keck.testing.OpenDocuments;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whole documents are written down by threads that may wait, while their rooms stand still and no other does. */
class ExportsTest {
    private final World world = new World();
    private final OpenDocuments documents = OpenDocuments.of(world.rooms);
    /** What the threads of the exports were handed. */
    private final Queue<Runnable> work = new ArrayDeque<>();

    private final Exports exports = new Exports(work::add, 1);

    @BeforeEach
    void rooms_areMadeByABackEnd() {
        world.log.makeOnConnect();
    }

    private CompletableFuture<Documents.Answer<byte[]>> export(String room, Function<StructStore, byte[]> writer) {
        return documents.export(room, exports, writer).toCompletableFuture();
    }

    private FakeClient typist(String room) {
        FakeClient client = world.client();
        client.connect(world.rooms, room);
        world.settle();
        client.type("before");
        world.settle();
        return client;
    }

    @Test
    void room_standsStillWhileItIsWrittenDown_andNoOtherDoes() {
        FakeClient here = typist(ROOM);
        FakeClient there = typist("another");
        long rows = world.rows();
        byte[] before = world.saved().encode();
        CompletableFuture<Documents.Answer<byte[]>> answer = export(ROOM, StructStore::encode);
        world.settle();
        assertThat(work).hasSize(1);

        here.type("meanwhile");
        there.type("meanwhile");
        world.settle();
        assertThat(world.log.head("another")).isEqualTo(2);
        assertThat(world.rows()).isEqualTo(rows);

        work.remove().run();
        assertThat(answer.join().value()).isEqualTo(before);
        assertThat(answer.join().seq()).isEqualTo(rows);
        world.settle();
        assertThat(world.rows()).isEqualTo(rows + 1);
        World.assertSame(here.replica, world.saved(), "the client");
    }

    /** The twin: without lending, what others do changes a document while it is written down. */
    @Test
    void mailbox_whoseTurnsAreNotLent_goesOnMeanwhile() {
        List<String> lent = new ArrayList<>();
        List<String> kept = new ArrayList<>();
        ManualExecutor executor = new ManualExecutor(1);
        Mailbox lending = new Mailbox(executor, () -> {}, () -> {});
        Mailbox keeping = new Mailbox(executor, () -> {}, () -> {});
        List<Runnable> giveBack = new ArrayList<>();
        lending.post(() -> lending.lend(giveBack::add));
        keeping.post(() -> {});
        executor.runAll();
        lending.post(() -> lent.add("changed"));
        keeping.post(() -> kept.add("changed"));
        executor.runAll();
        assertThat(kept).containsExactly("changed");
        assertThat(lent).isEmpty();

        giveBack.get(0).run();
        executor.runAll();
        assertThat(lent).containsExactly("changed");
    }

    @Test
    void roomsWhoseExportsWaitForAThread_goOn() {
        FakeClient here = typist(ROOM);
        typist("another");
        CompletableFuture<Documents.Answer<byte[]>> first = export("another", StructStore::encode);
        world.settle();
        CompletableFuture<Documents.Answer<byte[]>> second = export(ROOM, StructStore::encode);
        world.settle();
        assertThat(work).hasSize(1);

        here.type("while its export waits for a thread");
        world.settle();
        assertThat(world.rows()).isEqualTo(2);

        work.remove().run();
        world.settle();
        assertThat(first).isCompleted();
        assertThat(second).isNotDone();
        work.remove().run();
        world.settle();
        assertThat(second.join().value()).isEqualTo(world.saved().encode());
    }

    @Test
    void exportsOfOneRoom_comeOneAfterTheOther() {
        typist(ROOM);
        CompletableFuture<Documents.Answer<byte[]>> first = export(ROOM, StructStore::encode);
        CompletableFuture<Documents.Answer<byte[]>> second = export(ROOM, StructStore::encode);
        for (int i = 0; i < 2; i++) {
            world.settle();
            work.remove().run();
        }
        world.settle();
        assertThat(first.join().value()).isEqualTo(second.join().value());
    }

    @Test
    void failedExport_givesTheRoomBack() {
        FakeClient here = typist(ROOM);
        CompletableFuture<Documents.Answer<byte[]>> answer = export(ROOM, store -> {
            throw new IllegalArgumentException("the disk is full");
        });
        world.settle();
        work.remove().run();
        assertThat(failure(answer)).hasMessage("the disk is full");

        here.type("afterwards");
        world.settle();
        assertThat(world.rows()).isEqualTo(2);
        CompletableFuture<Documents.Answer<byte[]>> next = export(ROOM, StructStore::encode);
        world.settle();
        work.remove().run();
        assertThat(next).isCompleted();
    }

    @Test
    void roomThatEndsBeforeAThreadIsFree_isAskedForAgain() {
        typist("another");
        FakeClient here = typist(ROOM);
        export("another", StructStore::encode);
        world.settle();
        CompletableFuture<Documents.Answer<byte[]>> answer = export(ROOM, StructStore::encode);
        world.settle();
        documents.delete(ROOM);
        world.settle();
        assertThat(here.connection.closed).isNotNull();
        while (!work.isEmpty()) {
            work.remove().run();
            world.settle();
        }
        assertThat(failure(answer)).isInstanceOf(io.keck.failure.RoomMissing.class);
    }

    @Test
    void serverThatGoesDown_exportsOnTheRoomsOwnThread() {
        typist(ROOM);
        CompletableFuture<Documents.Answer<byte[]>> answer = documents
                .export(
                        ROOM,
                        new Exports(
                                task -> {
                                    throw new RejectedExecutionException();
                                },
                                1),
                        StructStore::encode)
                .toCompletableFuture();
        world.settle();
        assertThat(answer.join().value()).isEqualTo(world.saved().encode());
    }

    @Test
    void roomThatIsNotOpen_isUnavailable() {
        typist(ROOM);
        world.rooms.drain(io.keck.protocol.CloseReason.restart());
        assertThat(failure(export(ROOM, StructStore::encode))).isInstanceOf(Unavailable.class);
    }

    private static Throwable failure(CompletableFuture<?> stage) {
        assertThat(stage).isDone();
        try {
            stage.join();
            throw new AssertionError("no failure");
        } catch (CompletionException e) {
            return e.getCause();
        }
    }
}
