package io.keck.room;

import io.keck.crdt.Doc;
import io.keck.crdt.store.Update;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;

/**
 * Schedules the turns of one document. Tasks run one after the other. A turn ends after {@link #WORK} steps of
 * integration, even in the middle of an update, and other documents that wait for the same threads get their turns
 * before this one continues.
 */
final class DocumentTurns {
    /** The steps of one turn, see {@link Doc#work}; they take about 10 to 50 milliseconds. */
    static final long WORK = 250_000;

    /** A task that can be executed in parts. */
    @FunctionalInterface
    interface Task {
        /** Executes the next part; returns whether the task is done. */
        boolean run();
    }

    private final Executor executor;
    private final Mailbox mailbox;
    private final ArrayDeque<Task> tasks = new ArrayDeque<>();
    private final long work;
    private long left;
    private boolean isPutOff;

    /**
     * Creates turns without tasks.
     *
     * @param onFailure runs after a task threw an exception
     * @param safeguards say whether turns are bounded
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

    /** Queues a task that runs in one part; may be called from any thread. */
    void post(Runnable task) {
        begin(() -> {
            task.run();
            return true;
        });
    }

    /** Queues a task; may be called from any thread. */
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
            // queued behind the turns that wait now, and then behind those that arrived meanwhile
            executor.execute(() -> mailbox.post(() -> {
                isPutOff = false;
                goOn();
            }));
        }
    }

    /** Counts steps of this turn. */
    private void spend(long steps) {
        left -= steps;
    }

    /** Applies an update to a document in as many turns as needed. */
    final class Application implements Task {
        private final Doc document;
        private final Update update;
        private final Toll toll;
        private boolean begun;

        /** @param toll the limit of steps of the document */
        Application(Doc document, Update update, Toll toll) {
            this.document = document;
            this.update = update;
            this.toll = toll;
        }

        /**
         * Applies the next part; returns whether the update is applied.
         *
         * @throws TollExceededException if the document has become too costly; it must not be used afterwards
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
     * Continues a reading for the rest of this turn; returns whether it is complete.
     *
     * @param toll the limit of steps of the reading
     * @throws TollExceededException if the reading has become too costly
     */
    boolean goOn(Reading<?> reading, Toll toll) {
        long before = reading.steps();
        boolean isDone = reading.goOn(Math.max(1, left));
        long took = reading.steps() - before;
        spend(took + 1);
        toll.spend(took);
        return isDone;
    }

    /** Returns the application of an update, with nothing applied yet. */
    Application application(Doc document, Update update, Toll toll) {
        return new Application(document, update, toll);
    }

    /** The limit of steps that the copies of one document may take together: a fixed number, and more per byte. */
    static final class Toll {
        /** Steps per byte; a thousand concurrent items that pass each other take about this. */
        private static final long PER_BYTE = 16;

        private final long most;
        private long bytes;
        private long steps;

        Toll(long most) {
            this.most = most;
        }

        /** The limit of steps for one reading of the same document. */
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

    /** Thrown when a document took too many steps. */
    static final class TollExceededException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /** @param steps the steps taken */
        TollExceededException(long steps) {
            super(steps + " steps", null, false, false);
        }
    }
}
