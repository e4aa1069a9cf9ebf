package io.keck.room;

import io.keck.access.Allowance;
import io.keck.access.Author;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomMissing;
import io.keck.failure.TooLarge;
import io.keck.failure.Unavailable;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import io.keck.room.Documents.Answer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An update that a back end sends over HTTP. It enters the room like that of any connection, under the same rules and limits,
 * and is a member of the room until its outcome is known. Thread-safe.
 */
final class BroughtUpdate implements Connection {
    private final String room;
    private final @Nullable Author author;
    private final Allowance allowance;
    /** Returns the position of the room. */
    private final Supplier<Replica.@Nullable Position> position;

    private final CompletableFuture<Answer<Boolean>> answer;
    private volatile @Nullable String denied;

    /** @param answer completed once with whether all of the update is committed; completed from outside if its caller gives up */
    BroughtUpdate(
            String room,
            @Nullable Author author,
            Allowance allowance,
            Supplier<Replica.@Nullable Position> position,
            CompletableFuture<Answer<Boolean>> answer) {
        this.room = room;
        this.author = author;
        this.allowance = allowance;
        this.position = position;
        this.answer = answer;
    }

    /** Takes a seat in the room and hands over the update. Called in a turn of the room. */
    void bring(Room to, Replica.Position at, RoomContext context, Update update) {
        Place place = new Place(this, context.settings().maxInbound(), context.metrics()::nanos);
        var unused = answer.whenComplete((done, error) -> place.leave());
        place.run(to, at, false, new CompletableFuture<>());
        place.receive(List.of(new Message.SyncUpdate(update)), update.length());
    }

    private void tell(boolean isWhole) {
        Replica.Position now = position.get();
        long roomId = now == null ? 0 : now.roomId();
        long seq = now == null ? 0 : now.seq();
        answer.complete(new Answer<>(isWhole, roomId, seq, false));
    }

    @Override
    public boolean hearsOfSaved() {
        return true;
    }

    @Override
    public void saved(long reached) {
        tell(true);
    }

    @Override
    public void heldBack() {
        String why = denied;
        if (why == null) {
            tell(false);
        } else {
            answer.completeExceptionally(new TooLarge(why));
        }
    }

    /** Ignores everything that the room sends, except the reason why it refuses the update. */
    @Override
    public void send(byte[] frame) {
        if (frame[0] == Message.AUTH) {
            Decoder in = new Decoder(frame);
            in.position(2);
            denied = in.readVarString();
        }
    }

    @Override
    public void close(CloseReason reason) {
        if (reason.code() == CloseReason.deleted().code()) {
            answer.completeExceptionally(new RoomMissing(room));
        } else {
            answer.completeExceptionally(new Unavailable(reason.text(), true));
        }
    }

    @Override
    public void pause() {} // the back end sends nothing more

    @Override
    public void resume() {}

    @Override
    public @Nullable Author author() {
        return author;
    }

    @Override
    public @Nullable String whyNotGrow(long bytes) {
        return allowance.whyNotGrow(bytes);
    }

    @Override
    public long backlog() {
        return 0;
    }

    @Override
    public long lastProgress() {
        return Long.MAX_VALUE;
    }

    /** Always recent, so that the room sends no keep-alive. */
    @Override
    public long lastSend() {
        return Long.MAX_VALUE;
    }

    @Override
    public long ping() {
        return 0;
    }

    @Override
    public boolean hasAnswered(long ping) {
        return true;
    }
}
