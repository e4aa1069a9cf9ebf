package io.keck.ops;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Counts what is refused before anything else looks at it: pages of strangers, unknown host names. Thread-safe. */
public final class EdgeMeters {
    private static final List<String> REASONS = List.of("host", "origin", "preflight", "header");

    private final Map<String, CounterDataPoint> refused;

    /** Registers the counter. */
    public EdgeMeters(PrometheusRegistry registry) {
        Counter counter = Counter.builder()
                .name(MetricNames.EDGE_REFUSED)
                .help("Requests that were refused before anything else looked at them")
                .labelNames("reason")
                .withoutExemplars()
                .register(registry);
        refused = REASONS.stream().collect(Collectors.toUnmodifiableMap(Function.identity(), counter::labelValues));
    }

    /**
     * One was refused.
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
