package io.keck.node;

import com.codahale.metrics.Gauge;
import io.dropwizard.core.setup.Environment;
import io.keck.ops.HealthServlet;
import io.keck.ops.HealthServlet.Status;
import io.keck.storage.database.Database;
import java.util.concurrent.TimeUnit;

/**
 * The health of the node as a whole: {@code /health} and {@code /health/ready} for balancers, {@code /health/live} for
 * supervisors. Thread-safe.
 */
public final class Readiness {
    /** Nanoseconds without a tick after which the node counts as stuck; longer than any pause of the machine. */
    static final long STUCK_NANOS = TimeUnit.SECONDS.toNanos(60);

    /** The facts about the node that decide its health. */
    interface Node {
        boolean isStarted();

        boolean isDraining();

        /** Whether the node holds the largest allowed number of unsaved bytes. */
        boolean isFull();

        /** Whether the node has no memory for more documents. */
        default boolean isCrowded() {
            return false;
        }

        /** Whether the database accepts updates. */
        boolean isSaving();

        /** Nanoseconds since the last tick of the rooms. */
        long nanosSinceTick();
    }

    private final Node node;
    private final boolean requiresDatabase;

    /** @param requiresDatabase whether the node is not ready while the database is away */
    public Readiness(RoomRuntime runtime, Database database, boolean requiresDatabase) {
        this(
                new Node() {
                    @Override
                    public boolean isStarted() {
                        return runtime.isStarted();
                    }

                    @Override
                    public boolean isDraining() {
                        return runtime.isDraining();
                    }

                    @Override
                    public boolean isFull() {
                        return runtime.rooms().isFull();
                    }

                    @Override
                    public boolean isCrowded() {
                        return runtime.rooms().isCrowded();
                    }

                    @Override
                    public boolean isSaving() {
                        return database.isHealthy();
                    }

                    @Override
                    public long nanosSinceTick() {
                        return runtime.nanosSinceTick();
                    }
                },
                requiresDatabase);
    }

    Readiness(Node node, boolean requiresDatabase) {
        this.node = node;
        this.requiresDatabase = requiresDatabase;
    }

    public void addTo(Environment environment) {
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
        if (!node.isStarted()) {
            return Status.STARTING;
        } else if (node.isDraining()) {
            return Status.DRAINING;
        } else if (node.isFull()) {
            return Status.FULL;
        } else if (node.isSaving()) {
            return node.isCrowded() ? Status.CROWDED : Status.OK;
        }
        return requiresDatabase ? Status.NO_DATABASE : Status.DEGRADED;
    }

    Status life() {
        return node.nanosSinceTick() > STUCK_NANOS ? Status.STUCK : Status.ALIVE;
    }
}
