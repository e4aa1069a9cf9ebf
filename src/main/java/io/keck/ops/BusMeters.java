package io.keck.ops;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.keck.metrics.BusMetrics;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.BooleanSupplier;

/** Counts the messages and events of the bus, for {@code /metrics} on the admin port. Thread-safe. */
public final class BusMeters implements BusMetrics {
    private final MetricRegistry registry;
    private final Counter published;
    private final Counter publishedBytes;
    private final Counter received;
    private final Counter receivedBytes;
    private final Counter dropped;
    private final Counter tooLarge;
    private final Counter damaged;
    private final Counter alien;
    private final Counter forged;
    private final Counter connects;
    private final Counter disconnects;
    private final Counter nodesGone;
    private volatile int others;
    private volatile long queuedBytes;
    private final DistributionDataPoint beats;
    private final DistributionDataPoint untilPublished;
    private final DistributionDataPoint untilReceived;

    /** Registers the counters and histograms. */
    public BusMeters(MetricRegistry registry, PrometheusRegistry histograms, SyncStages stages) {
        this.registry = registry;
        published = registry.counter(MetricNames.BUS_PUBLISHED);
        publishedBytes = registry.counter(MetricNames.BUS_PUBLISHED_BYTES);
        received = registry.counter(MetricNames.BUS_RECEIVED);
        receivedBytes = registry.counter(MetricNames.BUS_RECEIVED_BYTES);
        dropped = registry.counter(MetricNames.BUS_DROPPED);
        tooLarge = registry.counter(MetricNames.BUS_TOO_LARGE);
        damaged = registry.counter(MetricNames.BUS_DAMAGED);
        alien = registry.counter(MetricNames.BUS_ALIEN);
        forged = registry.counter(MetricNames.BUS_FORGED);
        connects = registry.counter(MetricNames.BUS_CONNECTS);
        disconnects = registry.counter(MetricNames.BUS_DISCONNECTS);
        nodesGone = registry.counter(MetricNames.BUS_NODES_GONE);
        beats = RoomMeters.histogram(
                histograms, MetricNames.BUS_BEAT_SECONDS, "Round trip of a beat through Redis", SyncStages.BOUNDS);
        untilPublished = stages.of(SyncStages.Stage.PUBLISHED);
        untilReceived = stages.of(SyncStages.Stage.CROSSED);
    }

    @Override
    public void watch(boolean isConfigured, BooleanSupplier isHealthy) {
        registry.register(MetricNames.BUS_CONFIGURED, (Gauge<Integer>) () -> isConfigured ? 1 : 0);
        registry.register(MetricNames.BUS_NODES, (Gauge<Integer>) () -> others);
        registry.register(MetricNames.BUS_QUEUED, (Gauge<Long>) () -> queuedBytes);
        registry.register(MetricNames.BUS_HEALTHY, (Gauge<Integer>) () -> isHealthy.getAsBoolean() ? 1 : 0);
    }

    @Override
    public void published(int bytes) {
        published.inc();
        publishedBytes.inc(bytes);
    }

    @Override
    public void received(int bytes, long millis) {
        received.inc();
        receivedBytes.inc(bytes);
        untilReceived.observe(Math.max(0, millis) / 1e3); // the clocks of two machines may differ
    }

    @Override
    public void dropped() {
        dropped.inc();
    }

    @Override
    public void tooLarge() {
        tooLarge.inc();
    }

    @Override
    public void refused(Refusal why) {
        switch (why) {
            case DAMAGED -> damaged.inc();
            case ALIEN -> alien.inc();
            case FORGED -> forged.inc();
        }
    }

    @Override
    public void connected() {
        connects.inc();
    }

    @Override
    public void disconnected() {
        disconnects.inc();
    }

    @Override
    public void nodeGone() {
        nodesGone.inc();
    }

    @Override
    public void beat(long nanos) {
        beats.observe(nanos / 1e9);
    }

    @Override
    public void looked(int nodes, long queued) {
        others = nodes;
        queuedBytes = queued;
    }

    @Override
    public void acknowledged(long nanos) {
        untilPublished.observe(nanos / 1e9);
    }
}
