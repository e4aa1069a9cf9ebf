package io.keck.room;

import io.keck.crdt.Doc;
import io.keck.crdt.store.Update;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The documents of this node's rooms: a request keeps its room loaded while it lasts. Thread-safe. */
final class RoomDocuments implements Documents {
    private final Rooms rooms;
    private final RoomContext context;

    RoomDocuments(Rooms rooms, RoomContext context) {
        this.rooms = rooms;
        this.context = context;
    }

    @Override
    public <T extends @Nullable Object> CompletionStage<Answer<T>> read(
            String name, boolean local, Function<Doc, T> reader) {
        return ask(
                name, false, local, (room, at, stale, answer) -> room.document().read(at, stale, reader, answer));
    }

    @Override
    public <T extends @Nullable Object> CompletionStage<Answer<T>> write(
            String name, @Nullable String key, Consumer<Doc> edit, Function<Doc, T> afterwards) {
        return RoomDocuments.<T>handled(
                this.<T>ask(name, false, false, (room, at, stale, answer) -> {
                    UpdateLog.Damage damage = room.damage();
                    if (damage != null) {
                        answer.completeExceptionally(new QuarantinedException(damage));
                    } else if (stale) {
                        answer.completeExceptionally(new UnavailableException("the database does not answer", false));
                    } else {
                        room.document().edit(at, key, edit, afterwards, answer);
                    }
                }),
                () -> read(name, false, afterwards));
    }

    /** An edit that was made before: how the document is now. */
    private static <T extends @Nullable Object> CompletionStage<Answer<T>> handled(
            CompletionStage<Answer<T>> answer, java.util.function.Supplier<CompletionStage<Answer<T>>> again) {
        return answer.handle((value, error) -> {
                    if (error == null) {
                        return CompletableFuture.completedStage(value);
                    }
                    Throwable cause = Journal.cause(error);
                    return cause instanceof UpdateLog.KeyUsedException
                            ? again.get()
                            : CompletableFuture.<Answer<T>>failedStage(cause);
                })
                .thenCompose(stage -> stage);
    }

    @Override
    public CompletionStage<Answer<Long>> client(String name) {
        return ask(
                name, false, false, (room, at, stale, answer) -> room.document().client(at, stale, answer));
    }

    @Override
    public CompletionStage<Boolean> create(String name) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        context.log().find(name).whenComplete((found, error) -> {
            Throwable cause = Journal.cause(error);
            if (found != null) {
                done.complete(false);
            } else if (cause instanceof RoomMissingException) {
                this.<Boolean>ask(
                                name,
                                true,
                                true,
                                (room, at, stale, answer) ->
                                        answer.complete(new Answer<>(true, at.roomId(), at.seq(), stale)))
                        .whenComplete((answer, failure) -> complete(done, true, failure));
            } else {
                complete(done, false, error);
            }
        });
        return done;
    }

    @Override
    public CompletionStage<Boolean> init(String name, Update content, boolean replace) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        long link = 1 | (context.ids().get().getLeastSignificantBits() & Long.MAX_VALUE);
        context.log()
                .init(name, context.ids().get(), link, content.encode(), replace)
                .whenComplete((id, error) -> {
                    if (error == null && id.isPresent()) {
                        rooms.replaced(name);
                    }
                    complete(done, error == null && id.isPresent(), error);
                });
        return done;
    }

    private static void complete(CompletableFuture<Boolean> done, boolean value, @Nullable Throwable error) {
        Throwable cause = Journal.cause(error);
        if (cause == null) {
            done.complete(value);
        } else {
            done.completeExceptionally(
                    cause instanceof RoomMissingException
                                    || cause instanceof UnavailableException
                                    || cause instanceof UpdateLog.RoomGoneException
                            ? cause
                            : new UnavailableException("the database does not answer", true));
        }
    }

    @Override
    public CompletionStage<Answer<byte[]>> export(String name) {
        return ask(name, false, false, (room, at, stale, answer) -> {
            UpdateLog.Damage damage = room.damage();
            if (damage == null) {
                answer.complete(new Answer<>(room.store().encode(), at.roomId(), at.seq(), stale));
            } else {
                answer.completeExceptionally(new QuarantinedException(damage)); // it is whole or refused
            }
        });
    }

    @Override
    public CompletionStage<Boolean> delete(String name) {
        return rooms.delete(name);
    }

    /** What to do in the room's turn. */
    @FunctionalInterface
    private interface Action<T extends @Nullable Object> {
        void run(Room room, Journal.Position at, boolean stale, CompletableFuture<Answer<T>> answer);
    }

    private <T extends @Nullable Object> CompletionStage<Answer<T>> ask(
            String name, boolean create, boolean local, Action<T> action) {
        CompletableFuture<Answer<T>> answer = new CompletableFuture<>();
        if (rooms.isDraining()) {
            answer.completeExceptionally(new UnavailableException("the server restarts", false));
            return answer;
        }
        Room room = rooms.lend(name, create);
        var unused = answer.whenComplete((value, error) -> room.release());
        room.request(local, new Request() {
            @Override
            void served(Journal.Position at, boolean unsaved) {
                action.run(room, at, stale || unsaved, answer);
            }

            @Override
            void refused(RuntimeException error) {
                answer.completeExceptionally(error);
            }
        });
        return answer;
    }
}
