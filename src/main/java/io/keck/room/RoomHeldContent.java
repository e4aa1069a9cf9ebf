package io.keck.room;

import io.keck.access.Grant;
import io.keck.access.Right;
import io.keck.failure.Forbidden;
import io.keck.failure.RoomDamaged;
import io.keck.failure.Unavailable;
import io.keck.room.HeldUpdates.Entry;
import io.keck.room.HeldUpdates.State;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The held updates of this node's rooms. Thread-safe. */
final class RoomHeldContent implements HeldContent {
    private final Lives lives;
    private final Held held;

    RoomHeldContent(Lives lives, Held held) {
        this.lives = lives;
        this.held = held;
    }

    private static <T extends @Nullable Object> CompletionStage<T> with(
            Grant grant, Supplier<CompletionStage<T>> act, Right... rights) {
        try {
            grant.demand(rights);
        } catch (Forbidden refused) {
            return CompletableFuture.failedStage(refused);
        }
        return act.get();
    }

    @Override
    public CompletionStage<List<Entry>> list(Grant grant) {
        return with(
                grant, () -> life(grant).thenCompose(id -> stored(held.store().ofRoom(id))), Right.READ);
    }

    @Override
    public CompletionStage<Optional<Entry>> find(Grant grant, long id) {
        return with(
                grant, () -> life(grant).thenCompose(life -> stored(held.store().find(life, id))), Right.READ);
    }

    private CompletionStage<Long> life(Grant grant) {
        return lives.ask(grant.document(), false, true, (loaded, at, stale, answer) -> answer.complete(at.roomId()));
    }

    @Override
    public CompletionStage<@Nullable Entry> takeIn(Grant grant, Entry entry) {
        if (entry.state() != State.HELD) {
            return CompletableFuture.completedStage(entry);
        }
        String by = grant.principal().id();
        return RoomHeldContent.<@Nullable Entry>with(
                grant,
                () -> lives.ask(grant.document(), false, false, (loaded, at, stale, answer) -> {
                    UpdateLog.Damage damage = loaded.damage();
                    if (damage != null) {
                        answer.completeExceptionally(new RoomDamaged(at.roomId(), damage.what()));
                    } else if (stale) {
                        answer.completeExceptionally(new Unavailable("the database does not answer", false));
                    } else if (at.roomId() != entry.roomId()) {
                        answer.complete(null); // another document has the name now
                    } else {
                        loaded.members().heldEdits().takeIn(held, entry, by, answer);
                    }
                }),
                Right.READ,
                Right.WRITE);
    }

    @Override
    public CompletionStage<Optional<Entry>> drop(Grant grant, Entry entry) {
        return with(
                grant,
                () -> stored(held.store()
                        .drop(entry.roomId(), entry.id(), grant.principal().id())),
                Right.READ,
                Right.WRITE);
    }

    private static <T> CompletionStage<T> stored(CompletionStage<T> stage) {
        return stage.handle((value, error) -> error == null
                        ? CompletableFuture.completedStage(value)
                        : CompletableFuture.<T>failedStage(new Unavailable("the database does not answer", true)))
                .thenCompose(next -> next);
    }
}
