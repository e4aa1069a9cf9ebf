package io.keck;

import com.codahale.metrics.Gauge;
import io.dropwizard.core.setup.Environment;
import io.keck.ops.HealthServlet;
import io.keck.ops.HealthServlet.Status;
import io.keck.storage.JdbiUpdateLog;
import java.util.concurrent.TimeUnit;

/** How this node is as a whole: at {@code /health} and {@code /health/ready} for balancers, at {@code /health/live} for whoever restarts it. */
final class Readiness {
    /** So long without a tick, and nothing moves any more: a pause of the machine is shorter. */
    private static final long STUCK_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final RoomRuntime runtime;
    private final JdbiUpdateLog log;
    private final boolean requiresDatabase;

    /** @param requiresDatabase whether the node is not ready while the database is away */
    Readiness(RoomRuntime runtime, JdbiUpdateLog log, boolean requiresDatabase) {
        this.runtime = runtime;
        this.log = log;
        this.requiresDatabase = requiresDatabase;
    }

    void addTo(Environment environment) {
        environment
                .servlets()
                .addServlet("health", new HealthServlet(this::status))
                .addMapping("/health", "/health/ready");
        environment
                .servlets()
                .addServlet("health-live", new HealthServlet(this::life))
                .addMapping("/health/live");
        environment.metrics().register(HealthServlet.READY, (Gauge<Integer>) () -> status().isGood() ? 1 : 0);
    }

    Status status() {
        if (!runtime.isStarted()) {
            return Status.STARTING;
        } else if (runtime.isDraining()) {
            return Status.DRAINING;
        } else if (runtime.rooms().isFull()) {
            return Status.FULL;
        } else if (log.isHealthy()) {
            return Status.OK;
        }
        return requiresDatabase ? Status.NO_DATABASE : Status.DEGRADED;
    }

    Status life() {
        return runtime.nanosSinceTick() > STUCK_NANOS ? Status.STUCK : Status.ALIVE;
    }
}
