package io.keck.http;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Closes connections whose next request header is not complete in time. Jetty closes idle connections, but a connection
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
        private volatile long waitingSince = clock.getAsLong();
        private volatile boolean isWaiting = true;

        private Watched(EndPoint endPoint) {
            this.endPoint = endPoint;
        }

        /** All headers of a request have arrived. */
        void began() {
            isWaiting = false;
        }

        /** The answer to the request is complete. */
        void answered() {
            waitingSince = clock.getAsLong();
            isWaiting = true;
        }

        /** The connection is closed, or was upgraded to another protocol. */
        void ended() {
            watched.remove(this);
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
    private final Set<Watched> watched = ConcurrentHashMap.newKeySet();

    /** @param clock milliseconds of a steady clock */
    HeaderDeadline(LongSupplier clock) {
        this.clock = clock;
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
