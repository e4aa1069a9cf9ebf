package io.keck.node;

import io.dropwizard.core.setup.Environment;
import io.keck.ops.BusMeters;
import io.keck.ops.ConnectionMeters;
import io.keck.ops.HeapMeters;
import io.keck.ops.LogMeters;
import io.keck.ops.PrometheusEndpoint;
import io.keck.ops.RestMeters;
import io.keck.ops.RoomMeters;
import io.keck.ops.SyncStages;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/**
 * Everything that counts, made before what is counted.
 *
 * @param prometheus where metrics are registered that have labels or are histograms
 */
public record Instruments(
        PrometheusRegistry prometheus, RoomMeters rooms, BusMeters bus, LogMeters log, ConnectionMeters connections) {
    /** Puts the endpoint for Prometheus on the admin port and registers what needs nothing else. */
    public static Instruments of(Environment environment) {
        PrometheusRegistry prometheus = PrometheusEndpoint.addTo(environment);
        SyncStages stages = new SyncStages(prometheus);
        HeapMeters.register(environment.metrics(), prometheus);
        environment.jersey().register(new RestMeters(prometheus, System::nanoTime));
        return new Instruments(
                prometheus,
                new RoomMeters(environment.metrics(), prometheus, stages, System::nanoTime),
                new BusMeters(environment.metrics(), prometheus, stages),
                new LogMeters(environment.metrics(), prometheus),
                new ConnectionMeters(environment.metrics(), prometheus, stages));
    }
}
