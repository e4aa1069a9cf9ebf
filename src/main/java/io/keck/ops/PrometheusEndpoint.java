package io.keck.ops;

import io.dropwizard.core.setup.Environment;
import io.prometheus.metrics.exporter.servlet.jakarta.PrometheusMetricsServlet;
import io.prometheus.metrics.instrumentation.dropwizard.DropwizardExports;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

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
     * @return where metrics are registered that Dropwizard's metrics cannot express: labels, and histograms that can be added
     */
    public static PrometheusRegistry addTo(Environment environment) {
        PrometheusRegistry registry = new PrometheusRegistry();
        // not with its mapper of labels: two values of a label become two metrics of one name, and nothing is shown at
        // all
        DropwizardExports.builder().dropwizardRegistry(environment.metrics()).register(registry);
        environment
                .admin()
                .addServlet("prometheus", new PrometheusMetricsServlet(registry))
                .addMapping(PATH);
        return registry;
    }
}
