package io.keck.ops;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.keck.room.ConnectionMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Set;
import java.util.function.IntSupplier;

/** Counts what connections do, for {@code /metrics} on the admin port. Thread-safe. */
public final class ConnectionMeters implements ConnectionMetrics {
    /** Close codes that mean something here: peers may send any other, and must not make a metric of each. */
    private static final Set<Integer> CODES =
            Set.of(1000, 1001, 1002, 1003, 1005, 1006, 1007, 1009, 1011, 1012, 1013, 4400, 4401, 4403, 4404, 4413);

    private final MetricRegistry registry;
    private final Counter opened;
    private final Counter received;
    private final Counter receivedBytes;
    private final Counter sent;
    private final Counter sentBytes;
    private final io.prometheus.metrics.core.metrics.Counter closed;
    private final io.prometheus.metrics.core.metrics.Counter refused;

    /** Registers {@code keck.connections.*}, and what has a label where labels are known. */
    public ConnectionMeters(MetricRegistry registry, PrometheusRegistry labelled) {
        this.registry = registry;
        opened = registry.counter("keck.connections.opened");
        received = registry.counter("keck.connections.messages-received");
        receivedBytes = registry.counter("keck.connections.bytes-received");
        sent = registry.counter("keck.connections.messages-sent");
        sentBytes = registry.counter("keck.connections.bytes-sent");
        closed = counter("keck_connections_closed_total", "Connections that have ended", "code", labelled);
        refused = counter("keck_connections_refused_total", "Connections that were refused", "status", labelled);
    }

    private static io.prometheus.metrics.core.metrics.Counter counter(
            String name, String help, String label, PrometheusRegistry registry) {
        return io.prometheus.metrics.core.metrics.Counter.builder()
                .name(name)
                .help(help)
                .labelNames(label)
                .withoutExemplars()
                .register(registry);
    }

    /** Registers what is asked for when somebody looks. */
    public void watch(IntSupplier open) {
        registry.register("keck.connections.open", (Gauge<Integer>) open::getAsInt);
    }

    @Override
    public void opened() {
        opened.inc();
    }

    @Override
    public void received(int bytes) {
        received.inc();
        receivedBytes.inc(bytes);
    }

    @Override
    public void sent(int bytes) {
        sent.inc();
        sentBytes.inc(bytes);
    }

    @Override
    public void closed(int code) {
        closed.labelValues(CODES.contains(code) ? String.valueOf(code) : "other")
                .inc();
    }

    @Override
    public void refused(int status) {
        refused.labelValues(String.valueOf(status)).inc();
    }
}
