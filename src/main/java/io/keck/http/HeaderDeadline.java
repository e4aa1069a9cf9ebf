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
 * Ends connections whose next request does not begin in time: Jetty ends those that are silent, but one that sends a byte
 * of a header now and then is never silent. The time runs from when a connection is made, or an answer is complete, until all
 * headers are there; it is longer than the time after which a silent connection ends, so that one never meets it.
 * Thread-safe.
 */
public final class HeaderDeadline {
    /** Added to the time that a connection may be silent. */
    static final long HEADERS_MS = 10_000;

    /** A connection of HTTP/1.1, as it is told what it is at. */
    final class Watched {
        private final EndPoint endPoint;
        private volatile long waitingSince = clock.getAsLong();
        private volatile boolean isWaiting = true;

        private Watched(EndPoint endPoint) {
            this.endPoint = endPoint;
        }

        /** All headers of a request are there. */
        void began() {
            isWaiting = false;
        }

        /** The request is answered. */
        void answered() {
            waitingSince = clock.getAsLong();
            isWaiting = true;
        }

        /** The connection is over, or speaks another protocol. */
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

    /** How many connections are watched. */
    int size() {
        return watched.size();
    }

    /** Ends the connections that are late; to be called about every second. */
    public void tick() {
        long now = clock.getAsLong();
        watched.forEach(connection -> connection.look(now));
    }

    /** What tells the connections of a server when requests begin and are answered. */
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
