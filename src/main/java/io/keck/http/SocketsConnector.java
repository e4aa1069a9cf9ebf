package io.keck.http;

import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.eclipse.jetty.websocket.core.WebSocketConnection;

/**
 * A connector whose selector reads from WebSockets itself, instead of waking another thread for each frame: Keck hands over whatever
 * takes long ({@code FrameAssembly}). Requests over HTTP are read as in Jetty.
 */
public final class SocketsConnector extends ServerConnector {
    /** See {@link ServerConnector}. */
    public SocketsConnector(
            Server server,
            Executor executor,
            Scheduler scheduler,
            ByteBufferPool buffers,
            int acceptors,
            int selectors,
            ConnectionFactory... factories) {
        super(server, executor, scheduler, buffers, acceptors, selectors, factories);
    }

    @Override
    protected SocketChannelEndPoint newEndPoint(SocketChannel channel, ManagedSelector selector, SelectionKey key) {
        SocketChannelEndPoint endPoint = new Reading(channel, selector, key, getScheduler());
        endPoint.setIdleTimeout(getIdleTimeout());
        return endPoint;
    }

    private static final class Reading extends SocketChannelEndPoint {
        /** Tells a WebSocket that it can be read; the callback is the same for all reads of a connection. */
        private AtOnce atOnce = new AtOnce(Callback.NOOP);

        Reading(SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler) {
            super(channel, selector, key, scheduler);
        }

        @Override
        public void fillInterested(Callback callback) {
            super.fillInterested(with(callback));
        }

        @Override
        public boolean tryFillInterested(Callback callback) {
            return super.tryFillInterested(with(callback));
        }

        private Callback with(Callback callback) {
            Connection connection = getConnection();
            if (!(connection instanceof WebSocketConnection)) {
                return callback;
            }
            if (atOnce.callback != callback) {
                atOnce = new AtOnce(callback);
            }
            return atOnce;
        }
    }

    /** A callback that the selector runs itself. */
    private static final class AtOnce implements Callback {
        private final Callback callback;

        AtOnce(Callback callback) {
            this.callback = callback;
        }

        @Override
        public void succeeded() {
            callback.succeeded();
        }

        @Override
        public void failed(Throwable failure) {
            callback.failed(failure);
        }

        @Override
        public InvocationType getInvocationType() {
            return InvocationType.NON_BLOCKING;
        }
    }
}
