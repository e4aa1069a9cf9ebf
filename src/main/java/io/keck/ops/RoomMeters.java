package io.keck.ops;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.keck.metrics.RoomMetrics;
import io.keck.room.Rooms;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** Counts the commits, rows and failures of rooms, for {@code /metrics} on the admin port. Thread-safe. */
public final class RoomMeters implements RoomMetrics {
    private static final double[] UPDATES = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000};
    private static final double[] BYTES = {64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 16_777_216};

    private final MetricRegistry registry;
    private final LongSupplier clock;
    private final DistributionDataPoint commitSeconds;
    private final DistributionDataPoint batchUpdates;
    private final DistributionDataPoint batchBytes;
    private final DistributionDataPoint untilCommitted;
    private final DistributionDataPoint untilApplied;
    private final Counter commitFailures;
    private final Counter catchUps;
    private final Counter caughtUp;
    private final Counter heard;
    private final Counter rowsRefused;
    private final Counter gaps;
    private final Counter wentBack;
    private final Counter wentBackBytes;
    private final Counter unsavedBegan;
    private final Counter unsavedEnded;
    private final Counter slowed;
    private final Counter emptyStructs;
    private final Counter conflicts;
    private volatile int behindRooms;
    private volatile long behindRows;
    /** The time since which some room has lacked rows; 0 while none does. */
    private final AtomicLong behindSince = new AtomicLong();

    private final AtomicInteger quarantined = new AtomicInteger();
    private final AtomicInteger nearLimit = new AtomicInteger();
    private final Counter growthRefused;
    private final Counter held;
    private final Counter notKept;
    private final Counter heldTaken;
    private final Counter tooCostly;

    /**
     * Registers the counters and histograms.
     *
     * @param clock as {@link System#nanoTime}
     */
    public RoomMeters(MetricRegistry registry, PrometheusRegistry histograms, SyncStages stages, LongSupplier clock) {
        this.registry = registry;
        this.clock = clock;
        commitSeconds = histogram(
                histograms,
                MetricNames.COMMIT_SECONDS,
                "From handing a batch to the log to its commit",
                SyncStages.BOUNDS);
        batchUpdates = histogram(histograms, MetricNames.BATCH_UPDATES, "Updates in a committed row", UPDATES);
        batchBytes = histogram(histograms, MetricNames.BATCH_BYTES, "Bytes of a committed row", BYTES);
        untilCommitted = stages.of(SyncStages.Stage.COMMITTED);
        untilApplied = stages.of(SyncStages.Stage.APPLIED);
        commitFailures = registry.counter(MetricNames.COMMIT_FAILURES);
        catchUps = registry.counter(MetricNames.CATCH_UPS);
        caughtUp = registry.counter(MetricNames.ROWS_CAUGHT_UP);
        heard = registry.counter(MetricNames.ROWS_HEARD);
        rowsRefused = registry.counter(MetricNames.ROWS_REFUSED);
        gaps = registry.counter(MetricNames.GAPS);
        wentBack = registry.counter(MetricNames.WENT_BACK);
        wentBackBytes = registry.counter(MetricNames.WENT_BACK_BYTES);
        unsavedBegan = registry.counter(MetricNames.UNSAVED_BEGAN);
        unsavedEnded = registry.counter(MetricNames.UNSAVED_ENDED);
        conflicts = registry.counter(MetricNames.CONFLICTS);
        emptyStructs = registry.counter(MetricNames.EMPTY_STRUCTS);
        growthRefused = registry.counter(MetricNames.GROWTH_REFUSED);
        held = registry.counter(MetricNames.HELD);
        notKept = registry.counter(MetricNames.NOT_KEPT);
        heldTaken = registry.counter(MetricNames.HELD_TAKEN);
        tooCostly = registry.counter(MetricNames.DOCUMENTS_TOO_COSTLY);
        registry.register(MetricNames.NEAR_LIMIT, (Gauge<Integer>) nearLimit::get);
        slowed = registry.counter(MetricNames.CONNECTIONS_SLOWED);
        registry.register(MetricNames.SYNC_BEHIND_ROOMS, (Gauge<Integer>) () -> behindRooms);
        registry.register(MetricNames.SYNC_BEHIND_ROWS, (Gauge<Long>) () -> behindRows);
        registry.register(MetricNames.SYNC_BEHIND_SECONDS, (Gauge<Double>) this::behindSeconds);
        registry.register(MetricNames.ROOMS_QUARANTINED, (Gauge<Integer>) quarantined::get);
    }

    static DistributionDataPoint histogram(PrometheusRegistry registry, String name, String help, double... bounds) {
        return Histogram.builder()
                .name(name)
                .help(help)
                .classicOnly()
                .classicUpperBounds(bounds)
                .withoutExemplars()
                .register(registry)
                .labelValues();
    }

    /**
     * Registers the gauges, which are read at each scrape.
     *
     * @param documentLimit bytes that documents may take
     * @param unsavedLimit bytes that may be unsaved
     */
    public void watch(Rooms rooms, long documentLimit, long unsavedLimit) {
        Cached<Rooms.Census> census = new Cached<>(rooms::census, clock);
        registry.register(MetricNames.ROOMS_LOADED, (Gauge<Integer>) rooms::size);
        registry.register(
                MetricNames.ROOMS_OCCUPIED, (Gauge<Integer>) () -> census.get().occupied());
        registry.register(
                MetricNames.UNSAVED_AGE, (Gauge<Double>) () -> census.get().waitingNanos() / 1e9);
        registry.register(MetricNames.ROOMS_UNSAVED, (Gauge<Integer>) rooms::unsavedRooms);
        registry.register(MetricNames.UNSAVED_BYTES, (Gauge<Long>) rooms::unsavedBytes);
        registry.register(MetricNames.UNSAVED_LIMIT, (Gauge<Long>) () -> unsavedLimit);
        registry.register(MetricNames.BUSIEST, (Gauge<Double>) rooms::busiest);
        registry.register(MetricNames.DOCUMENTS, (Gauge<Integer>) rooms::documentCount);
        registry.register(MetricNames.DOCUMENT_BYTES, (Gauge<Long>) rooms::documentBytes);
        registry.register(MetricNames.DOCUMENT_LIMIT, (Gauge<Long>) () -> documentLimit);
    }

    /** The number of rows that the room furthest behind lacked at the last comparison. */
    public long behindRows() {
        return behindRows;
    }

    /** Seconds for which some room has lacked rows at every comparison. */
    public double behindSeconds() {
        long since = behindSince.get();
        return since == 0 ? 0 : (nanos() - since) / 1e9;
    }

    @Override
    public long nanos() {
        return clock.getAsLong() | 1; // 0 would mean that nothing is measured
    }

    @Override
    public void committed(long commitNanos, long waitedNanos, int updates, int bytes) {
        commitSeconds.observe(commitNanos / 1e9);
        batchUpdates.observe(updates);
        batchBytes.observe(bytes);
        if (waitedNanos >= 0) {
            untilCommitted.observe(waitedNanos / 1e9);
        }
    }

    @Override
    public void commitFailed() {
        commitFailures.inc();
    }

    @Override
    public void caughtUp(int rows) {
        catchUps.inc();
        caughtUp.inc(rows);
    }

    @Override
    public void busRefused() {
        rowsRefused.inc();
    }

    @Override
    public void heard(long nanos) {
        heard.inc();
        untilApplied.observe(nanos / 1e9);
    }

    @Override
    public void gap() {
        gaps.inc();
    }

    @Override
    public void compared(int behind, long rows) {
        behindRooms = behind;
        behindRows = rows;
        if (behind == 0) {
            behindSince.set(0);
        } else {
            behindSince.compareAndSet(0, nanos());
        }
    }

    @Override
    public void wentBack(int bytes) {
        wentBack.inc();
        wentBackBytes.inc(bytes);
    }

    @Override
    public void unsavedBegan() {
        unsavedBegan.inc();
    }

    @Override
    public void unsavedEnded() {
        unsavedEnded.inc();
    }

    @Override
    public void conflicts(int ranges) {
        conflicts.inc(ranges);
    }

    @Override
    public void emptyStructs(int count) {
        emptyStructs.inc(count);
    }

    @Override
    public void slowConnection() {
        slowed.inc();
    }

    @Override
    public void documentTooCostly() {
        tooCostly.inc();
    }

    @Override
    public void growthRefused() {
        growthRefused.inc();
    }

    @Override
    public void heldBack(int bytes) {
        held.inc(bytes);
    }

    @Override
    public void notKept() {
        notKept.inc();
    }

    @Override
    public void heldTaken() {
        heldTaken.inc();
    }

    @Override
    public void nearLimitBegan() {
        nearLimit.incrementAndGet();
    }

    @Override
    public void nearLimitEnded() {
        nearLimit.decrementAndGet();
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
