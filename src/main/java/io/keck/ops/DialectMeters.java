package io.keck.ops;

import io.keck.metrics.ConnectionMetrics;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.Dialect;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.GaugeDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/** Counts connections and messages by the protocol that they are in: one label value for each, whatever clients send. Thread-safe. */
final class DialectMeters {
    private static final String LABEL = "dialect";

    private final Map<Dialect, ConnectionMetrics> all = new EnumMap<>(Dialect.class);

    /**
     * Registers the metrics, every label value with 0.
     *
     * @param total receives every count as well
     */
    DialectMeters(ConnectionMetrics total, PrometheusRegistry registry) {
        Gauge open = Gauge.builder()
                .name(MetricNames.DIALECT_OPEN)
                .help("Open WebSockets by the protocol of their clients")
                .labelNames(LABEL)
                .register(registry);
        Counter received = counter(
                MetricNames.DIALECT_RECEIVED, "WebSocket messages received, by the protocol of their client", registry);
        Counter sent =
                counter(MetricNames.DIALECT_SENT, "WebSocket messages sent, by the protocol of their client", registry);
        for (Dialect dialect : Dialect.values()) {
            all.put(
                    dialect,
                    new Spoken(
                            total,
                            open.labelValues(dialect.text()),
                            received.labelValues(dialect.text()),
                            sent.labelValues(dialect.text())));
        }
    }

    private static Counter counter(String name, String help, PrometheusRegistry registry) {
        return Counter.builder()
                .name(name)
                .help(help)
                .labelNames(LABEL)
                .withoutExemplars()
                .register(registry);
    }

    ConnectionMetrics of(Dialect dialect) {
        return Objects.requireNonNull(all.get(dialect));
    }

    /** What connections of one protocol tell. */
    private record Spoken(ConnectionMetrics total, GaugeDataPoint open, CounterDataPoint in, CounterDataPoint out)
            implements ConnectionMetrics {
        @Override
        public void beganRoom(String address) {
            total.beganRoom(address);
        }

        @Override
        public void opened() {
            open.inc();
            total.opened();
        }

        @Override
        public void closed(int code) {
            open.dec();
            total.closed(code);
        }

        @Override
        public void received(Kind kind, int bytes) {
            in.inc();
            total.received(kind, bytes);
        }

        @Override
        public void sent(Kind kind, int bytes) {
            out.inc();
            total.sent(kind, bytes);
        }

        @Override
        public void ignored(Ignored what) {
            total.ignored(what);
        }

        @Override
        public void awarenessDropped(AwarenessState.Fault why) {
            total.awarenessDropped(why);
        }

        @Override
        public void written(long millis) {
            total.written(millis);
        }

        @Override
        public void refused(int status) {
            total.refused(status);
        }
    }
}
