package io.keck.ops;

import io.dropwizard.core.setup.Environment;
import io.prometheus.metrics.exporter.servlet.jakarta.PrometheusMetricsServlet;
import io.prometheus.metrics.instrumentation.dropwizard.DropwizardExports;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/**
 * {@code GET /metrics/prometheus} on the admin port: all metrics in the text format of Prometheus. Dots and hyphens of
 * a name become underscores; meters and counters end in {@code _total}; timers become summaries in seconds.
 */
public final class PrometheusEndpoint {
    private static final String PATH = "/metrics/prometheus";

    private PrometheusEndpoint() {}

    /**
     * Adds the endpoint to the admin port.
     *
     * @return the registry for metrics that Dropwizard's metrics cannot express: those with labels, and histograms that
     *     can be added up
     */
    public static PrometheusRegistry addTo(Environment environment) {
        PrometheusRegistry registry = new PrometheusRegistry();
        // without its mapper of labels, which would turn two values of a label into two metrics of one name and so
        // break the output
        DropwizardExports.builder().dropwizardRegistry(environment.metrics()).register(registry);
        environment
                .admin()
                .addServlet("prometheus", new PrometheusMetricsServlet(registry))
                .addMapping(PATH);
        return registry;
    }
}
