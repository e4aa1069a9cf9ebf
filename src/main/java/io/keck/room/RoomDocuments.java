package io.keck.room;

import io.keck.access.Allowance;
import io.keck.access.Author;
import io.keck.access.Grant;
import io.keck.access.Right;
import io.keck.crdt.Doc;
import io.keck.crdt.store.StructStore;
import io.keck.crdt.store.Update;
import io.keck.failure.Forbidden;
import io.keck.failure.NameRefused;
import io.keck.failure.Refused;
import io.keck.failure.RoomDamaged;
import io.keck.failure.RoomMissing;
import io.keck.failure.TooLarge;
import io.keck.failure.Unavailable;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.Message;
import io.keck.protocol.RoomName;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The documents of this node's rooms. A request keeps its room loaded until it is answered. Thread-safe. */
final class RoomDocuments implements Documents {
    private static final Logger LOG = LoggerFactory.getLogger(RoomDocuments.class);
    /** How often other back ends may delete and create the room before a create is refused. */
    private static final int ATTEMPTS = 10;

    private final Rooms rooms;
    private final RoomContext context;

    RoomDocuments(Rooms rooms, RoomContext context) {
        this.rooms = rooms;
        this.context = context;
    }

    /** Runs an action, or fails if the grant lacks one of the rights. */
    private static <T extends @Nullable Object> CompletionStage<T> with(
            Grant grant, Function<String, CompletionStage<T>> act, Right... rights) {
        try {
            grant.demand(rights);
        } catch (Forbidden refused) {
            return CompletableFuture.failedStage(refused);
        }
        return act.apply(grant.document());
    }

    @Override
    public @Nullable HeldContent held() {
        return rooms.held();
    }

    @Override
    public <T extends @Nullable Object> CompletionStage<Answer<T>> readInParts(
            Grant grant, boolean local, Function<Doc, Reading<T>> reader) {
        return with(grant, name -> read(name, local, reader), Right.READ);
    }

    private <T extends @Nullable Object> CompletionStage<Answer<T>> read(
            String name, boolean local, Function<Doc, Reading<T>> reader) {
        return ask(name, local, (room, at, stale, answer) -> room.document().read(at, stale, reader, answer));
    }

    @Override
    public <T extends @Nullable Object> CompletionStage<Answer<T>> writeInParts(
            Grant grant, @Nullable RequestKey key, Consumer<Doc> edit, Function<Doc, Reading<T>> afterwards) {
        return with(
                grant, name -> write(name, Author.byRequest(grant), key, edit, afterwards), Right.READ, Right.WRITE);
    }

    private <T extends @Nullable Object> CompletionStage<Answer<T>> write(
            String name,
            Author author,
            @Nullable RequestKey key,
            Consumer<Doc> edit,
            Function<Doc, Reading<T>> afterwards) {
        return RoomDocuments.<T>handled(
                this.<T>ask(name, false, (room, at, stale, answer) -> {
                    UpdateLog.Damage damage = room.damage();
                    if (damage != null) {
                        answer.completeExceptionally(new RoomDamaged(at.roomId(), damage.what()));
                    } else if (stale) {
                        answer.completeExceptionally(new Unavailable("the database does not answer", false));
                    } else {
                        room.document().edit(at, key, author, edit, afterwards, answer);
                    }
                }),
                () -> read(name, false, afterwards));
    }

    /** Answers a repeated edit from the current document. */
    private static <T extends @Nullable Object> CompletionStage<Answer<T>> handled(
            CompletionStage<Answer<T>> answer, Supplier<CompletionStage<Answer<T>>> again) {
        return otherwise(
                answer,
                cause -> cause instanceof Refused used
                        ? repeated(used, () -> asItIs(again.get()))
                        : CompletableFuture.failedStage(cause));
    }

    /** The answer to a request whose key was used before. */
    private static <T extends @Nullable Object> CompletionStage<T> repeated(
            Refused used, Supplier<CompletionStage<T>> answer) {
        return used.isOfAnotherRequest() ? CompletableFuture.failedStage(used) : answer.get();
    }

    /**
     * Reads for the answer to a request that was carried out before. A failure of this read does not mean that the
     * request failed, except if the room is missing, which then includes the effect of the request.
     */
    private static <T> CompletionStage<T> asItIs(CompletionStage<T> read) {
        return otherwise(
                read,
                failure -> CompletableFuture.failedStage(
                        failure instanceof RoomMissing ? failure : RoomDocument.doneButNotRead(failure)));
    }

    @Override
    public CompletionStage<Answer<Long>> client(Grant grant) {
        return with(grant, this::client, Right.READ);
    }

    private CompletionStage<Answer<Long>> client(String name) {
        return ask(name, false, (room, at, stale, answer) -> room.document().client(at, stale, answer));
    }

    @Override
    public <T extends @Nullable Object> CompletionStage<Answer<T>> createInParts(
            Grant grant, @Nullable RequestKey key, Function<Doc, Reading<T>> reader) {
        return with(grant, name -> nameOfNew(name, () -> createNamed(name, key, reader)), Right.READ, Right.CREATE);
    }

    /** Carries out an act, unless no room has the name and none may be created under it. */
    private <T> CompletionStage<T> nameOfNew(String name, Supplier<CompletionStage<T>> act) {
        Optional<String> problem = RoomName.problemOfNew(name);
        if (problem.isEmpty()) {
            return act.get();
        }
        return otherwise(
                        client(name).thenApply(there -> true),
                        cause -> CompletableFuture.failedStage(
                                cause instanceof RoomMissing ? new NameRefused(problem.get()) : cause))
                .thenCompose(there -> act.get());
    }

    private <T extends @Nullable Object> CompletionStage<Answer<T>> createNamed(
            String name, @Nullable RequestKey key, Function<Doc, Reading<T>> reader) {
        if (key == null) {
            return create(name, reader, 1);
        }
        if (rooms.isDraining()) {
            return restarting();
        }
        T empty = Reading.all(reader.apply(new Doc()));
        return acted(
                context.log().create(name, key),
                id -> id.isPresent() ? created(name, id.get(), empty) : asItIs(read(name, false, reader)),
                used -> asItIs(read(name, false, reader)));
    }

    private <T extends @Nullable Object> CompletionStage<Answer<T>> create(
            String name, Function<Doc, Reading<T>> reader, int attempt) {
        return otherwise(read(name, false, reader), cause -> {
            if (!(cause instanceof RoomMissing)) {
                return CompletableFuture.failedStage(cause); // nothing has been done yet
            }
            T empty = Reading.all(reader.apply(new Doc()));
            return outcome(context.log().create(name)).thenCompose(id -> {
                if (id.isPresent()) {
                    return created(name, id.get(), empty);
                }
                return attempt < ATTEMPTS
                        ? create(name, reader, attempt + 1) // another back end has created it meanwhile
                        : CompletableFuture.failedStage(
                                new Unavailable("other back ends keep deleting and creating " + name, false));
            });
        });
    }

    private <T extends @Nullable Object> CompletionStage<Answer<T>> created(String name, long id, T empty) {
        return settled(name, new UpdateLog.Begun(id, List.of()), new Answer<>(empty, id, 0, false));
    }

    @Override
    public CompletionStage<Optional<Answer<byte[]>>> init(
            Grant grant, Update content, boolean replace, @Nullable RequestKey key) {
        Author author = Author.byRequest(grant);
        return with(
                grant,
                name -> nameOfNew(name, () -> initNamed(name, author, content, replace, key)),
                replace ? new Right[] {Right.CREATE, Right.REPLACE} : new Right[] {Right.CREATE});
    }

    private CompletionStage<Optional<Answer<byte[]>>> initNamed(
            String name, Author author, Update content, boolean replace, @Nullable RequestKey key) {
        if (rooms.isDraining()) {
            return restarting();
        }
        StructStore whole = new StructStore();
        whole.apply(content);
        byte[] written = whole.encode();
        DocumentLimits limits = context.settings().document();
        if (written.length > limits.maxBytes()
                || whole.clientCount() > limits.maxClients()
                || whole.structCount() > limits.maxStructs()) {
            return CompletableFuture.failedStage(new TooLarge("The content has " + written.length + " bytes, "
                    + whole.clientCount() + " clients and " + whole.structCount() + " structs. A document may have "
                    + limits.maxBytes() + ", " + limits.maxClients() + " and " + limits.maxStructs() + "."));
        }
        long link = Link.random(context.ids().get());
        context.metrics().emptyStructs(content.emptyCount());
        return acted(
                context.log()
                        .init(
                                name,
                                new UpdateLog.Entry(context.ids().get(), link, content.encode(), author),
                                replace,
                                key),
                life -> life.isEmpty()
                        ? CompletableFuture.completedStage(Optional.empty())
                        : settled(
                                name,
                                life.get(),
                                Optional.of(new Answer<>(written, life.get().roomId(), 1, false))),
                used -> used.roomId() == 0
                        ? CompletableFuture.completedStage(Optional.empty()) // the first request did nothing either
                        : asItIs(whole(name)).thenApply(Optional::of));
    }

    /** The answer to an act, or to a repetition with the same key. */
    private static <A, T extends @Nullable Object> CompletionStage<T> acted(
            CompletionStage<A> act,
            Function<A, CompletionStage<T>> done,
            Function<Refused, CompletionStage<T>> before) {
        return act.handle((value, error) -> {
                    if (error == null) {
                        return done.apply(value);
                    }
                    return Replica.cause(error) instanceof Refused used
                            ? RoomDocuments.<T>repeated(used, () -> before.apply(used))
                            : outcome(act).thenCompose(done);
                })
                .thenCompose(next -> next);
    }

    private static <T extends @Nullable Object> CompletionStage<T> restarting() {
        return CompletableFuture.failedStage(new Unavailable("the server is restarting", false));
    }

    /**
     * The answer, once this node has adopted the new life. The act is committed, so later failures do not change the
     * answer.
     */
    private <T> CompletionStage<T> settled(String name, UpdateLog.Begun life, T answer) {
        CompletionStage<Void> met;
        try {
            met = rooms.begun(name, life);
        } catch (RuntimeException e) {
            LOG.error(
                    "Room {} was created, but the previous room of this name could not be closed on this" + " node",
                    name,
                    e);
            met = CompletableFuture.completedStage(null);
        }
        return met.handle((done, error) -> answer);
    }

    /** Maps the failures of a change that was handed to the log; the outcome is unknown unless the log states it. */
    private static <T> CompletionStage<T> outcome(CompletionStage<T> change) {
        return otherwise(
                change,
                cause -> CompletableFuture.failedStage(
                        cause instanceof Unavailable
                                ? cause
                                : new Unavailable("the database does not answer: " + cause, true)));
    }

    /** A stage, or its replacement after a failure. */
    private static <T extends @Nullable Object> CompletionStage<T> otherwise(
            CompletionStage<T> stage, Function<Throwable, CompletionStage<T>> failed) {
        return stage.handle((value, error) -> {
                    Throwable cause = Replica.cause(error);
                    return cause == null ? CompletableFuture.<T>completedStage(value) : failed.apply(cause);
                })
                .thenCompose(next -> next);
    }

    @Override
    public CompletableFuture<Answer<Boolean>> update(
            Grant grant, Update update, Allowance allowance, long epoch, @Nullable RequestKey key) {
        CompletableFuture<Answer<Boolean>> answer = new CompletableFuture<>();
        CompletionStage<Answer<Boolean>> brought = with(
                grant,
                name -> rooms.isDraining()
                        ? restarting()
                        : new BroughtUpdates(rooms.lives(), context)
                                .bring(grant, update, allowance, epoch, key, answer),
                Right.WRITE);
        var unused = brought.whenComplete((value, error) -> {
            if (error == null) {
                answer.complete(value);
            } else {
                answer.completeExceptionally(error);
            }
        });
        return answer;
    }

    @Override
    public CompletionStage<Answer<List<AwarenessState>>> presence(Grant grant) {
        return with(
                grant,
                name -> this.<List<AwarenessState>>ask(
                        name,
                        false,
                        (room, at, stale, answer) -> answer.complete(
                                new Answer<>(room.members().awareness().states(), at.roomId(), at.seq(), stale))),
                Right.READ,
                Right.PRESENT);
    }

    @Override
    public CompletionStage<Names> list(Grant grant, String prefix, String after, int limit) {
        return DocumentNames.list(context.log(), grant.caller(), prefix, after, limit);
    }

    @Override
    public CompletionStage<Answer<Boolean>> broadcast(Grant grant, String text) {
        if (text.length() > Message.MAX_TEXT) {
            throw new IllegalArgumentException("a message has " + Message.MAX_TEXT + " characters at most");
        }
        return with(
                grant,
                name -> this.<Boolean>ask(name, true, (room, at, stale, answer) -> {
                    room.members().messages().broadcast(text);
                    answer.complete(new Answer<>(true, at.roomId(), at.seq(), stale));
                }),
                Right.MESSAGES);
    }

    @Override
    public CompletionStage<Answer<Boolean>> find(Grant grant) {
        return with(
                grant,
                name -> this.<Boolean>ask(
                        name,
                        false,
                        (room, at, stale, answer) -> answer.complete(new Answer<>(true, at.roomId(), at.seq(), stale))),
                Right.READ);
    }

    /** Returns the content of a room that the request has created. */
    private CompletionStage<Answer<byte[]>> whole(String name) {
        return export(name, new Exports(Runnable::run, 1), StructStore::encode);
    }

    @Override
    public <T extends @Nullable Object> CompletionStage<Answer<T>> export(
            Grant grant, Exports exports, Function<StructStore, T> writer) {
        return with(grant, name -> export(name, exports, writer), Right.READ);
    }

    private <T extends @Nullable Object> CompletionStage<Answer<T>> export(
            String name, Exports exports, Function<StructStore, T> writer) {
        return ask(
                name,
                false,
                (room, at, stale, answer) -> exports.enter(() -> room.lend((whyNot, giveBack) -> {
                    Runnable work = () -> {
                        Runnable done;
                        try {
                            Answer<T> whole = export(room, at.roomId(), whyNot, stale, writer);
                            done = () -> answer.complete(whole);
                        } catch (RuntimeException | Error e) {
                            done = () -> answer.completeExceptionally(e);
                            if (e instanceof OutOfMemoryError exhausted) {
                                done.run();
                                throw exhausted; // the thread decides whether the process continues
                            }
                        } finally {
                            giveBack.run();
                            exports.leave();
                        }
                        done.run();
                    };
                    try {
                        exports.run(work);
                    } catch (RejectedExecutionException e) {
                        work.run(); // the server is shutting down
                    }
                })));
    }

    private static <T extends @Nullable Object> Answer<T> export(
            Room room, long roomId, @Nullable RuntimeException whyNot, boolean stale, Function<StructStore, T> writer) {
        if (whyNot != null) {
            throw whyNot;
        }
        UpdateLog.Damage damage = room.damage();
        if (damage != null) {
            throw new RoomDamaged(roomId, damage.what());
        }
        Replica.Position at = room.position();
        if (at == null) {
            throw new Unavailable("the document is not loaded", false);
        }
        return new Answer<>(writer.apply(room.store()), at.roomId(), at.seq(), stale);
    }

    @Override
    public CompletionStage<Boolean> delete(Grant grant, @Nullable RequestKey key) {
        return with(grant, name -> delete(name, key), Right.DELETE);
    }

    private CompletionStage<Boolean> delete(String name, @Nullable RequestKey key) {
        return acted(rooms.delete(name, key), CompletableFuture::completedStage, used -> {
            context.bus().deleted(name); // the node that deleted it may have failed before it told the others
            return rooms.lives().settle(name).thenApply(settled -> false);
        });
    }

    private <T extends @Nullable Object> CompletionStage<Answer<T>> ask(
            String name, boolean local, Lives.Errand<Answer<T>> errand) {
        return rooms.isDraining() ? restarting() : rooms.lives().ask(name, false, local, errand);
    }
}
