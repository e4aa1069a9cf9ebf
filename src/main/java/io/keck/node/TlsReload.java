package io.keck.node;

import com.codahale.metrics.Gauge;
import io.dropwizard.core.server.ServerFactory;
import io.dropwizard.lifecycle.Managed;
import io.keck.thread.Loop;
import io.keck.wing.Host;
import java.util.List;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks every few seconds whether the files of certificates have changed, and serves the new ones. */
final class TlsReload implements Managed {
    private static final Logger LOG = LoggerFactory.getLogger(TlsReload.class);
    private static final long LOOK_MILLIS = 5_000;
    private static final String SECONDS_LEFT = "keck.tls.certificate-seconds-left";
    private static final double MILLIS = 1_000;

    private final List<TlsConnectorFactory> connectors;
    private final Loop loop = Loop.every("tls", LOOK_MILLIS, this::look);

    private TlsReload(List<TlsConnectorFactory> connectors) {
        this.connectors = connectors;
    }

    /** Registers the check for all configured connectors that have certificates. */
    static void build(Host host, ServerFactory server) {
        List<TlsConnectorFactory> connectors = Connectors.all(server).stream()
                .filter(TlsConnectorFactory.class::isInstance)
                .map(TlsConnectorFactory.class::cast)
                .toList();
        if (!connectors.isEmpty()) {
            host.environment().metrics().register(SECONDS_LEFT, (Gauge<Double>)
                    () -> secondsLeft(connectors, System.currentTimeMillis()));
            host.manage(new TlsReload(connectors));
        }
    }

    /** The seconds until the first of the served certificates expires; NaN if none is served. */
    static double secondsLeft(List<TlsConnectorFactory> connectors, long now) {
        OptionalLong first = connectors.stream()
                .map(TlsConnectorFactory::goodUntil)
                .flatMapToLong(OptionalLong::stream)
                .min();
        return first.isEmpty() ? Double.NaN : (first.getAsLong() - now) / MILLIS;
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
