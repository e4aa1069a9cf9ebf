package io.keck.room;

import io.keck.access.Author;
import io.keck.crdt.Doc;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomMissing;
import io.keck.failure.TooCostly;
import io.keck.failure.Unavailable;
import io.keck.room.Documents.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The typed document of a room, for back ends. It is built at the first request and then follows the replica. It has
 * turns of its own, so that no room waits for a large read. A call from a turn of the room is answered from the
 * document as of that turn, because calls and updates reach the document in one order.
 *
 * <p><b>Edits</b> run on a fork, which also contains the uncommitted edits. If one of them cannot be committed, the
 * fork is discarded with everything that depends on it. A fork has a random client id that is never reused, so no id
 * ever stands for two contents. Edits with a key share a second fork, because one of them may turn out to be a
 * repetition: then the edits after it are repeated on a new fork.
 *
 * <p><b>Too costly.</b> Integration yields to other documents ({@link DocumentTurns}). A document that takes too many
 * steps is given up, and this node does not build it again for {@link DocumentCopies#COOL_OFF} milliseconds: back ends
 * get {@link TooCostly}, while connections are not affected, because the replica needs no such steps. The mark belongs
 * to this life of the name: a document that replaces it is not marked.
 *
 * <p><b>Answers</b> to edits are made from the document that includes the edit's row. So the document stays in memory
 * while edits are in progress, regardless of the budget. A failure after the commit is never reported as an edit that
 * was not made, but as an unknown outcome.
 */
final class RoomDocument {
    private static final Logger LOG = LoggerFactory.getLogger(RoomDocument.class);

    /** How often an edit with a key is repeated because an earlier edit was not saved. */
    private static final int ATTEMPTS = 5;

    private static final String NO_MEMORY =
            "this node has no memory for another copy of so large a document now, please try again";

    private final RoomContext context;
    private final DocumentTurns turns;
    private final Consumer<Runnable> room;
    private final Supplier<byte[]> state;
    private final CopySizes sizes;
    private final Consumer<Edit> submit;
    private final DocumentBudget budget;

    /** Whether the document is built or being built. Used only in the room's turns. */
    private boolean fed;

    /** The number of edits in progress. Used only in the room's turns. */
    private int underWay;
    /** The number of times that the replica was replaced. */
    private int life;

    private final DocumentCopies copies;
    /** The room id as of the last request. Used only in the room's turns. */
    private long roomId;

    /**
     * Creates the holder of a document that is not built yet.
     *
     * @param room posts a task to the turns of the room
     * @param state returns the encoded replica; called in turns of the room
     * @param heap estimates the bytes of heap of one typed copy of the replica; called in turns of the room
     * @param submit passes an edit to the room, in a turn of the room
     */
    RoomDocument(
            String name,
            RoomContext context,
            Safeguards safeguards,
            Consumer<Runnable> room,
            Supplier<byte[]> state,
            LongSupplier heap,
            Consumer<Edit> submit) {
        this.context = context;
        this.turns = new DocumentTurns(context.threads().documents(), this::broken, safeguards);
        this.room = room;
        this.state = state;
        this.sizes = new CopySizes(heap);
        this.submit = submit;
        this.budget = context.memory().documents();
        this.copies = new DocumentCopies(name, context, safeguards, turns, id -> room.accept(() -> gaveUp(id)));
    }

    // ------------------------------------------------------------------ in the turns of the room

    /** Called when the replica has applied an update. */
    void changed(Update update) {
        if (fed && update.forgetsUnheldDeletes()) {
            sizes.forget();
            begin(); // a typed document keeps deletes without structs
        } else if (fed) {
            sizes.grow(update);
            budget.grew(this, sizes.all());
            copies.take(update);
        }
    }

    /** Called when the replica was replaced. */
    void madeAnew() {
        life++;
        sizes.forget();
        if (fed) {
            begin();
        }
    }

    /**
     * Called when the room ends. Earlier calls that get their turn only now fail with this reason: an edit that changed
     * nothing is answered in a task of its own, and the end can come before it.
     */
    void end(RuntimeException why) {
        drop();
        turns.post(() -> copies.end(why));
    }

    /** Reads the current document. */
    <T extends @Nullable Object> void read(
            Replica.Position at, boolean stale, Function<Doc, Reading<T>> reader, CompletableFuture<Answer<T>> answer) {
        if (feed(at, Use.READ, answer)) {
            answer(at.roomId(), at.seq(), stale, reader, answer);
        }
    }

    /** Answers with the client id of the fork on which the next edit without a key will run. */
    void client(Replica.Position at, boolean stale, CompletableFuture<Answer<Long>> answer) {
        if (feed(at, Use.EDIT, answer)) {
            turns.begin(() -> {
                try {
                    if (!copies.isForkMade(false)) {
                        return false;
                    }
                } catch (RuntimeException | Error e) {
                    refuse(answer, e);
                    return true;
                }
                answer.complete(new Answer<>(copies.fork(false).doc.clientId(), at.roomId(), at.seq(), stale));
                return true;
            });
        }
    }

    /** Edits the document. */
    <T extends @Nullable Object> void edit(
            Replica.Position at,
            @Nullable RequestKey key,
            @Nullable Author author,
            Consumer<Doc> edit,
            Function<Doc, Reading<T>> afterwards,
            CompletableFuture<Answer<T>> answer) {
        underWay++;
        var unused = answer.whenComplete((value, error) -> room.accept(this::answered));
        if (feed(at, key == null ? Use.EDIT : Use.KEYED_EDIT, answer)) {
            turns.begin(() -> editNow(new Call<>(at, key, author, edit, afterwards, answer), ATTEMPTS));
        }
    }

    /** A requested edit. */
    private record Call<T extends @Nullable Object>(
            Replica.Position at,
            @Nullable RequestKey key,
            @Nullable Author author,
            Consumer<Doc> edit,
            Function<Doc, Reading<T>> afterwards,
            CompletableFuture<Answer<T>> answer) {}

    /** Runs the edit once the fork is built; returns whether that is done. */
    private <T extends @Nullable Object> boolean editNow(Call<T> call, int attempts) {
        Fork fork = null;
        Pending pending;
        try {
            if (!copies.isForkMade(call.key != null)) {
                return false;
            }
            fork = copies.fork(call.key != null);
            byte[] update = fork.edit(call.edit);
            if (update == null && call.key == null) {
                answerUnchanged(fork.fate, call.at, call.afterwards, call.answer);
                return true;
            }
            pending = pending(call, fork, update, attempts);
        } catch (RuntimeException | Error e) {
            if (fork != null && fork.isTouched()) {
                copies.forget(fork.fate);
            }
            refuse(call.answer, e);
            return true;
        }
        fork.fate.last = pending;
        room.accept(() -> submit.accept(pending));
        return true;
    }

    private <T extends @Nullable Object> Pending pending(
            Call<T> call, Fork fork, byte @Nullable [] update, int attempts) {
        // an earlier edit with a key on the same fork was not saved, so this one is repeated without it
        Runnable again = call.key == null || attempts <= 1
                ? null
                : () -> {
                    try {
                        turns.begin(() -> editNow(call, attempts - 1));
                    } catch (RuntimeException e) {
                        refuse(call.answer, e);
                    }
                };
        // an edit without changes may depend on earlier edits, which are committed when its key is stored
        return new Pending(
                fork.fate,
                call,
                update == null ? Update.EMPTY : Update.decode(update, DecodeLimits.OWN),
                (id, seq) -> answerMade(id, seq, call.afterwards, call.answer),
                again);
    }

    /** Answers an edit that changed nothing once the edits on which that may depend are committed. */
    private <T extends @Nullable Object> void answerUnchanged(
            Fork.Fate<Pending> fate,
            Replica.Position at,
            Function<Doc, Reading<T>> afterwards,
            CompletableFuture<Answer<T>> answer) {
        Pending last = fate.last;
        if (last == null || last.done) {
            answer(at.roomId(), at.seq(), false, afterwards, answer);
        } else {
            last.listeners.add(new Listener(
                    (id, seq) -> answer(id, seq, false, afterwards, answer), answer::completeExceptionally));
        }
    }

    /** Called when an edit was answered or given up. */
    private void answered() {
        underWay--;
        if (underWay == 0) {
            budget.edited(this);
        }
    }

    /** What a call needs. */
    private enum Use {
        READ,
        EDIT,
        KEYED_EDIT
    }

    /**
     * Begins to build the document if necessary; returns false, after failing the answer, if the document was too
     * costly recently or there is no memory for it.
     */
    private boolean feed(Replica.Position at, Use use, CompletableFuture<?> answer) {
        long wait = budget.costlyFor(at.roomId(), context.clock().getAsLong());
        if (wait > 0) {
            answer.completeExceptionally(new TooCostly(wait));
            return false;
        }
        boolean edits = use != Use.READ;
        if (!budget.admits(this, edits ? sizes.withFork(use == Use.KEYED_EDIT) : sizes.now(), edits)) {
            if (!fed) {
                sizes.forget();
            }
            answer.completeExceptionally(new Unavailable(NO_MEMORY, false));
            return false;
        }
        if (edits) {
            sizes.fork(use == Use.KEYED_EDIT);
        }
        roomId = at.roomId();
        if (fed) {
            budget.use(this, sizes.all(), underWay > 0);
        } else {
            begin();
        }
        return true;
    }

    private void begin() {
        fed = true;
        budget.use(this, sizes.now(), underWay > 0);
        copies.make(state.get(), life, roomId);
    }

    /** Called when this life of the document was too costly. */
    private void gaveUp(long id) {
        if (roomId == id) {
            drop();
        }
    }

    private void drop() {
        sizes.forget();
        if (fed) {
            fed = false;
            turns.post(copies::drop);
        }
        budget.remove(this);
    }

    // ------------------------------------------------------------------ from any thread

    /**
     * Drops the document because other documents need the heap; if edits have arrived meanwhile, it is counted again
     * instead.
     */
    void evict() {
        room.accept(() -> {
            if (!budget.isKept(underWay > 0)) {
                drop();
            }
        });
    }

    /** Answers from the document as it is after all earlier tasks of its turns. */
    private <T extends @Nullable Object> void answer(
            long roomId,
            long seq,
            boolean stale,
            Function<Doc, Reading<T>> reader,
            CompletableFuture<Answer<T>> answer) {
        turns.begin(new Reader<>(new Answer<>(reader, roomId, seq, stale), answer, error -> error));
    }

    /** Answers a committed edit: a failure from here on is reported as an unknown outcome. */
    private <T extends @Nullable Object> void answerMade(
            long roomId, long seq, Function<Doc, Reading<T>> afterwards, CompletableFuture<Answer<T>> answer) {
        turns.begin(new Reader<>(new Answer<>(afterwards, roomId, seq, false), answer, RoomDocument::doneButNotRead));
    }

    // ------------------------------------------------------------------ in turns of its own

    /** Makes an answer in as many turns as needed. */
    private final class Reader<T extends @Nullable Object> implements DocumentTurns.Task {
        private final Answer<Function<Doc, Reading<T>>> asked;
        private final CompletableFuture<Answer<T>> answer;
        private final Function<Throwable, Throwable> failed;
        private DocumentTurns.@Nullable Toll toll;
        private @Nullable Reading<T> reading;

        /**
         * Creates a reader that has read nothing yet.
         *
         * @param asked the call, and the position of the room
         * @param failed maps an error to the failure of the answer
         */
        Reader(
                Answer<Function<Doc, Reading<T>>> asked,
                CompletableFuture<Answer<T>> answer,
                Function<Throwable, Throwable> failed) {
            this.asked = asked;
            this.answer = answer;
            this.failed = failed;
        }

        @Override
        public boolean run() {
            if (reading == null && answer.isDone()) {
                return true; // no caller waits: the edit was answered before its commit
            }
            try {
                DocumentTurns.Toll may = toll == null ? copies.tollForReading() : toll;
                Reading<T> now = reading == null ? asked.value().apply(copies.present()) : reading;
                toll = may;
                reading = now;
                if (!turns.goOn(now, may)) {
                    return false;
                }
                if (!answer.complete(new Answer<>(now.result(), asked.roomId(), asked.seq(), asked.stale()))) {
                    now.giveUp();
                }
            } catch (DocumentTurns.TollExceededException e) {
                copies.giveUp(e);
                fail(new TooCostly(DocumentCopies.COOL_OFF));
            } catch (RuntimeException | Error e) {
                fail(e);
            }
            return true;
        }

        private void fail(Throwable error) {
            if (reading != null) {
                reading.giveUp();
            }
            answer.completeExceptionally(failed.apply(error));
            rethrow(error);
        }
    }

    /**
     * Fails the answer, so that the caller does not wait forever, and rethrows errors of the JVM, after which the
     * document may be half changed.
     */
    private static void refuse(CompletableFuture<?> answer, Throwable error) {
        answer.completeExceptionally(error);
        rethrow(error);
    }

    private static void rethrow(Throwable error) {
        if (error instanceof VirtualMachineError fatal && !(error instanceof StackOverflowError)) {
            throw fatal;
        }
    }

    /** The failure of a committed edit whose answer cannot be made: its outcome is reported as unknown. */
    static Unavailable doneButNotRead(@Nullable Throwable error) {
        if (!(error instanceof Unavailable || error instanceof RoomMissing || error instanceof LifeEndedException)) {
            LOG.error("An edit was committed but its answer could not be made; answering 503, outcome unknown", error);
        }
        return new Unavailable("the edit was saved, but the document could not be read afterwards: " + error, true);
    }

    private void broken() {
        copies.drop();
        room.accept(this::drop);
    }

    /** Receives the position of a committed edit. */
    @FunctionalInterface
    private interface Committed {
        void at(long roomId, long seq);
    }

    private record Listener(Committed committed, Consumer<RuntimeException> failed) {}

    /** An edit in progress. Its fields are used only in turns of the document. */
    final class Pending implements Edit {
        private final Fork.Fate<Pending> fate;
        private final Call<?> call;
        private final Update update;
        private final Committed committed;
        private final @Nullable Runnable again;
        private final List<Listener> listeners = new ArrayList<>();
        private final int made = copies.life();
        private boolean done;

        Pending(Fork.Fate<Pending> fate, Call<?> call, Update update, Committed committed, @Nullable Runnable again) {
            this.fate = fate;
            this.call = call;
            this.update = update;
            this.committed = committed;
            this.again = again;
        }

        @Override
        public Update update() {
            return update;
        }

        @Override
        public @Nullable RequestKey key() {
            return call.key;
        }

        @Override
        public @Nullable Author author() {
            return call.author;
        }

        @Override
        public boolean isLost() {
            return fate.lost || made != life;
        }

        @Override
        public void committed(long roomId, long seq) {
            committed.at(roomId, seq);
            turns.post(() -> {
                done = true;
                listeners.forEach(l -> l.committed().at(roomId, seq));
            });
        }

        @Override
        public void failed(RuntimeException error) {
            boolean first = !fate.lost;
            fate.lost = true;
            turns.post(() -> {
                done = true;
                copies.forget(fate);
                boolean undone = error instanceof Unavailable e && !e.isOutcomeUnknown();
                if (again != null && !first && undone && made == copies.life()) {
                    again.run();
                } else {
                    call.answer.completeExceptionally(error);
                }
                Unavailable unsaved = new Unavailable("an earlier edit on which this one depends was not saved", false);
                listeners.forEach(l -> l.failed().accept(unsaved));
            });
        }
    }
}
