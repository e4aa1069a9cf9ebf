package io.keck.ops;

import io.dropwizard.core.setup.Environment;
import io.prometheus.metrics.exporter.servlet.jakarta.PrometheusMetricsServlet;
import io.prometheus.metrics.instrumentation.dropwizard.DropwizardExports;
import io.prometheus.metrics.instrumentation.dropwizard5.labels.CustomLabelMapper;
import io.prometheus.metrics.instrumentation.dropwizard5.labels.MapperConfig;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import java.util.Map;

/**
 * {@code GET /metrics/prometheus} on the admin port: all metrics in the text format of Prometheus. Dots and hyphens of a
 * name become underscores; meters and counters end in {@code _total}; timers become summaries in seconds.
 */
public final class PrometheusEndpoint {
    private static final String PATH = "/metrics/prometheus";

    private PrometheusEndpoint() {}

    /**
     * Puts the endpoint on the admin port.
     *
     * @return where metrics are registered that Dropwizard's metrics cannot express, such as histograms that can be added
     */
    public static PrometheusRegistry addTo(Environment environment) {
        PrometheusRegistry registry = new PrometheusRegistry();
        DropwizardExports.builder()
                .dropwizardRegistry(environment.metrics())
                .customLabelMapper(new CustomLabelMapper(List.of(
                        label(ConnectionMeters.CLOSED, "keck.connections.closed", "code"),
                        label(ConnectionMeters.REFUSED, "keck.connections.refused", "status"))))
                .register(registry);
        environment
                .admin()
                .addServlet("prometheus", new PrometheusMetricsServlet(registry))
                .addMapping(PATH);
        return registry;
    }

    /** What follows the prefix becomes the value of a label. */
    private static MapperConfig label(String prefix, String name, String label) {
        return new MapperConfig(prefix + "*", name, Map.of(label, "${0}"));
    }
}
