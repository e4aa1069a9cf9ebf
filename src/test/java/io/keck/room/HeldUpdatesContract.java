package io.keck.room;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Author;
import io.keck.access.Origin;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.room.HeldUpdates.Entry;
import io.keck.room.HeldUpdates.Limits;
import io.keck.room.HeldUpdates.State;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What every store of held updates promises. */
public abstract class HeldUpdatesContract {
    private static final Author BOB = new Author("bob", Origin.SOCKET, Map.of("org", "7"));
    private static final Author CAROL = new Author("carol", Origin.AGENT, Map.of());

    /** An empty store with limits. */
    protected abstract HeldUpdates held(Limits limits);

    /** The same entries after a restart. */
    protected abstract HeldUpdates reopened(Limits limits);

    /** The id of a room that is there, another for each name. */
    protected abstract long room(String name);

    private HeldUpdates held = new FakeHeldUpdates(() -> 0, Limits.DEFAULT);

    private static <T> T await(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private boolean keep(long room, Author author, String owner, byte[] update) {
        return await(held.keep(room, author, owner, update));
    }

    private static boolean has(byte[] payload, byte[] update) {
        StructStore store = new StructStore(true);
        store.apply(Update.decode(payload));
        return store.reduce(Update.decode(update)).isEmpty();
    }

    @Test
    void whatOneAuthorBringsOfOneOwner_isOneEntryThatGrows() {
        held = held(Limits.DEFAULT);
        long room = room("a");
        byte[] first = FakeClient.text(7, 4, "one");
        byte[] second = FakeClient.text(7, 7, "two");
        assertThat(keep(room, BOB, "alice", first)).isTrue();
        assertThat(keep(room, BOB, "alice", second)).isTrue();
        assertThat(keep(room, BOB, "alice", FakeClient.deletion(7, 5, 1))).isTrue();
        assertThat(keep(room, BOB, "alice", first)).as("a repeat").isTrue();
        assertThat(keep(room, BOB, "bob", FakeClient.text(8, 0, "x"))).isTrue();
        assertThat(keep(room, CAROL, "alice", first)).isTrue();
        assertThat(keep(room("b"), BOB, "alice", first)).isTrue();

        held = reopened(Limits.DEFAULT);
        List<Entry> entries = await(held.ofRoom(room));
        assertThat(entries).hasSize(3);
        Entry entry = entries.stream()
                .filter(e -> e.author().equals(BOB) && e.owner().equals("alice"))
                .findFirst()
                .orElseThrow();
        assertThat(has(entry.payload(), first) && has(entry.payload(), second)).isTrue();
        assertThat(has(entry.payload(), FakeClient.deletion(7, 5, 1))).isTrue();
        assertThat(entry.state()).isEqualTo(State.HELD);
        assertThat(await(held.find(room, entry.id())).orElseThrow().payload()).isEqualTo(entry.payload());
        assertThat(await(held.find(room("b"), entry.id())))
                .as("of another room")
                .isEmpty();
        assertThat(await(held.rooms())).containsExactlyInAnyOrder(room, room("b"));
    }

    @Test
    void limits_ofDocumentPrincipalAndAll_refuseTheWholeUpdate() {
        byte[] update = FakeClient.text(7, 0, "x".repeat(100));
        held = held(new Limits(250, 1_000, 10_000, 1_000));
        assertThat(keep(room("a"), BOB, "alice", update)).isTrue();
        assertThat(keep(room("a"), CAROL, "alice", update)).isTrue();
        assertThat(keep(room("a"), BOB, "alice", FakeClient.text(7, 100, "y".repeat(100))))
                .isFalse();
        assertThat(keep(room("a"), BOB, "alice", update)).as("it is there").isTrue();
        assertThat(await(held.ofRoom(room("a")))).hasSize(2);
        assertThat(keep(room("b"), BOB, "alice", update)).isTrue();

        held = reopened(new Limits(10_000, 250, 10_000, 1_000));
        assertThat(keep(room("c"), BOB, "alice", update))
                .as("bob has brought enough")
                .isFalse();
        assertThat(keep(room("c"), CAROL, "alice", update)).isTrue();

        held = reopened(new Limits(10_000, 10_000, 500, 1_000));
        assertThat(keep(room("d"), CAROL, "alice", update))
                .as("it is enough in all")
                .isFalse();
        assertThat(await(held.ofRoom(room("d")))).isEmpty();
    }

    @Test
    void whatHasArrived_isTakenOut_andTheDecisionIsRemembered() {
        held = held(Limits.DEFAULT);
        long room = room("a");
        byte[] first = FakeClient.text(7, 0, "one");
        byte[] second = FakeClient.text(7, 3, "two");
        assertThat(keep(room, BOB, "alice", first)).isTrue();
        assertThat(keep(room, BOB, "alice", second)).isTrue();
        long id = await(held.ofRoom(room)).get(0).id();

        Entry part = await(held.settle(room, id, first, State.TAKEN, "alice")).orElseThrow();
        assertThat(part.state()).isEqualTo(State.HELD);
        assertThat(has(part.payload(), second)).isTrue();
        assertThat(has(part.payload(), first)).isFalse();
        Entry all = await(held.settle(room, id, second, State.TAKEN, "alice")).orElseThrow();
        assertThat(all.state()).isEqualTo(State.TAKEN);
        assertThat(all.decidedBy()).isEqualTo("alice");
        assertThat(all.payload()).isEmpty();
        assertThat(await(held.settle(room, id, second, State.ARRIVED, "system"))
                        .orElseThrow()
                        .state())
                .isEqualTo(State.TAKEN);
        assertThat(await(held.drop(room, id, "bob")).orElseThrow().state())
                .as("decided before")
                .isEqualTo(State.TAKEN);
        assertThat(await(held.rooms())).isEmpty();
        assertThat(keep(room, BOB, "alice", first))
                .as("what comes again is an entry of its own")
                .isTrue();
        assertThat(await(held.ofRoom(room))).hasSize(2);
    }

    @Test
    void drop_forgetsTheContent_once() {
        held = held(Limits.DEFAULT);
        long room = room("a");
        assertThat(keep(room, BOB, "alice", FakeClient.text(7, 0, "one"))).isTrue();
        long id = await(held.ofRoom(room)).get(0).id();
        Entry dropped = await(held.drop(room, id, "alice")).orElseThrow();
        assertThat(dropped.state()).isEqualTo(State.DROPPED);
        assertThat(dropped.payload()).isEmpty();
        assertThat(await(held.drop(room, id, "carol")).orElseThrow().decidedBy())
                .isEqualTo("alice");
        assertThat(await(held.drop(room, id + 1, "alice"))).isEmpty();
        assertThat(await(held.drop(room("b"), id, "alice"))).isEmpty();
    }
}
