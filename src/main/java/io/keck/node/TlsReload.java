package io.keck.node;

import io.dropwizard.core.server.ServerFactory;
import io.dropwizard.lifecycle.Managed;
import io.keck.thread.Loop;
import io.keck.wing.Host;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks every few seconds whether the files of certificates have changed, and serves what they hold now. */
final class TlsReload implements Managed {
    private static final Logger LOG = LoggerFactory.getLogger(TlsReload.class);
    private static final long LOOK_MILLIS = 5_000;

    private final List<TlsConnectorFactory> connectors;
    private final Loop loop = Loop.every("tls", LOOK_MILLIS, this::look);

    private TlsReload(List<TlsConnectorFactory> connectors) {
        this.connectors = connectors;
    }

    /** Looks after all connectors of the configuration that have certificates. */
    static void build(Host host, ServerFactory server) {
        List<TlsConnectorFactory> connectors = Connectors.all(server).stream()
                .filter(TlsConnectorFactory.class::isInstance)
                .map(TlsConnectorFactory.class::cast)
                .toList();
        if (!connectors.isEmpty()) {
            host.manage(new TlsReload(connectors));
        }
    }

    @Override
    public void start() {
        loop.start();
    }

    @Override
    public void stop() {
        loop.stop();
    }

    private void look() {
        for (TlsConnectorFactory connector : connectors) {
            TlsConnectorFactory.Look look = connector.look();
            if (look.isChanged()) {
                LOG.info(
                        "New connections to port {} get the changed certificate: {}",
                        connector.getPort(),
                        connector.described());
            } else if (look.problem() != null) {
                LOG.error(
                        "The changed certificate of port {} cannot be used, and the one before it is served on: {}",
                        connector.getPort(),
                        look.problem());
            }
        }
    }
}
