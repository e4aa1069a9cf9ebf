package io.keck.ops;

import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * How long an update takes from one client to another, by stage. Their sum is, roughly, the lag that users feel. Bounded
 * buckets, so that quantiles over all nodes can be computed. Thread-safe.
 */
public final class SyncStages {
    /** Seconds; fine where all is well, coarse where it is not. */
    static final double[] BOUNDS = {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30};

    /** In the order of the way. */
    enum Stage {
        /** From its reception to its commit, both seen by the room. */
        COMMITTED,
        /** From then until Redis has taken it. */
        PUBLISHED,
        /** From sending to reception on another node, by the clocks of both. */
        CROSSED,
        /** From then until the replica has it. */
        APPLIED,
        /** From queueing a frame for a connection until the network has it, on any node. */
        WRITTEN
    }

    private final Map<Stage, DistributionDataPoint> stages = new EnumMap<>(Stage.class);

    /** Registers the histogram. */
    public SyncStages(PrometheusRegistry registry) {
        Histogram histogram = Histogram.builder()
                .name(MetricNames.SYNC_SECONDS)
                .help("How long an update takes, by stage of its way")
                .labelNames("stage")
                .classicOnly()
                .classicUpperBounds(BOUNDS)
                .withoutExemplars()
                .register(registry);
        for (Stage stage : Stage.values()) {
            stages.put(stage, histogram.labelValues(stage.name().toLowerCase(Locale.ROOT)));
        }
    }

    /** Where the times of a stage go, in seconds. */
    DistributionDataPoint of(Stage stage) {
        return Objects.requireNonNull(stages.get(stage));
    }
}
