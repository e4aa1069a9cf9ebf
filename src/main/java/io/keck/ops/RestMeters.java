package io.keck.ops;

import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import jakarta.ws.rs.core.MediaType;
import java.util.function.LongSupplier;
import org.glassfish.jersey.server.ContainerResponse;
import org.glassfish.jersey.server.monitoring.ApplicationEvent;
import org.glassfish.jersey.server.monitoring.ApplicationEventListener;
import org.glassfish.jersey.server.monitoring.RequestEvent;
import org.glassfish.jersey.server.monitoring.RequestEventListener;
import org.jspecify.annotations.Nullable;

/**
 * Times the requests of the HTTP interface by class of status, from their beginning to the end of the answer. Event
 * streams do not count, since they are meant to be long. Thread-safe.
 */
public final class RestMeters implements ApplicationEventListener {
    private static final int CLASSES = 6;

    private final DistributionDataPoint[] seconds = new DistributionDataPoint[CLASSES];
    private final LongSupplier clock;

    /**
     * Registers the histogram.
     *
     * @param clock as {@link System#nanoTime}
     */
    public RestMeters(PrometheusRegistry registry, LongSupplier clock) {
        this.clock = clock;
        Histogram histogram = Histogram.builder()
                .name(MetricNames.REST_SECONDS)
                .help("Requests of the HTTP interface")
                .labelNames("status")
                .classicOnly()
                .classicUpperBounds(SyncStages.BOUNDS)
                .withoutExemplars()
                .register(registry);
        for (int i = 2; i < CLASSES; i++) {
            seconds[i] = histogram.labelValues(i + "xx");
        }
    }

    @Override
    public void onEvent(ApplicationEvent event) {
        // only requests are measured
    }

    @Override
    public RequestEventListener onRequest(RequestEvent start) {
        long began = clock.getAsLong();
        return event -> {
            if (event.getType() == RequestEvent.Type.FINISHED) {
                finished(event.getContainerResponse(), clock.getAsLong() - began);
            }
        };
    }

    private void finished(@Nullable ContainerResponse response, long nanos) {
        if (response != null && MediaType.SERVER_SENT_EVENTS_TYPE.equals(response.getMediaType())) {
            return;
        }
        int status = response == null ? 500 : response.getStatus(); // without a response the container answers 500
        int first = status / 100;
        seconds[first >= 2 && first < CLASSES ? first : CLASSES - 1].observe(nanos / 1e9);
    }
}
