package io.keck.room;

import static io.keck.room.World.ROOM;
import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.Doc;
import io.keck.failure.RoomMissing;
import io.keck.testing.Grants;
import io.keck.testing.OpenDocuments;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Those who follow a room. */
class WatcherTest {
    private final World world = new World();
    private final List<Long> told = new ArrayList<>();
    private @Nullable RuntimeException end;

    private final Watcher watcher = new Watcher() {
        @Override
        public void risen(long roomId, long seq) {
            told.add(seq);
        }

        @Override
        public void wentBack() {
            told.add(-1L);
        }

        @Override
        public void ended(RuntimeException why) {
            assertThat(end).isNull();
            end = why;
        }
    };

    private void edit() {
        var written = OpenDocuments.of(world.rooms)
                .write(ROOM, null, doc -> doc.getText("t").insert(0, "x"), Doc::clientId);
        world.settle();
        assertThat(written.toCompletableFuture()).isCompleted();
    }

    @BeforeEach
    void rooms_areMadeByABackEnd() {
        world.log.makeOnConnect();
    }

    @Test
    void whoFollows_isToldWhereItIs_andOfEveryCommit_andNothingBeforeIt() {
        world.joined();
        edit();
        world.rooms.watch(Grants.on(ROOM), watcher);
        world.settle();
        assertThat(told).containsExactly(1L);
        edit();
        assertThat(told).containsExactly(1L, 2L);
        world.way.holding = true;
        var written = OpenDocuments.of(world.rooms)
                .write(ROOM, null, doc -> doc.getText("t").insert(0, "y"), Doc::clientId);
        world.settle();
        assertThat(written.toCompletableFuture()).isNotDone();
        assertThat(told).containsExactly(1L, 2L);
        world.way.holding = false;
        world.way.releaseAll();
        world.settle();
        assertThat(told).containsExactly(1L, 2L, 3L);
        assertThat(end).isNull();
    }

    @Test
    void aRoomThatIsFollowed_staysLoaded_untilNobodyDoes() {
        world.joined().disconnect();
        Runnable stop = world.rooms.watch(Grants.on(ROOM), watcher);
        world.settle();
        world.pass(World.SMALL.unloadAfter() * 3);
        assertThat(world.rooms.isOpen(ROOM)).isTrue();
        stop.run();
        world.settle();
        told.clear();
        world.pass(World.SMALL.unloadAfter() * 2);
        world.pass(World.SMALL.unloadAfter() * 2);
        assertThat(world.rooms.isOpen(ROOM)).isFalse();
        assertThat(told).isEmpty();
        assertThat(end).isNull();
    }

    @Test
    void aRoomThatIsNotThere_isNotMade() {
        world.rooms.watch(Grants.on(ROOM), watcher);
        world.settle();
        assertThat(end).isInstanceOf(RoomMissing.class);
        assertThat(world.log.knowsName(ROOM)).isFalse();
    }

    @Test
    void theEndOfARoom_isTold() {
        world.joined();
        world.rooms.watch(Grants.on(ROOM), watcher);
        world.settle();
        var deleted = world.rooms.delete(ROOM, null);
        world.settle();
        assertThat(deleted.toCompletableFuture()).isCompletedWithValue(true);
        assertThat(end).isInstanceOf(RoomMissing.class);
    }

    @Test
    void theClientIdThatIsTold_isThatOfTheNextEdit() {
        world.joined();
        var told = OpenDocuments.of(world.rooms).client(ROOM);
        world.settle();
        long client = told.toCompletableFuture().join().value();
        edit();
        assertThat(world.saved().stateVector().asMap()).containsOnlyKeys(client);
    }
}
