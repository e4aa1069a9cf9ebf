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
 * The document of a room with its types, for back ends; made when one asks, and from then on equal to the replica. It has
 * turns of its own, so that no room waits for a large read: what is asked in a turn of the room is answered from the
 * document as it is then, since both reach it in one order.
 *
 * <p><b>Edits</b> run on a fork, which has what is on its way to the log, too. When one of them cannot be committed the fork
 * is thrown away with all that depends on it. A fork has a random client id that is never used again, so no id ever
 * stands for two contents. Edits with a key share another fork, since one of them may turn out to have been made before: then
 * those after it are made again, on a new fork.
 *
 * <p><b>Too costly.</b> Integration yields to other documents ({@link DocumentTurns}). A document that takes more steps than
 * it may is given up, and is not made again by this node for {@link DocumentCopies#COOL_OFF} milliseconds: back ends get {@link
 * TooCostly}, while connections go on, whose replica needs no such steps. The mark belongs to this life
 * of the name: a document that replaces it is not marked.
 *
 * <p><b>Answers</b> of edits are made from the document as it is with the edit's row. So the document stays in memory while
 * edits are under way, whatever the budget says. What fails after the commit never looks like an edit that was not made:
 * its outcome is then unknown.
 */
final class RoomDocument {
    private static final Logger LOG = LoggerFactory.getLogger(RoomDocument.class);

    /** Bytes of heap that a document takes for each byte of its encoded form, for each struct in it, and in any case. */
    private static final long PER_BYTE = 2;

    private static final long PER_STRUCT = 500;

    private static final long EMPTY = 20_000;

    /** How often an edit with a key is made again because one before it was not saved. */
    private static final int ATTEMPTS = 5;

    private final RoomContext context;
    private final DocumentTurns turns;
    private final Consumer<Runnable> room;
    private final Supplier<byte[]> state;
    private final LongSupplier structs;
    private final Consumer<Edit> submit;
    private final DocumentBudget budget;

    /** Whether the document is there, or on its way. Touched only in the room's turns. */
    private boolean fed;

    /** Whether it is edited, on a fork that stays. */
    private boolean isForked;

    private long size;
    /** Edits that are not answered yet. Touched only in the room's turns. */
    private int underWay;
    /** How often the replica became another one. */
    private int life;

    private final DocumentCopies copies;
    /** The life of the name, as of the last request. Touched only in the room's turns. */
    private long roomId;

    /**
     * Nothing is there yet.
     *
     * @param room posts something to the turns of the room
     * @param state the replica, encoded; called in turns of the room
     * @param structs how many structs the replica has, roughly; called in turns of the room
     * @param submit hands an edit to the room, in a turn of it
     */
    RoomDocument(
            String name,
            RoomContext context,
            Safeguards safeguards,
            Consumer<Runnable> room,
            Supplier<byte[]> state,
            LongSupplier structs,
            Consumer<Edit> submit) {
        this.context = context;
        this.turns = new DocumentTurns(context.documents(), this::broken, safeguards);
        this.room = room;
        this.state = state;
        this.structs = structs;
        this.submit = submit;
        this.budget = context.budget();
        this.copies = new DocumentCopies(name, context, safeguards, turns, id -> room.accept(() -> gaveUp(id)));
    }

    // ------------------------------------------------------------------ in the turns of the room

    /** The replica has taken this in. */
    void changed(Update update) {
        if (fed && update.forgetsUnheldDeletes()) {
            begin(); // a typed document keeps them
        } else if (fed) {
            size += copyCount() * (PER_BYTE * update.length() + PER_STRUCT * update.structCount());
            budget.grew(this, size);
            copies.take(update);
        }
    }

    /** The document, and the forks on which it is edited. */
    private int copyCount() {
        return isForked ? 3 : 1;
    }

    /** The replica is another one. */
    void madeAnew() {
        life++;
        if (fed) {
            begin();
        }
    }

    /** The room ends. */
    void end() {
        drop();
    }

    /** Reads the document as it is now. */
    <T extends @Nullable Object> void read(
            Replica.Position at, boolean stale, Function<Doc, Reading<T>> reader, CompletableFuture<Answer<T>> answer) {
        if (feed(at, answer)) {
            answer(at.roomId(), at.seq(), stale, reader, answer);
        }
    }

    /** Tells the client id of the fork on which the next edit without a key will run. */
    void client(Replica.Position at, boolean stale, CompletableFuture<Answer<Long>> answer) {
        if (feed(at, answer)) {
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
        if (fed && !isForked) {
            size *= 3;
        }
        isForked = true;
        var unused = answer.whenComplete((value, error) -> room.accept(this::answered));
        if (feed(at, answer)) {
            turns.begin(() -> editNow(new Call<>(at, key, author, edit, afterwards, answer), ATTEMPTS));
        }
    }

    /** An edit that was asked for. */
    private record Call<T extends @Nullable Object>(
            Replica.Position at,
            @Nullable RequestKey key,
            @Nullable Author author,
            Consumer<Doc> edit,
            Function<Doc, Reading<T>> afterwards,
            CompletableFuture<Answer<T>> answer) {}

    /** Edits the fork, once that is made; says whether it is done. */
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
        // others with a key went before on the same fork, and one of them was not saved: this one is made without it
        Runnable again = call.key == null || attempts <= 1
                ? null
                : () -> {
                    try {
                        turns.begin(() -> editNow(call, attempts - 1));
                    } catch (RuntimeException e) {
                        refuse(call.answer, e);
                    }
                };
        // where nothing is changed: what it owes to edits before it is committed when the key is remembered
        return new Pending(
                fork.fate,
                call,
                update == null ? Update.EMPTY : Update.decode(update, DecodeLimits.OWN),
                (id, seq) -> answerMade(id, seq, call.afterwards, call.answer),
                again);
    }

    /** Answers an edit that changed nothing: when those are committed that it may owe this to. */
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

    /** An edit was answered, or given up. */
    private void answered() {
        underWay--;
        if (underWay == 0) {
            budget.edited(this);
        }
    }

    /** Makes the document, if it is not there; false, and the answer is given, where it was too costly not long ago. */
    private boolean feed(Replica.Position at, CompletableFuture<?> answer) {
        long wait = budget.costlyFor(at.roomId(), context.clock().getAsLong());
        if (wait > 0) {
            answer.completeExceptionally(new TooCostly(wait));
            return false;
        }
        roomId = at.roomId();
        feed();
        return true;
    }

    private void feed() {
        if (!fed) {
            begin();
        } else {
            budget.use(this, size, underWay > 0);
        }
    }

    private void begin() {
        fed = true;
        byte[] whole = state.get();
        size = copyCount() * (EMPTY + PER_BYTE * whole.length + PER_STRUCT * structs.getAsLong());
        budget.use(this, size, underWay > 0);
        copies.make(whole, life, roomId);
    }

    /** That life of the document was too costly. */
    private void gaveUp(long id) {
        if (roomId == id) {
            drop();
        }
    }

    private void drop() {
        isForked = false;
        if (fed) {
            fed = false;
            turns.post(copies::drop);
        }
        budget.remove(this);
    }

    // ------------------------------------------------------------------ from any thread

    /** Others need the heap: drops the document, unless edits have come meanwhile, with which it is counted again. */
    void evict() {
        room.accept(() -> {
            if (!budget.isKept(underWay > 0)) {
                drop();
            }
        });
    }

    /** Answers from the document as it is after what was posted to its turns before. */
    private <T extends @Nullable Object> void answer(
            long roomId,
            long seq,
            boolean stale,
            Function<Doc, Reading<T>> reader,
            CompletableFuture<Answer<T>> answer) {
        turns.begin(new Reader<>(new Answer<>(reader, roomId, seq, stale), answer, error -> error));
    }

    /** Answers an edit that is committed: whatever goes wrong from here on, it was made. */
    private <T extends @Nullable Object> void answerMade(
            long roomId, long seq, Function<Doc, Reading<T>> afterwards, CompletableFuture<Answer<T>> answer) {
        turns.begin(new Reader<>(new Answer<>(afterwards, roomId, seq, false), answer, RoomDocument::doneButNotRead));
    }

    // ------------------------------------------------------------------ in turns of its own

    /** Makes an answer, in as many turns as it takes. */
    private final class Reader<T extends @Nullable Object> implements DocumentTurns.Task {
        private final Answer<Function<Doc, Reading<T>>> asked;
        private final CompletableFuture<Answer<T>> answer;
        private final Function<Throwable, Throwable> failed;
        private DocumentTurns.@Nullable Toll toll;
        private @Nullable Reading<T> reading;

        /**
         * Nothing is read yet.
         *
         * @param asked what is read, and where the room was
         * @param failed what is told where it cannot be made
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
     * Fails the answer, so that no caller waits in vain, and rethrows errors of the JVM, after which the document may be half
     * changed.
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

    /** The failure of an edit that is committed although its answer cannot be made: its outcome counts as unknown. */
    static Unavailable doneButNotRead(@Nullable Throwable error) {
        if (!(error instanceof Unavailable || error instanceof RoomMissing)) {
            LOG.error("An edit was committed, and its answer could not be made", error);
        }
        return new Unavailable("it was saved, and could not be read afterwards: " + error, true);
    }

    private void broken() {
        copies.drop();
        room.accept(this::drop);
    }

    /** Told where the edit is. */
    @FunctionalInterface
    private interface Committed {
        void at(long roomId, long seq);
    }

    private record Listener(Committed committed, Consumer<RuntimeException> failed) {}

    /** An edit on its way. Its fields are touched in turns of the document. */
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
                listeners.forEach(l -> l.failed().accept(new Unavailable("what it depends on was not saved", false)));
            });
        }
    }
}
