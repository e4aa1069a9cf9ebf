package io.keck.ops;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import io.keck.room.RoomMetrics;
import io.keck.room.Rooms;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts what rooms do, for {@code /metrics} on the admin port. Thread-safe. */
public final class RoomMeters implements RoomMetrics {
    /** Seconds. */
    private static final double[] BOUNDS = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10};

    private final MetricRegistry registry;
    private final Timer commits;
    private final Histogram commitSeconds;
    private final Meter commitFailures;
    private final Meter caughtUp;
    private final Meter heard;
    private final Counter wentBack;
    private final Counter wentBackBytes;
    private final Meter unsavedBegan;
    private final Meter unsavedEnded;
    private final AtomicInteger quarantined = new AtomicInteger();

    /** Registers {@code keck.rooms.*}, and the histogram of commits where histograms of several nodes can be added. */
    public RoomMeters(MetricRegistry registry, PrometheusRegistry histograms) {
        this.registry = registry;
        commitSeconds = Histogram.builder()
                .name("keck_rooms_commit_seconds")
                .help("From handing a batch to the log to its commit")
                .classicOnly()
                .classicUpperBounds(BOUNDS)
                .withoutExemplars()
                .register(histograms);
        commits = registry.timer("keck.rooms.commits");
        commitFailures = registry.meter("keck.rooms.commit-failures");
        caughtUp = registry.meter("keck.rooms.rows-caught-up");
        heard = registry.meter("keck.rooms.rows-heard");
        wentBack = registry.counter("keck.rooms.log-went-back");
        wentBackBytes = registry.counter("keck.rooms.log-went-back-bytes");
        unsavedBegan = registry.meter("keck.rooms.unsaved-began");
        unsavedEnded = registry.meter("keck.rooms.unsaved-ended");
        registry.register("keck.rooms.quarantined", (Gauge<Integer>) quarantined::get);
    }

    /** Registers what is asked of the rooms when somebody looks. */
    public void watch(Rooms rooms) {
        registry.register("keck.rooms.open", (Gauge<Integer>) rooms::size);
        registry.register("keck.rooms.unsaved", (Gauge<Integer>) rooms::unsavedRooms);
        registry.register("keck.rooms.unsaved-bytes", (Gauge<Long>) rooms::unsavedBytes);
    }

    @Override
    public void committed(long millis) {
        commits.update(millis, TimeUnit.MILLISECONDS);
        commitSeconds.observe(millis / 1e3);
    }

    @Override
    public void commitFailed() {
        commitFailures.mark();
    }

    @Override
    public void caughtUp(int rows) {
        caughtUp.mark(rows);
    }

    @Override
    public void heard() {
        heard.mark();
    }

    @Override
    public void wentBack(int bytes) {
        wentBack.inc();
        wentBackBytes.inc(bytes);
    }

    @Override
    public void unsavedBegan() {
        unsavedBegan.mark();
    }

    @Override
    public void unsavedEnded() {
        unsavedEnded.mark();
    }

    @Override
    public void quarantineBegan() {
        quarantined.incrementAndGet();
    }

    @Override
    public void quarantineEnded() {
        quarantined.decrementAndGet();
    }
}
