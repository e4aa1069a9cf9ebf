package io.keck.room;

import io.keck.crdt.Doc;
import io.keck.crdt.store.Update;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;

/**
 * The turns of one document. Its tasks run one after the other; a turn ends after {@link #WORK} steps of integration, also in
 * the middle of an update, and the documents that wait for the same threads get theirs before this one goes on.
 */
final class DocumentTurns {
    /** Steps of one turn, see {@link Doc#work}: about 10 to 50 milliseconds. */
    static final long WORK = 250_000;

    /** A task that may be carried out in parts. */
    @FunctionalInterface
    interface Task {
        /** Goes on; says whether it is done. */
        boolean run();
    }

    private final Executor executor;
    private final Mailbox mailbox;
    private final ArrayDeque<Task> tasks = new ArrayDeque<>();
    private final long work;
    private long left;
    private boolean isPutOff;

    /**
     * Nothing is to be done yet.
     *
     * @param onFailure runs after a task threw something
     * @param safeguards whether a turn is bounded
     */
    DocumentTurns(Executor executor, Runnable onFailure, Safeguards safeguards) {
        this.executor = executor;
        this.work = safeguards.boundsDocumentWork() ? WORK : Long.MAX_VALUE;
        this.left = work;
        this.mailbox = new Mailbox(executor, () -> left = work, () -> {
            onFailure.run();
            putOff();
        });
    }

    /** Queues a task that is done at once; from any thread. */
    void post(Runnable task) {
        begin(() -> {
            task.run();
            return true;
        });
    }

    /** Queues a task; from any thread. */
    void begin(Task task) {
        mailbox.post(() -> {
            tasks.add(task);
            goOn();
        });
    }

    private void goOn() {
        while (!tasks.isEmpty() && left > 0) {
            Task task = tasks.remove();
            if (!task.run()) {
                tasks.addFirst(task);
            }
        }
        putOff();
    }

    private void putOff() {
        if (!tasks.isEmpty() && !isPutOff) {
            isPutOff = true;
            // behind the turns that wait now, and then behind those that came meanwhile
            executor.execute(() -> mailbox.post(() -> {
                isPutOff = false;
                goOn();
            }));
        }
    }

    /** Something took that many steps of this turn. */
    private void spend(long steps) {
        left -= steps;
    }

    /** An update on its way into a document, in as many turns as it takes. */
    final class Application implements Task {
        private final Doc document;
        private final Update update;
        private final Toll toll;
        private boolean begun;

        /** @param toll what the document may cost */
        Application(Doc document, Update update, Toll toll) {
            this.document = document;
            this.update = update;
            this.toll = toll;
        }

        /**
         * Goes on; says whether the update is applied.
         *
         * @throws TollExceededException if the document has become too costly; it must not be used any more
         */
        @Override
        public boolean run() {
            long before = document.work();
            long may = Math.max(1, left);
            boolean done = begun ? document.continueUpdate(null, may) : document.applyUpdate(update, null, may);
            spend(document.work() - before + (begun ? 0 : update.length() >> 3));
            if (!begun) {
                toll.took(update.length());
            }
            begun = true;
            toll.spend(document.work() - before);
            return done;
        }
    }

    /**
     * Goes on with a reading, for the rest of this turn; says whether all is read.
     *
     * @param toll what the reading may cost
     * @throws TollExceededException if it has become too costly
     */
    boolean goOn(Reading<?> reading, Toll toll) {
        long before = reading.steps();
        boolean isDone = reading.goOn(Math.max(1, left));
        long took = reading.steps() - before;
        spend(took + 1);
        toll.spend(took);
        return isDone;
    }

    /** An update of which nothing is applied yet. */
    Application application(Doc document, Update update, Toll toll) {
        return new Application(document, update, toll);
    }

    /** What the copies of one document may cost together: so many steps, and more for each byte. */
    static final class Toll {
        /** A walk of a thousand concurrent items over each other takes about this for each byte. */
        private static final long PER_BYTE = 16;

        private final long most;
        private long bytes;
        private long steps;

        Toll(long most) {
            this.most = most;
        }

        /** What one reading of the same document may cost. */
        Toll forReading() {
            Toll toll = new Toll(most);
            toll.bytes = bytes;
            return toll;
        }

        private void took(long more) {
            bytes += more;
        }

        private void spend(long more) {
            steps += more;
            if (steps > most + PER_BYTE * bytes) {
                throw new TollExceededException(steps);
            }
        }
    }

    /** A document took more steps than it may. */
    static final class TollExceededException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** @param steps that it took */
        TollExceededException(long steps) {
            super(steps + " steps", null, false, false);
        }
    }
}
