package io.keck.http;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.metrics.jetty12.InstrumentedConnectionFactory;
import io.keck.thread.OutOfMemory;
import java.util.Collection;
import java.util.List;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.eclipse.jetty.util.component.ContainerLifeCycle;

/**
 * Creates HTTP/1.1 connections that accept a percent sign that starts no escape in the part of a path below a
 * workspace, as in {@code /api/block/w/map/m/50%}, because some clients do not encode keys. Jetty throws while it
 * parses such a path, under every setting of {@code UriCompliance}. This class therefore hooks into Jetty at the point
 * where a request line becomes a request. Thread-safe.
 */
final class LenientHttp extends HttpConnectionFactory {
    /** Slashes before the key in {@code /api/block/{workspace}/}, {@code /api/blobs/{workspace}/} and their like. */
    private static final int SLASHES_BEFORE_KEYS = 4;

    private final HeaderDeadline deadline;

    private LenientHttp(HttpConfiguration configuration, HeaderDeadline deadline) {
        super(configuration);
        this.deadline = deadline;
    }

    /** Installs this factory in all HTTP connectors of a server that has not started yet. */
    static void install(Server server, MetricRegistry metrics, HeaderDeadline deadline) {
        for (Connector connector : server.getConnectors()) {
            if (connector instanceof ServerConnector http) {
                replace(http, metrics, deadline);
            }
        }
    }

    private static void replace(ServerConnector connector, MetricRegistry metrics, HeaderDeadline deadline) {
        Collection<ConnectionFactory> before = connector.getConnectionFactories();
        List<ConnectionFactory> after = before.stream()
                .map(factory -> replacement(connector, factory, metrics, deadline))
                .toList();
        if (!after.equals(List.copyOf(before))) {
            connector.setConnectionFactories(after);
        }
    }

    private static ConnectionFactory replacement(
            ServerConnector connector, ConnectionFactory factory, MetricRegistry metrics, HeaderDeadline deadline) {
        if (factory.getClass() == HttpConnectionFactory.class) {
            return new LenientHttp(((HttpConnectionFactory) factory).getHttpConfiguration(), deadline);
        }
        HttpConnectionFactory inner = factory instanceof InstrumentedConnectionFactory
                ? ((ContainerLifeCycle) factory).getBean(HttpConnectionFactory.class)
                : null;
        if (inner == null) {
            return factory;
        }
        // Dropwizard uses the same name for the timer
        String timer = MetricRegistry.name(
                HttpConnectionFactory.class, connector.getHost(), Integer.toString(connector.getPort()), "connections");
        return new InstrumentedConnectionFactory(
                new LenientHttp(inner.getHttpConfiguration(), deadline), metrics.timer(timer));
    }

    @Override
    public Connection newConnection(Connector connector, EndPoint endPoint) {
        return configure(new Lenient(getHttpConfiguration(), connector, endPoint, deadline), connector, endPoint);
    }

    private static final class Lenient extends HttpConnection implements HeaderDeadline.Holder {
        private final HeaderDeadline.Watched watched;

        Lenient(HttpConfiguration configuration, Connector connector, EndPoint endPoint, HeaderDeadline deadline) {
            super(configuration, connector, endPoint);
            this.watched = deadline.watch(endPoint);
        }

        @Override
        public HeaderDeadline.Watched watched() {
            return watched;
        }

        @Override
        public void onOpen() {
            super.onOpen();
            if (!watched.isAdmitted()) {
                getEndPoint().close();
            }
        }

        /** When Jetty cannot allocate a buffer, it closes the connection and logs nothing above DEBUG. */
        @Override
        public void onClose(Throwable cause) {
            OutOfMemory.check(cause);
            watched.ended();
            super.onClose(cause);
        }

        @Override
        protected HttpStreamOverHTTP1 newHttpStream(String method, String uri, HttpVersion version) {
            return super.newHttpStream(method, withoutStrayPercents(uri), version);
        }
    }

    /**
     * Replaces each percent sign that starts no escape by {@code %25}, in the part of a path below {@code /api/} that
     * follows the name of a workspace. The name itself must be encoded correctly, because two spellings must not name
     * one document.
     */
    static String withoutStrayPercents(String target) {
        if (target.indexOf('%') < 0 || !target.startsWith("/api/")) {
            return target;
        }
        int query = target.indexOf('?');
        int end = query < 0 ? target.length() : query;
        StringBuilder out = new StringBuilder(target.length() + 8);
        int slashes = 0;
        for (int i = 0; i < target.length(); i++) {
            char c = target.charAt(i);
            out.append(c);
            slashes += c == '/' && i < end ? 1 : 0;
            if (c == '%' && i < end && slashes >= SLASHES_BEFORE_KEYS && !isEscape(target, i)) {
                out.append("25");
            }
        }
        return out.toString();
    }

    /** Whether an escape starts at an index. */
    private static boolean isEscape(String text, int at) {
        return at + 2 < text.length()
                && Character.digit(text.charAt(at + 1), 16) >= 0
                && Character.digit(text.charAt(at + 2), 16) >= 0;
    }
}
