package io.keck.node;

import io.dropwizard.core.setup.Environment;
import io.keck.heap.HeapLedger;
import io.keck.ops.BusMeters;
import io.keck.ops.ConnectionMeters;
import io.keck.ops.EdgeMeters;
import io.keck.ops.FeedMeters;
import io.keck.ops.HeapMeters;
import io.keck.ops.LogMeters;
import io.keck.ops.LoopMeters;
import io.keck.ops.MemoryMeters;
import io.keck.ops.PrometheusEndpoint;
import io.keck.ops.RestMeters;
import io.keck.ops.RoomMeters;
import io.keck.ops.SyncStages;
import io.keck.wing.Host;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/** The meters and the heap ledger, built before the parts that report to them. */
public record Instruments(
        RoomMeters rooms,
        BusMeters bus,
        LogMeters log,
        ConnectionMeters connections,
        FeedMeters feed,
        EdgeMeters edge,
        HeapLedger ledger) {
    /** Builds the instruments, with the endpoint for Prometheus on the admin port. */
    public static Instruments of(Host host) {
        Environment environment = host.environment();
        PrometheusRegistry prometheus = PrometheusEndpoint.addTo(environment);
        SyncStages stages = new SyncStages(prometheus);
        HeapMeters.register(environment.metrics(), prometheus);
        HeapLedger ledger =
                new HeapLedger(HeapLedger.totalFor(Runtime.getRuntime().maxMemory()));
        MemoryMeters.register(environment.metrics(), prometheus, environment.healthChecks(), ledger);
        LoopMeters.register(host, prometheus);
        environment.jersey().register(new RestMeters(prometheus, System::nanoTime));
        return new Instruments(
                new RoomMeters(environment.metrics(), prometheus, stages, System::nanoTime),
                new BusMeters(environment.metrics(), prometheus, stages),
                new LogMeters(environment.metrics(), prometheus),
                new ConnectionMeters(environment.metrics(), prometheus, stages),
                new FeedMeters(environment.metrics(), prometheus),
                new EdgeMeters(prometheus),
                ledger);
    }
}
