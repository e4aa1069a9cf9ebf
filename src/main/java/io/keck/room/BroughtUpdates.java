package io.keck.room;

import io.keck.access.Allowance;
import io.keck.access.Author;
import io.keck.access.Grant;
import io.keck.crdt.store.Update;
import io.keck.failure.OtherLife;
import io.keck.failure.Refused;
import io.keck.failure.RoomDamaged;
import io.keck.failure.RoomGone;
import io.keck.failure.Unavailable;
import io.keck.room.Documents.Answer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Updates that back ends bring over HTTP. An update under an idempotency key is bound to the life in which its key is
 * stored first: a repeat is carried out again there, because it adds nothing, and in no other life. Thread-safe.
 */
final class BroughtUpdates {
    private final Lives lives;
    private final RoomContext context;

    BroughtUpdates(Lives lives, RoomContext context) {
        this.lives = lives;
        this.context = context;
    }

    /**
     * Brings an update.
     *
     * @param epoch the room id of the life that it is for; {@link Documents#ANY_LIFE} for any
     * @param answer completed by the caller when it stops waiting
     */
    CompletionStage<Answer<Boolean>> bring(
            Grant grant,
            Update update,
            Allowance allowance,
            long epoch,
            @Nullable RequestKey key,
            CompletableFuture<Answer<Boolean>> answer) {
        if (key == null) {
            return bring(grant, update, allowance, epoch, answer);
        }
        return keep(grant.document(), epoch, key)
                .thenCompose(kept -> bring(grant, update, allowance, kept.roomId(), answer)
                        .exceptionallyCompose(error -> Replica.cause(error) instanceof OtherLife
                                ? CompletableFuture.completedStage(kept) // that life has ended, with what was in it
                                : CompletableFuture.failedStage(error)));
    }

    private CompletionStage<Answer<Boolean>> bring(
            Grant grant, Update update, Allowance allowance, long epoch, CompletableFuture<Answer<Boolean>> answer) {
        Author author = Author.byRequest(grant);
        String name = grant.document();
        return lives.ask(name, false, false, (room, at, stale, done) -> {
            if (isFit(room, at, stale, epoch, done)) {
                var unused = answer.whenComplete((given, up) -> {
                    if (up != null) {
                        done.completeExceptionally(up);
                    }
                });
                new BroughtUpdate(name, author, allowance, room::position, done).bring(room, at, context, update);
            }
        });
    }

    /** Stores the key in the life that the name has, unless it is known; the life in which it was stored first. */
    private CompletionStage<Answer<Boolean>> keep(String name, long epoch, RequestKey key) {
        return lives.ask(name, false, false, (room, at, stale, done) -> {
            if (!isFit(room, at, stale, epoch, done)) {
                return;
            }
            var unused = context.log().keep(at.roomId(), key).whenComplete((kept, failure) -> {
                Throwable error = Replica.cause(failure);
                if (error == null) {
                    done.complete(new Answer<>(true, at.roomId(), at.seq(), false));
                } else if (error instanceof Refused used && !used.isOfAnotherRequest()) {
                    done.complete(new Answer<>(true, used.roomId(), at.seq(), false));
                } else if (error instanceof RoomGone) {
                    done.completeExceptionally(new LifeEndedException(name));
                } else if (error instanceof Refused) {
                    done.completeExceptionally(error);
                } else {
                    // nothing of the update was done, whatever became of the key
                    done.completeExceptionally(new Unavailable("the database does not answer: " + error, false));
                }
            });
        });
    }

    /** Whether an update can be brought into a room; ends the call if it cannot. */
    private static boolean isFit(
            Room room, Replica.Position at, boolean stale, long epoch, CompletableFuture<Answer<Boolean>> done) {
        UpdateLog.Damage damage = room.damage();
        if (damage != null) {
            done.completeExceptionally(new RoomDamaged(at.roomId(), damage.what()));
        } else if (stale) {
            done.completeExceptionally(new Unavailable("the database does not answer", false));
        } else if (epoch != Documents.ANY_LIFE && epoch != at.roomId()) {
            done.completeExceptionally(new OtherLife(at.roomId()));
        } else {
            return true;
        }
        return false;
    }
}
