package io.keck.api;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.metrics.jetty12.InstrumentedConnectionFactory;
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
import org.eclipse.jetty.util.component.LifeCycle;

/**
 * HTTP/1.1 connections on which a percent sign that begins no escape stands for itself where a path names something
 * inside a workspace, as in {@code /api/block/w/map/m/50%}: there are clients that encode no keys. Jetty cannot be
 * configured to let such a path through, whatever its {@code UriCompliance} is: it throws while it parses the path. So
 * this reaches into Jetty, where a request line becomes a request. Thread-safe.
 */
final class LenientHttp extends HttpConnectionFactory {
    private LenientHttp(HttpConfiguration configuration) {
        super(configuration);
    }

    /** Lets all HTTP connectors of the server make such connections, from before it starts. */
    static void install(Environment environment) {
        environment.lifecycle().addEventListener(new LifeCycle.Listener() {
            @Override
            public void lifeCycleStarting(LifeCycle event) {
                if (event instanceof Server server) {
                    for (Connector connector : server.getConnectors()) {
                        if (connector instanceof ServerConnector http) {
                            replace(http, environment.metrics());
                        }
                    }
                }
            }
        });
    }

    private static void replace(ServerConnector connector, MetricRegistry metrics) {
        Collection<ConnectionFactory> before = connector.getConnectionFactories();
        List<ConnectionFactory> after = before.stream()
                .map(factory -> replacement(connector, factory, metrics))
                .toList();
        if (!after.equals(List.copyOf(before))) {
            connector.setConnectionFactories(after);
        }
    }

    private static ConnectionFactory replacement(
            ServerConnector connector, ConnectionFactory factory, MetricRegistry metrics) {
        if (factory.getClass() == HttpConnectionFactory.class) {
            return new LenientHttp(((HttpConnectionFactory) factory).getHttpConfiguration());
        }
        HttpConnectionFactory inner = factory instanceof InstrumentedConnectionFactory
                ? ((ContainerLifeCycle) factory).getBean(HttpConnectionFactory.class)
                : null;
        if (inner == null) {
            return factory;
        }
        // the timer has the name that Dropwizard gives it
        String timer = MetricRegistry.name(
                HttpConnectionFactory.class, connector.getHost(), Integer.toString(connector.getPort()), "connections");
        return new InstrumentedConnectionFactory(new LenientHttp(inner.getHttpConfiguration()), metrics.timer(timer));
    }

    @Override
    public Connection newConnection(Connector connector, EndPoint endPoint) {
        HttpConnection connection = new HttpConnection(getHttpConfiguration(), connector, endPoint) {
            @Override
            protected HttpStreamOverHTTP1 newHttpStream(String method, String uri, HttpVersion version) {
                return super.newHttpStream(method, UriText.withoutStrayPercents(uri), version);
            }
        };
        return configure(connection, connector, endPoint);
    }
}
