package io.keck.http;

import io.keck.heap.AddressShares;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Bounds the connections that wait for a request header, in time and in number: all of them, and those of one address. One above the
 * bounds is closed. A connection that is answering a request, or was upgraded, does not count.
 *
 * <p>Closes connections whose next request header is not complete in time. Jetty closes idle connections, but a connection
 * that sends one byte of a header every few seconds is never idle. The time runs from the connect, or from the end of
 * the previous answer, until all headers have arrived. It is longer than Jetty's idle timeout, so idle connections
 * never reach it. Thread-safe.
 */
public final class HeaderDeadline {
    /** Milliseconds added to Jetty's idle timeout. */
    static final long HEADERS_MS = 10_000;

    /** The state of one HTTP/1.1 connection. */
    final class Watched {
        private final EndPoint endPoint;
        private final String address;
        private final boolean isAdmitted;
        private volatile long waitingSince = clock.getAsLong();
        private volatile boolean isWaiting = true;
        private boolean isCounted;
        private boolean hasEnded;

        private Watched(EndPoint endPoint) {
            this.endPoint = endPoint;
            this.address = addressOf(endPoint);
            this.isAdmitted = waiting.enter(address) == AddressShares.Answer.TAKEN;
            this.isCounted = isAdmitted;
        }

        /** Whether there was a place for the connection; otherwise it has to be closed. */
        boolean isAdmitted() {
            return isAdmitted;
        }

        /** All headers of a request have arrived. */
        void began() {
            isWaiting = false;
            leave();
        }

        /** The answer to the request is complete. */
        synchronized void answered() {
            waitingSince = clock.getAsLong();
            isWaiting = true;
            if (!isCounted && !hasEnded) {
                isCounted = true;
                waiting.count(address); // closing a connection that has served would fail its next request
            }
        }

        /** The connection is closed, or was upgraded to another protocol. */
        synchronized void ended() {
            hasEnded = true;
            watched.remove(this);
            leave();
        }

        private synchronized void leave() {
            if (isCounted) {
                isCounted = false;
                waiting.leave(address);
            }
        }

        private void look(long now) {
            long idle = Math.max(0, endPoint.getIdleTimeout());
            if (isWaiting && now - waitingSince > idle + HEADERS_MS) {
                watched.remove(this);
                endPoint.close();
            }
        }
    }

    /** A connection that is watched. */
    interface Holder {
        Watched watched();
    }

    private final LongSupplier clock;
    private final AddressShares waiting;
    private final Set<Watched> watched = ConcurrentHashMap.newKeySet();

    /**
     * Watches no connection yet.
     *
     * @param clock milliseconds of a steady clock
     * @param waiting the places for connections that wait for a request header
     */
    HeaderDeadline(LongSupplier clock, AddressShares waiting) {
        this.clock = clock;
        this.waiting = waiting;
    }

    private static String addressOf(EndPoint endPoint) {
        return endPoint.getRemoteSocketAddress() instanceof InetSocketAddress inet && inet.getAddress() != null
                ? inet.getAddress().getHostAddress()
                : "";
    }

    /** Watches a new connection. */
    Watched watch(EndPoint endPoint) {
        Watched made = new Watched(endPoint);
        watched.add(made);
        return made;
    }

    /** The number of watched connections. */
    int size() {
        return watched.size();
    }

    /** Closes the connections whose headers are late; to be called about once a second. */
    public void tick() {
        long now = clock.getAsLong();
        watched.forEach(connection -> connection.look(now));
    }

    /** Reports the beginning and the end of each request to its connection. */
    static final class Beginnings extends Handler.Wrapper {
        @Override
        public boolean handle(Request request, Response response, Callback callback) throws Exception {
            if (request.getConnectionMetaData().getConnection() instanceof Holder holder) {
                holder.watched().began();
                Request.addCompletionListener(
                        request, failure -> holder.watched().answered());
            }
            return super.handle(request, response, callback);
        }
    }
}
