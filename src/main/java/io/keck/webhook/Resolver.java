package io.keck.webhook;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Resolves host names with a bounded number of threads and a bounded time: a name server that does not answer holds up nobody
 * but those who ask for its names, and no more of them than there are threads. Thread-safe.
 */
final class Resolver implements AutoCloseable {
    private static final int THREADS = 4;

    private final HttpSender.Names names;
    private final long timeoutMillis;
    private final ThreadPoolExecutor threads =
            new ThreadPoolExecutor(0, THREADS, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), r -> {
                Thread thread = new Thread(r, "webhook-dns");
                thread.setDaemon(true);
                return thread;
            });

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
        try {
            Future<InetAddress[]> asked = threads.submit(() -> names.resolve(host));
            try {
                return AddressGuard.checked(asked.get(timeoutMillis, TimeUnit.MILLISECONDS), false);
            } finally {
                asked.cancel(true);
            }
        } catch (RejectedExecutionException | TimeoutException | ExecutionException e) {
            throw new UnknownHostException("no answer");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnknownHostException("no answer");
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
