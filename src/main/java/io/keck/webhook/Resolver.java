package io.keck.webhook;

import io.keck.thread.Threads;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Resolves host names with a bounded number of threads in a bounded time. A name server that does not answer delays only
 * the callers that ask for its names; while all threads wait for it, further names are refused at once. Thread-safe.
 */
final class Resolver implements AutoCloseable {
    private static final int THREADS = 4;

    private final HttpSender.Names names;
    private final long timeoutMillis;
    private final ExecutorService threads = Threads.pool("webhook-dns", THREADS);
    private final Semaphore free = new Semaphore(THREADS);

    Resolver(HttpSender.Names names, long timeoutMillis) {
        this.names = names;
        this.timeoutMillis = timeoutMillis;
    }

    /**
     * The addresses of a host, all of them of the public Internet.
     *
     * @throws UnknownHostException if there are none, one of them is refused, or there is no answer in time
     */
    InetAddress[] resolve(String host) throws UnknownHostException {
        if (!free.tryAcquire()) {
            throw new UnknownHostException("no answer");
        }
        try {
            Future<InetAddress[]> asked = threads.submit(() -> answer(host));
            return AddressGuard.checked(asked.get(timeoutMillis, TimeUnit.MILLISECONDS), false);
        } catch (RejectedExecutionException e) {
            free.release();
            throw new UnknownHostException("no answer");
        } catch (TimeoutException | ExecutionException e) {
            throw new UnknownHostException("no answer");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnknownHostException("no answer");
        }
    }

    /** The thread stays taken until the name server answers, however long its caller waits. */
    private InetAddress[] answer(String host) throws UnknownHostException {
        try {
            return names.resolve(host);
        } finally {
            free.release();
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
