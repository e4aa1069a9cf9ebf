package io.keck.ops;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.keck.metrics.ConnectionMetrics;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.Dialect;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/** Counts the connections and their messages, for {@code /metrics} on the admin port. Thread-safe. */
public final class ConnectionMeters implements ConnectionMetrics {
    private volatile Consumer<String> beganRoom = address -> {};

    /** Close codes with a label value of their own; other codes share one, so that peers cannot create metrics. */
    private static final Set<Integer> CODES = Set.of(
            1000, 1001, 1002, 1003, 1005, 1006, 1007, 1009, 1011, 1012, 1013, 4400, 4401, 4403, 4404, 4409, 4413);

    private static final Set<Integer> STATUSES = Set.of(400, 401, 403, 404, 413, 426, 429, 503);
    private static final String OTHER = "other";

    private final MetricRegistry registry;
    private final com.codahale.metrics.Counter opened;
    private final Map<Kind, Traffic> received;
    private final Map<Kind, Traffic> sent;
    private final Counter closed;
    private final Counter refused;
    private final Map<Ignored, CounterDataPoint> ignored = new EnumMap<>(Ignored.class);
    private final Map<AwarenessState.Fault, CounterDataPoint> awarenessDropped =
            new EnumMap<>(AwarenessState.Fault.class);
    private final DistributionDataPoint untilWritten;
    private final DialectMeters dialects;

    /**
     * Registers the counters with every label value at 0, because a counter that appears with its first event shows no
     * increase.
     */
    public ConnectionMeters(MetricRegistry registry, PrometheusRegistry labelled, SyncStages stages) {
        this.registry = registry;
        opened = registry.counter(MetricNames.CONNECTIONS_OPENED);
        received = byKind(
                counter(MetricNames.MESSAGES_RECEIVED, "WebSocket messages received", "kind", labelled),
                counter(MetricNames.BYTES_RECEIVED, "Bytes of the messages received", "kind", labelled));
        sent = byKind(
                counter(MetricNames.MESSAGES_SENT, "WebSocket messages sent", "kind", labelled),
                counter(MetricNames.BYTES_SENT, "Bytes of the messages sent", "kind", labelled));
        closed = counter(MetricNames.CONNECTIONS_CLOSED, "Connections that have ended", "code", labelled);
        CODES.forEach(code -> closed.initLabelValues(String.valueOf(code)));
        closed.initLabelValues(OTHER);
        refused = counter(MetricNames.CONNECTIONS_REFUSED, "Connections that were refused", "status", labelled);
        STATUSES.forEach(status -> refused.initLabelValues(String.valueOf(status)));
        refused.initLabelValues(OTHER);
        Counter unknown = counter(
                MetricNames.MESSAGES_IGNORED, "Messages received that are of an unknown kind", "kind", labelled);
        for (Ignored what : Ignored.values()) {
            ignored.put(what, unknown.labelValues(what.name().toLowerCase(Locale.ROOT)));
        }
        Counter dropped = counter(
                MetricNames.AWARENESS_DROPPED, "Parts of awareness messages that were dropped", "reason", labelled);
        for (AwarenessState.Fault why : AwarenessState.Fault.values()) {
            awarenessDropped.put(why, dropped.labelValues(why.name().toLowerCase(Locale.ROOT)));
        }
        untilWritten = stages.of(SyncStages.Stage.WRITTEN);
        dialects = new DialectMeters(this, labelled);
    }

    /** The counters of messages of one kind. */
    private record Traffic(CounterDataPoint messages, CounterDataPoint bytes) {
        void count(int size) {
            messages.inc();
            bytes.inc(size);
        }
    }

    private static Map<Kind, Traffic> byKind(Counter messages, Counter bytes) {
        Map<Kind, Traffic> all = new EnumMap<>(Kind.class);
        for (Kind kind : Kind.values()) {
            String label = kind.name().toLowerCase(Locale.ROOT);
            all.put(kind, new Traffic(messages.labelValues(label), bytes.labelValues(label)));
        }
        return all;
    }

    private static Counter counter(String name, String help, String label, PrometheusRegistry registry) {
        return Counter.builder()
                .name(name)
                .help(help)
                .labelNames(label)
                .withoutExemplars()
                .register(registry);
    }

    @Override
    public void watch(IntSupplier open, IntSupplier slow, IntSupplier held, LongSupplier backlogBytes) {
        registry.register(MetricNames.CONNECTIONS_OPEN, (Gauge<Integer>) open::getAsInt);
        registry.register(MetricNames.CONNECTIONS_SLOW, (Gauge<Integer>) slow::getAsInt);
        registry.register(MetricNames.CONNECTIONS_HELD, (Gauge<Integer>) held::getAsInt);
        registry.register(MetricNames.CONNECTIONS_BACKLOG, (Gauge<Long>) backlogBytes::getAsLong);
    }

    @Override
    public void watchFlow(LongSupplier overRead, LongSupplier overSent) {
        registry.register(MetricNames.CONNECTIONS_RECEIVED_HELD, (Gauge<Long>) overRead::getAsLong);
        registry.register(MetricNames.CONNECTIONS_SENT_HELD, (Gauge<Long>) overSent::getAsLong);
    }

    /** Sets the listener that counts new rooms by address; must be called once, before the first connection. */
    public void onBeganRoom(Consumer<String> listener) {
        beganRoom = listener;
    }

    @Override
    public ConnectionMetrics of(Dialect dialect) {
        return dialects.of(dialect);
    }

    @Override
    public void beganRoom(String address) {
        beganRoom.accept(address);
    }

    @Override
    public void opened() {
        opened.inc();
    }

    @Override
    public void received(Kind kind, int bytes) {
        Objects.requireNonNull(received.get(kind)).count(bytes);
    }

    @Override
    public void ignored(Ignored what) {
        Objects.requireNonNull(ignored.get(what)).inc();
    }

    @Override
    public void awarenessDropped(AwarenessState.Fault why) {
        Objects.requireNonNull(awarenessDropped.get(why)).inc();
    }

    @Override
    public void sent(Kind kind, int bytes) {
        Objects.requireNonNull(sent.get(kind)).count(bytes);
    }

    @Override
    public void written(long millis) {
        untilWritten.observe(millis / 1e3);
    }

    @Override
    public void closed(int code) {
        closed.labelValues(CODES.contains(code) ? String.valueOf(code) : OTHER).inc();
    }

    @Override
    public void refused(int status) {
        refused.labelValues(STATUSES.contains(status) ? String.valueOf(status) : OTHER)
                .inc();
    }
}
