package io.keck.ops;

import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Measures the time that an update takes from one client to another, by stage. The sum of the stages is, roughly, the
 * lag that users feel. The buckets are fixed, so that quantiles over all nodes can be computed. Thread-safe.
 */
public final class SyncStages {
    /** Bounds of the buckets in seconds: fine in the normal range, coarse above it. */
    static final double[] BOUNDS = {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30};

    /** The stages, in the order in which an update passes them. */
    enum Stage {
        /** From the reception of the update to its commit, both as seen by the room. */
        COMMITTED,
        /** From the commit until Redis has accepted the message. */
        PUBLISHED,
        /** From sending to reception on another node, by the clocks of both. */
        CROSSED,
        /** From the reception on another node until the replica there has the update. */
        APPLIED,
        /** From queueing a frame for a connection until the network has it, on any node. */
        WRITTEN
    }

    private final Map<Stage, DistributionDataPoint> stages = new EnumMap<>(Stage.class);

    /** Registers the histogram. */
    public SyncStages(PrometheusRegistry registry) {
        Histogram histogram = Histogram.builder()
                .name(MetricNames.SYNC_SECONDS)
                .help("Time that an update takes from one client to another, by stage")
                .labelNames("stage")
                .classicOnly()
                .classicUpperBounds(BOUNDS)
                .withoutExemplars()
                .register(registry);
        for (Stage stage : Stage.values()) {
            stages.put(stage, histogram.labelValues(stage.name().toLowerCase(Locale.ROOT)));
        }
    }

    /** The data point that records the times of a stage in seconds. */
    DistributionDataPoint of(Stage stage) {
        return Objects.requireNonNull(stages.get(stage));
    }
}
