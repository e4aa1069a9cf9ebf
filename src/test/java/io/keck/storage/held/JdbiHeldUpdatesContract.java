package io.keck.storage.held;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Author;
import io.keck.access.Origin;
import io.keck.room.HeldUpdates;
import io.keck.room.HeldUpdates.Limits;
import io.keck.room.HeldUpdatesContract;
import io.keck.storage.Storage;
import io.keck.testing.FreshDatabase;
import io.keck.testing.TestDatabase;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract over a database. */
abstract class JdbiHeldUpdatesContract extends HeldUpdatesContract {
    private static final Author BOB = new Author("bob", Origin.SOCKET, Map.of());
    private static final byte[] UPDATE = {1, 1, 7, 0, 4, 1, 1, 't', 1, 'x', 0};

    @RegisterExtension
    final FreshDatabase db;

    private Storage storage;

    JdbiHeldUpdatesContract(FreshDatabase db) {
        this.db = db;
    }

    @BeforeEach
    void open() {
        storage = db.reopen(TestDatabase.settings());
    }

    @Override
    protected final HeldUpdates held(Limits limits) {
        return storage.held(limits);
    }

    @Override
    protected final HeldUpdates reopened(Limits limits) {
        return storage.held(limits);
    }

    @Override
    protected final long room(String name) {
        return storage.log().open(name).toCompletableFuture().join().roomId();
    }

    @Test
    void whatIsTooOld_isDeleted_decidedOrNot() {
        JdbiHeldUpdates held = storage.held(new Limits(1_000, 1_000, 1_000, 60_000));
        long room = room("a");
        held.keep(room, BOB, "alice", UPDATE).toCompletableFuture().join();
        held.keep(room, BOB, "carol", UPDATE).toCompletableFuture().join();
        long id = held.ofRoom(room).toCompletableFuture().join().get(0).id();
        held.drop(room, id, "alice").toCompletableFuture().join();
        db.clock().now += 59_000;
        assertThat(held.expire()).isZero();
        assertThat(held.ofRoom(room).toCompletableFuture().join()).hasSize(2);
        db.clock().now += 2_000;
        assertThat(held.expire()).as("of those that nobody has decided on").isEqualTo(1);
        assertThat(held.ofRoom(room).toCompletableFuture().join()).isEmpty();
    }

    @Test
    void endOfALife_endsWhatIsHeldOfIt() {
        HeldUpdates held = storage.held(Limits.DEFAULT);
        long room = room("a");
        held.keep(room, BOB, "alice", UPDATE).toCompletableFuture().join();
        held.keep(room("b"), BOB, "alice", UPDATE).toCompletableFuture().join();
        storage.log().delete("a").toCompletableFuture().join();
        assertThat(held.rooms().toCompletableFuture().join()).containsExactly(room("b"));
    }
}
