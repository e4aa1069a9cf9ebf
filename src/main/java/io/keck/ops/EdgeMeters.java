package io.keck.ops;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Counts requests that are refused before all other processing: foreign pages, unknown host names. Thread-safe. */
public final class EdgeMeters {
    private static final List<String> REASONS = List.of("host", "origin", "preflight", "header");

    private final Map<String, CounterDataPoint> refused;

    /** Registers the counter. */
    public EdgeMeters(PrometheusRegistry registry) {
        Counter counter = Counter.builder()
                .name(MetricNames.EDGE_REFUSED)
                .help("Requests that were refused before all other processing")
                .labelNames("reason")
                .withoutExemplars()
                .register(registry);
        refused = REASONS.stream().collect(Collectors.toUnmodifiableMap(Function.identity(), counter::labelValues));
    }

    /**
     * Counts a refused request.
     *
     * @param reason host, origin, preflight or header; others are not counted
     */
    public void refused(String reason) {
        CounterDataPoint counter = refused.get(reason);
        if (counter != null) {
            counter.inc();
        }
    }
}
