package io.keck.ops;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.keck.metrics.LogMetrics;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** Counts the writes, folds and failures of the log in its database, for {@code /metrics} on the admin port. Thread-safe. */
public final class LogMeters implements LogMetrics {
    private static final double[] WRITES = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000};

    private final MetricRegistry registry;
    private final DistributionDataPoint groupWrites;
    private final DistributionDataPoint groupSeconds;
    private final DistributionDataPoint pingSeconds;
    private final DistributionDataPoint foldSeconds;
    private final Counter failures;
    private final Counter full;
    private final Counter folds;
    private final Counter foldFailures;
    private final Counter rowsFolded;
    private final Counter rowsPurged;
    private final Counter replicaAnswered;
    private final Counter replicaBehind;
    private final Counter replicaFailed;
    private final Counter authorsPruned;
    private final Counter historyRows;
    private final Counter segmentBytes;
    private final Counter checkpointBytes;
    private final Counter historyFailures;

    /** Registers the counters and histograms. */
    public LogMeters(MetricRegistry registry, PrometheusRegistry histograms) {
        this.registry = registry;
        groupWrites = RoomMeters.histogram(
                histograms, MetricNames.GROUP_WRITES, "Writes that were sent to the database as one group", WRITES);
        groupSeconds = RoomMeters.histogram(
                histograms,
                MetricNames.GROUP_SECONDS,
                "Time that the database took for a group of writes",
                SyncStages.BOUNDS);
        pingSeconds = RoomMeters.histogram(
                histograms,
                MetricNames.DATABASE_PING_SECONDS,
                "Time that the database took to answer a ping",
                SyncStages.BOUNDS);
        foldSeconds = RoomMeters.histogram(
                histograms,
                MetricNames.FOLD_SECONDS,
                "Time to fold the rows of a room into its snapshot",
                SyncStages.BOUNDS);
        failures = registry.counter(MetricNames.DATABASE_FAILURES);
        full = registry.counter(MetricNames.DATABASE_FULL);
        folds = registry.counter(MetricNames.FOLDS);
        foldFailures = registry.counter(MetricNames.FOLD_FAILURES);
        rowsFolded = registry.counter(MetricNames.ROWS_FOLDED);
        rowsPurged = registry.counter(MetricNames.ROWS_PURGED);
        replicaAnswered = registry.counter(MetricNames.REPLICA_ANSWERED);
        replicaBehind = registry.counter(MetricNames.REPLICA_BEHIND);
        replicaFailed = registry.counter(MetricNames.REPLICA_FAILED);
        authorsPruned = registry.counter(MetricNames.AUTHORS_PRUNED);
        historyRows = registry.counter(MetricNames.HISTORY_ROWS);
        segmentBytes = registry.counter(MetricNames.HISTORY_SEGMENT_BYTES);
        checkpointBytes = registry.counter(MetricNames.HISTORY_CHECKPOINT_BYTES);
        historyFailures = registry.counter(MetricNames.HISTORY_FAILURES);
    }

    @Override
    public void watch(BooleanSupplier isUp, @Nullable Path directory) {
        registry.register(MetricNames.DATABASE_UP, (Gauge<Integer>) () -> isUp.getAsBoolean() ? 1 : 0);
        Disk disk = new Disk(directory);
        registry.register(MetricNames.DISK_FREE, (Gauge<Long>) disk::free);
        registry.register(MetricNames.DISK_SIZE, (Gauge<Long>) disk::size);
    }

    @Override
    public void watchServer(IntSupplier used, IntSupplier most) {
        registry.register(MetricNames.SERVER_CONNECTIONS, (Gauge<Integer>) used::getAsInt);
        registry.register(MetricNames.SERVER_CONNECTIONS_LIMIT, (Gauge<Integer>) most::getAsInt);
    }

    @Override
    public void replicaAnswered() {
        replicaAnswered.inc();
    }

    @Override
    public void replicaBehind() {
        replicaBehind.inc();
    }

    @Override
    public void replicaFailed() {
        replicaFailed.inc();
    }

    @Override
    public void group(int writes, long nanos) {
        groupWrites.observe(writes);
        groupSeconds.observe(nanos / 1e9);
    }

    @Override
    public void answered(long nanos) {
        pingSeconds.observe(nanos / 1e9);
    }

    @Override
    public void failed() {
        failures.inc();
    }

    @Override
    public void full() {
        full.inc();
    }

    @Override
    public void folded(int rows, long nanos) {
        folds.inc();
        rowsFolded.inc(rows);
        foldSeconds.observe(nanos / 1e9);
    }

    @Override
    public void foldFailed() {
        foldFailures.inc();
    }

    @Override
    public void purged(int rows) {
        rowsPurged.inc(rows);
    }

    @Override
    public void kept(int rows, long bytes) {
        historyRows.inc(rows);
        segmentBytes.inc(bytes);
    }

    @Override
    public void checkpointed(long bytes) {
        checkpointBytes.inc(bytes);
    }

    @Override
    public void historyFailed() {
        historyFailures.inc();
    }

    @Override
    public void authorsPruned(int authors) {
        authorsPruned.inc(authors);
    }
}
