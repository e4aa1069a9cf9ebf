package io.keck.node;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.jsontype.NamedType;
import io.dropwizard.jetty.HttpConnectorFactory;
import io.keck.http.SocketsConnector;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.Scheduler;
import org.eclipse.jetty.util.thread.ThreadPool;
import org.jspecify.annotations.Nullable;

/** A connector of type {@code http}, which replaces Dropwizard's: its connector is a {@link SocketsConnector}. */
public class PlainConnectorFactory extends HttpConnectorFactory {
    /**
     * Registers this class for connectors of type {@code http}; of two classes with one type name, the last registered
     * one is used.
     */
    public static void register(ObjectMapper mapper) {
        mapper.registerSubtypes(new NamedType(PlainConnectorFactory.class, "http"));
    }

    @Override
    protected ServerConnector buildConnector(
            Server server,
            Scheduler scheduler,
            ByteBufferPool buffers,
            String name,
            @Nullable ThreadPool threads,
            ConnectionFactory... factories) {
        ServerConnector plain = super.buildConnector(server, scheduler, buffers, name, threads, factories);
        SocketsConnector connector = new SocketsConnector(
                server,
                plain.getExecutor(),
                scheduler,
                buffers,
                getAcceptorThreads().orElse(-1),
                getSelectorThreads().orElse(-1),
                plain.getConnectionFactories().toArray(ConnectionFactory[]::new));
        connector.setPort(plain.getPort());
        connector.setHost(plain.getHost());
        connector.setInheritChannel(plain.isInheritChannel());
        connector.setAcceptQueueSize(plain.getAcceptQueueSize());
        connector.setReuseAddress(plain.getReuseAddress());
        connector.setIdleTimeout(plain.getIdleTimeout());
        connector.setName(plain.getName());
        return connector;
    }
}
