package io.keck.http;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.ThreadPool;

/**
 * Limits how many threads of the main port each kind of request may occupy, so that calls of back ends which wait, for a slow
 * client or for the database, leave threads for health checks, for upgrades and for reading from WebSockets. A request beyond the
 * share of its kind waits without a thread until another one of its kind returns its thread; if too many wait, it is refused with
 * 503. A request that has become asynchronous occupies no thread. Requests of connectors with threads of their own pass, as those
 * of the admin port do. Thread-safe.
 */
public final class ThreadShares extends Handler.Wrapper {
    /** What a request asks for. */
    public enum Kind {
        /** Answered from memory; it never waits. */
        HEALTH(0, 1),
        /** The upgrade to a WebSocket, which may wait for the database or for the back end that judges a credential. */
        UPGRADE(1, 8),
        /** A page or another file of the server, which anybody may ask for; its thread waits until the client has taken it. */
        PAGE(1, 32),
        /** Everything else. */
        CALL(1, 2);

        private final int numerator;
        private final int denominator;

        Kind(int numerator, int denominator) {
            this.numerator = numerator;
            this.denominator = denominator;
        }

        /** The number of threads that requests of this kind may occupy; {@link Integer#MAX_VALUE} if there is no limit. */
        int share(int threads) {
            return numerator == 0 ? Integer.MAX_VALUE : Math.max(1, threads * numerator / denominator);
        }
    }

    /** Requests that may wait for a thread, for each thread of their kind. */
    private static final int WAITING = 4;

    private static final String SENTENCE = "This node has too many requests to answer; please try again.\n";

    private final Function<Request, Kind> kinds;
    private final boolean isBounded;
    private final Map<Kind, Share> shares = new EnumMap<>(Kind.class);

    /**
     * Creates the shares; they are measured when the server starts.
     *
     * @param kinds the kind of a request
     */
    public ThreadShares(Function<Request, Kind> kinds) {
        this(kinds, true);
    }

    /** For tests: without shares, any kind may occupy all threads. */
    ThreadShares(Function<Request, Kind> kinds, boolean isBounded) {
        this.kinds = kinds;
        this.isBounded = isBounded;
    }

    @Override
    protected void doStart() throws Exception {
        if (isBounded && getServer().getThreadPool() instanceof ThreadPool.SizedThreadPool sized) {
            for (Kind kind : Kind.values()) {
                int share = kind.share(sized.getMaxThreads());
                if (share != Integer.MAX_VALUE) {
                    shares.put(kind, new Share(share));
                }
            }
        }
        super.doStart();
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        Executor executor = request.getConnectionMetaData().getConnector().getExecutor();
        Share share = executor == getServer().getThreadPool() ? shares.get(kinds.apply(request)) : null;
        if (share == null) {
            return super.handle(request, response, callback);
        }
        if (!share.enter()) {
            if (!share.await(new Waiting(request, response, callback), executor)) {
                response.getHeaders().put(HttpHeader.RETRY_AFTER, 1);
                response.setStatus(HttpStatus.SERVICE_UNAVAILABLE_503);
                response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/plain;charset=utf-8");
                response.write(true, ByteBuffer.wrap(SENTENCE.getBytes(StandardCharsets.UTF_8)), callback);
            }
            return true;
        }
        try {
            return super.handle(request, response, callback);
        } finally {
            share.leave(executor);
        }
    }

    /** The requests of a kind that wait for a thread. */
    int waiting(Kind kind) {
        Share share = shares.get(kind);
        return share == null ? 0 : share.waiting.size();
    }

    private record Waiting(Request request, Response response, Callback callback) {}

    /** The threads of one kind of request. */
    private final class Share {
        private final Semaphore free;
        private final ArrayBlockingQueue<Waiting> waiting;

        Share(int threads) {
            free = new Semaphore(threads);
            waiting = new ArrayBlockingQueue<>(threads * WAITING);
        }

        /** Takes a thread, unless others wait for one or none is free. */
        boolean enter() {
            return waiting.isEmpty() && free.tryAcquire();
        }

        /** Queues a request; false if too many wait. */
        boolean await(Waiting request, Executor executor) {
            if (!waiting.offer(request)) {
                return false;
            }
            next(executor); // a thread may have become free before the request was in the queue
            return true;
        }

        void leave(Executor executor) {
            free.release();
            next(executor);
        }

        private void next(Executor executor) {
            while (!waiting.isEmpty() && free.tryAcquire()) {
                Waiting next = waiting.poll();
                if (next == null) {
                    free.release();
                } else {
                    start(next, executor);
                }
            }
        }

        private void start(Waiting next, Executor executor) {
            try {
                executor.execute(() -> run(next, executor));
            } catch (RejectedExecutionException e) { // the server is going down, or has no place for another task
                free.release();
                next.callback().failed(e);
            }
        }

        private void run(Waiting next, Executor executor) {
            try {
                if (!ThreadShares.super.handle(next.request(), next.response(), next.callback())) {
                    Response.writeError(next.request(), next.response(), next.callback(), HttpStatus.NOT_FOUND_404);
                }
            } catch (Exception | Error e) {
                Response.writeError(next.request(), next.response(), next.callback(), e);
            } finally {
                leave(executor);
            }
        }
    }
}
