package io.keck.room;

import io.keck.crdt.Doc;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.Update;
import io.keck.failure.RoomMissing;
import io.keck.failure.Unavailable;
import io.keck.room.Documents.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
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
 * stands for two contents. An edit with a key has a fork of its own, since it may turn out to have been made before.
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

    private final Mailbox turns;
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

    private @Nullable Doc document;
    /** That of the replica which the document is made of. */
    private int documentLife;

    private @Nullable Fork shared;

    /**
     * Nothing is there yet.
     *
     * @param room posts something to the turns of the room
     * @param state the replica, encoded; called in turns of the room
     * @param structs how many structs the replica has, roughly; called in turns of the room
     * @param submit hands an edit to the room, in a turn of it
     */
    RoomDocument(
            Executor executor,
            Consumer<Runnable> room,
            Supplier<byte[]> state,
            LongSupplier structs,
            Consumer<Edit> submit,
            DocumentBudget budget) {
        this.turns = new Mailbox(executor, () -> {}, this::broken);
        this.room = room;
        this.state = state;
        this.structs = structs;
        this.submit = submit;
        this.budget = budget;
    }

    // ------------------------------------------------------------------ in the turns of the room

    /** The replica has taken this in. */
    void changed(Update update) {
        if (fed && update.forgetsUnheldDeletes()) {
            begin(); // a typed document keeps them
        } else if (fed) {
            size += copies() * (PER_BYTE * update.length() + PER_STRUCT * update.structCount());
            budget.grew(this, size);
            turns.post(() -> take(update));
        }
    }

    /** The document, and the fork on which it is edited. */
    private int copies() {
        return isForked ? 2 : 1;
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
            Replica.Position at, boolean stale, Function<Doc, T> reader, CompletableFuture<Answer<T>> answer) {
        feed();
        turns.post(() -> answer(at.roomId(), at.seq(), stale, reader, answer));
    }

    /** Tells the client id of the fork on which the next edit without a key will run. */
    void client(Replica.Position at, boolean stale, CompletableFuture<Answer<Long>> answer) {
        feed();
        turns.post(() -> answer(
                at.roomId(), at.seq(), stale, document -> sharedFork().doc.clientId(), answer));
    }

    /** Edits the document. */
    <T extends @Nullable Object> void edit(
            Replica.Position at,
            @Nullable RequestKey key,
            Consumer<Doc> edit,
            Function<Doc, T> afterwards,
            CompletableFuture<Answer<T>> answer) {
        underWay++;
        if (fed && !isForked) {
            size *= 2;
        }
        isForked = true;
        var unused = answer.whenComplete((value, error) -> room.accept(this::answered));
        feed();
        turns.post(() -> {
            Fork fork = null;
            Pending pending;
            try {
                fork = key == null ? sharedFork() : new Fork(present());
                byte[] update = fork.edit(edit);
                if (update != null) {
                    pending = new Pending(
                            fork.fate,
                            key,
                            Update.decode(update, DecodeLimits.OWN),
                            (id, seq) -> turns.post(() -> answerMade(id, seq, afterwards, answer)),
                            answer::completeExceptionally);
                } else if (key != null) {
                    // nothing is changed: what is answered is known now, and told when the key is remembered
                    Answer<T> unchanged = new Answer<>(afterwards.apply(fork.doc), at.roomId(), at.seq(), false);
                    pending = new Pending(
                            fork.fate,
                            key,
                            Update.EMPTY,
                            (id, seq) -> answer.complete(unchanged),
                            answer::completeExceptionally);
                } else {
                    answerUnchanged(fork.fate, at, afterwards, answer);
                    return;
                }
            } catch (RuntimeException | Error e) {
                if (fork != null && fork == shared && fork.isTouched()) {
                    shared = null;
                }
                refuse(answer, e);
                return;
            }
            fork.fate.last = pending;
            room.accept(() -> submit.accept(pending));
        });
    }

    /** Answers an edit that changed nothing: when those are committed that it may owe this to. */
    private <T extends @Nullable Object> void answerUnchanged(
            Fate fate, Replica.Position at, Function<Doc, T> afterwards, CompletableFuture<Answer<T>> answer) {
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
        size = copies() * (EMPTY + PER_BYTE * whole.length + PER_STRUCT * structs.getAsLong());
        budget.use(this, size, underWay > 0);
        int made = life;
        turns.post(() -> {
            documentLife = made;
            Doc fresh = new Doc();
            fresh.applyUpdate(Update.decode(whole, DecodeLimits.OWN), null);
            document = fresh;
            shared = null;
        });
    }

    private void drop() {
        isForked = false;
        if (fed) {
            fed = false;
            turns.post(() -> {
                document = null;
                shared = null;
            });
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

    // ------------------------------------------------------------------ in turns of its own

    private Doc present() {
        if (document == null) {
            throw new IllegalStateException("the document could not be made");
        }
        return document;
    }

    private Fork sharedFork() {
        if (shared == null) {
            shared = new Fork(present());
        }
        return shared;
    }

    private void take(Update update) {
        if (document != null) {
            document.applyUpdate(update, null);
        }
        if (shared != null) {
            shared.take(update);
        }
    }

    private <T extends @Nullable Object> void answer(
            long roomId, long seq, boolean stale, Function<Doc, T> reader, CompletableFuture<Answer<T>> answer) {
        T value;
        try {
            value = reader.apply(present());
        } catch (RuntimeException | Error e) {
            refuse(answer, e);
            return;
        }
        answer.complete(new Answer<>(value, roomId, seq, stale));
    }

    /** Answers an edit that is committed: whatever goes wrong from here on, it was made. */
    private <T extends @Nullable Object> void answerMade(
            long roomId, long seq, Function<Doc, T> afterwards, CompletableFuture<Answer<T>> answer) {
        T value;
        try {
            value = afterwards.apply(present());
        } catch (RuntimeException | Error e) {
            refuse(answer, doneButNotRead(e));
            if (e instanceof VirtualMachineError fatal && !(e instanceof StackOverflowError)) {
                throw fatal;
            }
            return;
        }
        answer.complete(new Answer<>(value, roomId, seq, false));
    }

    /**
     * Fails the answer, so that no caller waits in vain, and rethrows errors of the JVM, after which the document may be half
     * changed.
     */
    private static void refuse(CompletableFuture<?> answer, Throwable error) {
        answer.completeExceptionally(error);
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
        document = null;
        shared = null;
        room.accept(this::drop);
    }

    /** Told where the edit is. */
    @FunctionalInterface
    private interface Committed {
        void at(long roomId, long seq);
    }

    private record Listener(Committed committed, Consumer<RuntimeException> failed) {}

    /** An edit on its way. Its fields are touched in turns of the document. */
    private final class Pending implements Edit {
        private final Fate fate;
        private final @Nullable RequestKey key;
        private final Update update;
        private final Committed committed;
        private final Consumer<RuntimeException> failed;
        private final List<Listener> listeners = new ArrayList<>();
        private final int made = documentLife;
        private boolean done;

        Pending(
                Fate fate,
                @Nullable RequestKey key,
                Update update,
                Committed committed,
                Consumer<RuntimeException> failed) {
            this.fate = fate;
            this.key = key;
            this.update = update;
            this.committed = committed;
            this.failed = failed;
        }

        @Override
        public Update update() {
            return update;
        }

        @Override
        public @Nullable RequestKey key() {
            return key;
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
            fate.lost = true;
            turns.post(() -> {
                done = true;
                if (shared != null && shared.fate == fate) {
                    shared = null;
                }
                failed.accept(error);
                listeners.forEach(l -> l.failed().accept(new Unavailable("what it depends on was not saved", false)));
            });
        }
    }

    /** What became of the edits of a fork: all that is kept of a fork while they are under way. */
    private static final class Fate {
        private @Nullable Pending last;
        /** Something in the fork was not saved. Touched only in turns of the room. */
        private boolean lost;
    }

    /** A copy of the document that has what is on its way, too. */
    private static final class Fork {
        private final Doc doc = new Doc();
        private final List<byte[]> updates = new ArrayList<>();
        private final Fate fate = new Fate();

        Fork(Doc of) {
            doc.applyUpdate(of.encodeStateAsUpdate());
            doc.onUpdate((update, transaction) -> {
                if (transaction.isLocal()) {
                    updates.add(update);
                }
            });
        }

        /** The update that the edit makes, or null when it changes nothing. */
        byte @Nullable [] edit(Consumer<Doc> edit) {
            updates.clear();
            doc.transact("http", transaction -> edit.accept(doc));
            return updates.isEmpty() ? null : updates.get(0);
        }

        /** Whether the edit that failed had changed something. */
        boolean isTouched() {
            return !updates.isEmpty();
        }

        void take(Update update) {
            doc.applyUpdate(update, null);
        }
    }
}
