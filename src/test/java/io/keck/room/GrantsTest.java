package io.keck.room;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.access.Grant;
import io.keck.access.Right;
import io.keck.crdt.store.Update;
import io.keck.failure.Forbidden;
import io.keck.testing.Grants;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Rooms ask every grant for the right that they need, whoever let its holder in. */
class GrantsTest {
    private static final String ROOM = "board";

    private final World world = new World();
    private final Documents documents = world.rooms.documents();

    /** Each call of the port, with all rights that it needs. */
    private Map<Function<Grant, CompletionStage<?>>, Set<Right>> calls() {
        Map<Function<Grant, CompletionStage<?>>, Set<Right>> calls = new LinkedHashMap<>();
        calls.put(grant -> documents.read(grant, false, doc -> 1), EnumSet.of(Right.READ));
        calls.put(grant -> documents.read(grant, true, doc -> 1), EnumSet.of(Right.READ));
        calls.put(grant -> documents.client(grant), EnumSet.of(Right.READ));
        calls.put(grant -> documents.presence(grant), EnumSet.of(Right.READ, Right.PRESENT));
        calls.put(grant -> documents.export(grant, new Exports(Runnable::run, 1), store -> 1), EnumSet.of(Right.READ));
        calls.put(grant -> documents.write(grant, null, doc -> {}, doc -> 1), EnumSet.of(Right.READ, Right.WRITE));
        calls.put(grant -> documents.create(grant, doc -> 1), EnumSet.of(Right.READ, Right.CREATE));
        calls.put(grant -> documents.init(grant, Update.EMPTY, false), EnumSet.of(Right.CREATE));
        calls.put(grant -> documents.init(grant, Update.EMPTY, true), EnumSet.of(Right.CREATE, Right.REPLACE));
        calls.put(grant -> documents.delete(grant), EnumSet.of(Right.DELETE));
        calls.put(grant -> documents.broadcast(grant, "x"), EnumSet.of(Right.MESSAGES));
        calls.put(grant -> world.rooms.find(grant), EnumSet.of(Right.READ));
        return calls;
    }

    /** Every call without one of its rights is refused and does nothing; with exactly its rights it is not. */
    @Test
    void everyCall_needsItsRights() {
        calls().forEach((call, needed) -> {
            for (Right missing : needed) {
                EnumSet<Right> rights = EnumSet.allOf(Right.class);
                rights.remove(missing);
                CompletableFuture<?> refused = done(call, grant(rights));
                assertThat(refused.isCompletedExceptionally())
                        .as("%s without %s", needed, missing)
                        .isTrue();
                assertThatThrownBy(refused::join).hasRootCauseInstanceOf(Forbidden.class);
            }
            world.settle();
            assertThat(world.rooms.size()).as("what is refused opens no room").isZero();
        });
        calls().forEach((call, needed) -> {
            CompletableFuture<?> let = done(call, grant(needed));
            world.settle();
            assertThat(let)
                    .satisfiesAnyOf(
                            stage -> assertThat(stage).isCompleted(),
                            stage -> assertThatThrownBy(stage::join)
                                    .hasRootCauseInstanceOf(io.keck.failure.RoomMissing.class));
        });
    }

    private static CompletableFuture<?> done(Function<Grant, CompletionStage<?>> call, Grant grant) {
        try {
            return call.apply(grant).toCompletableFuture();
        } catch (Forbidden refused) {
            return CompletableFuture.failedFuture(new IllegalStateException(refused));
        }
    }

    private static Grant grant(Set<Right> rights) {
        return Grants.of("alice", ROOM, rights.toArray(Right[]::new));
    }

    @Test
    void seatsAndWatchers_needTheRightToRead() {
        Right[] others = Arrays.stream(Right.values())
                .filter(right -> right != Right.READ)
                .toArray(Right[]::new);
        Grant blind = Grants.of("alice", ROOM, others);
        FakeConnection connection = new FakeConnection(() -> world.now, frame -> {});
        assertThatThrownBy(() -> world.rooms.join(blind, connection)).isInstanceOf(Forbidden.class);
        assertThatThrownBy(() -> world.rooms.watch(blind, new Watcher() {
                    @Override
                    public void risen(long roomId, long seq) {}

                    @Override
                    public void wentBack() {}

                    @Override
                    public void ended(RuntimeException why) {}
                }))
                .isInstanceOf(Forbidden.class);
        assertThat(world.rooms.size()).isZero();
    }
}
