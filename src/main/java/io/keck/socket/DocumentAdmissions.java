package io.keck.socket;

import io.keck.heap.Tally;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Judges credentials for the documents of one socket away from the thread that reads, several at a time, since a judgement may wait
 * for a back end. Messages for a document whose credential is being judged wait behind it, so those of each document keep their order;
 * messages for other documents pass. While too many documents are being opened, or too much waits for one, the socket is not read
 * ({@link OpeningBound}). Thread-safe.
 */
final class DocumentAdmissions {
    /** Heap in bytes for a waiting message, beside its content. */
    private static final int MESSAGE = 256;

    /** A document whose credential is being judged. */
    private static final class Pending {
        private final Queue<Message> behind = new ArrayDeque<>();
        private long bytes;
        /** Number of judgements; only the thread that ended the last one passes on what waits behind it. */
        private int judgements;
    }

    /** A message that waits. */
    private record Message(long bytes, Runnable content) {}

    private final JudgePlaces places;
    private final Executor executor;
    private final OpeningBound<Object> bound;
    private final Tally tally;
    private final long maxBytes;
    private final Consumer<Throwable> failed;
    /** Those that are being judged, by their key; guarded by itself. */
    private final Map<String, Pending> all = new HashMap<>();

    private boolean isClosed;

    /**
     * Creates the admissions of a socket without documents.
     *
     * @param executor runs the judgements and what waits behind them
     * @param bound is told of each document that is being judged
     * @param tally counts the waiting messages
     * @param maxBytes bytes that may wait for one document while the socket is read
     * @param failed called if a judgement or a message fails, or if the executor accepts nothing more because the server is going
     *     down; has to close the socket
     */
    DocumentAdmissions(
            JudgePlaces places,
            Executor executor,
            OpeningBound<Object> bound,
            Tally tally,
            long maxBytes,
            Consumer<Throwable> failed) {
        this.places = places;
        this.executor = executor;
        this.bound = bound;
        this.tally = tally;
        this.maxBytes = maxBytes;
        this.failed = failed;
    }

    /**
     * Has a message wait if the credential for its document is being judged.
     *
     * @param bytes the size of its frame
     * @param content deals with it afterwards; runs beside messages for other documents
     * @return whether it waits; otherwise it can be dealt with at once
     */
    boolean waits(String key, int bytes, Runnable content) {
        synchronized (all) {
            Pending pending = all.get(key);
            if (pending == null) {
                return false;
            }
            add(pending, bytes, content);
            if (pending.bytes > maxBytes) {
                bound.hold(pending);
            }
            return true;
        }
    }

    private void add(Pending pending, int bytes, Runnable content) {
        long counted = MESSAGE + (long) bytes;
        pending.behind.add(new Message(counted, content));
        pending.bytes += counted;
        tally.add(counted);
    }

    /**
     * Judges a credential for a document. To be called by the thread that reads or from a message that waited for the same document.
     *
     * @param judge may wait for a bounded time
     * @param then deals with the result, before all messages that wait; not called once the socket is closed
     */
    <T> void judge(String key, Supplier<T> judge, Consumer<T> then) {
        Pending pending;
        int judgement;
        synchronized (all) {
            if (isClosed) {
                return;
            }
            pending = all.computeIfAbsent(key, unused -> new Pending());
            judgement = ++pending.judgements;
            bound.opens(pending);
        }
        places.run(
                executor,
                () -> {
                    try {
                        if (!isClosed()) {
                            then.accept(judge.get());
                        }
                        passOn(key, pending, judgement);
                    } catch (RuntimeException | Error e) {
                        failed.accept(e);
                    }
                },
                () -> failed.accept(new RejectedExecutionException("the server is going down")));
    }

    /** Deals with the messages that wait, until one of them begins another judgement, whose end goes on with the rest. */
    private void passOn(String key, Pending pending, int judgement) {
        while (true) {
            Message next;
            synchronized (all) {
                if (pending.judgements != judgement) {
                    return;
                }
                next = pending.behind.poll();
                if (next == null) {
                    all.remove(key, pending);
                    break;
                }
                pending.bytes -= next.bytes();
                tally.add(-next.bytes());
            }
            next.content().run();
        }
        bound.release(pending);
    }

    private boolean isClosed() {
        synchronized (all) {
            return isClosed;
        }
    }

    /** Drops all waiting messages; nothing is judged from now on. */
    void close() {
        synchronized (all) {
            isClosed = true;
            for (Pending pending : all.values()) {
                pending.behind.clear();
                tally.add(-pending.bytes);
                pending.bytes = 0;
            }
        }
    }
}
