package io.keck.ops;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.Histogram;
import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import io.keck.room.BusMetrics;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Counts what happens on the bus, for {@code /metrics} on the admin port. Thread-safe. */
public final class BusMeters implements BusMetrics {
    private final MetricRegistry registry;
    private final Meter published;
    private final Meter publishedBytes;
    private final Meter received;
    private final Meter receivedBytes;
    private final Meter dropped;
    private final Meter tooLarge;
    private final Meter damaged;
    private final Meter alien;
    private final Meter connects;
    private final Meter disconnects;
    private final Meter nodesGone;
    private final Histogram lag;
    private final Timer beats;

    /** Registers {@code keck.bus.*}. */
    public BusMeters(MetricRegistry registry) {
        this.registry = registry;
        published = registry.meter("keck.bus.published");
        publishedBytes = registry.meter("keck.bus.published-bytes");
        received = registry.meter("keck.bus.received");
        receivedBytes = registry.meter("keck.bus.received-bytes");
        dropped = registry.meter("keck.bus.dropped");
        tooLarge = registry.meter("keck.bus.too-large");
        damaged = registry.meter("keck.bus.damaged");
        alien = registry.meter("keck.bus.alien");
        connects = registry.meter("keck.bus.connects");
        disconnects = registry.meter("keck.bus.disconnects");
        nodesGone = registry.meter("keck.bus.nodes-gone");
        lag = registry.histogram("keck.bus.lag-millis");
        beats = registry.timer("keck.bus.beats");
    }

    /** Registers what is asked of the bus when somebody looks: 1 while it is healthy, else 0. */
    public void watch(BooleanSupplier isHealthy) {
        registry.register("keck.bus.healthy", (Gauge<Integer>) () -> isHealthy.getAsBoolean() ? 1 : 0);
    }

    @Override
    public void published(int bytes) {
        published.mark();
        publishedBytes.mark(bytes);
    }

    @Override
    public void received(int bytes, long millis) {
        received.mark();
        receivedBytes.mark(bytes);
        lag.update(Math.max(0, millis)); // clocks of two machines
    }

    @Override
    public void dropped() {
        dropped.mark();
    }

    @Override
    public void tooLarge() {
        tooLarge.mark();
    }

    @Override
    public void refused(Refusal why) {
        (why == Refusal.DAMAGED ? damaged : alien).mark();
    }

    @Override
    public void connected() {
        connects.mark();
    }

    @Override
    public void disconnected() {
        disconnects.mark();
    }

    @Override
    public void nodeGone() {
        nodesGone.mark();
    }

    @Override
    public void beat(long nanos) {
        beats.update(nanos, TimeUnit.NANOSECONDS);
    }
}
