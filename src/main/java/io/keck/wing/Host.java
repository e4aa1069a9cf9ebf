package io.keck.wing;

import com.codahale.metrics.health.HealthCheck;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.lifecycle.Managed;
import java.util.function.Supplier;

/**
 * The node as a wing sees it while it is built: the wing registers here all that it needs at run time, so that nothing else
 * has to know of it. Registration is over when the node starts. For one thread.
 */
public interface Host {
    /** Dropwizard's part of the node: servlets, resources, metrics. */
    Environment environment();

    /**
     * Runs something about twice a second, on the thread {@code room-tick}, after what was registered before. It must be
     * quick. What it throws is logged and counted, and keeps nothing else from running.
     *
     * @param name for the log and the metric of failures
     */
    void everyTick(String name, Runnable work);

    /**
     * Runs something when the node begins to stop, before rooms are drained: it sends clients away in good order. What is
     * connected afterwards is closed at once.
     */
    void beforeDrain(Runnable step);

    /** Starts and stops a part with the node, in the order of registration and backwards. */
    default void manage(Managed part) {
        environment().lifecycle().manage(part);
    }

    /** Adds a health check. It must answer within a second while everything is broken. */
    default void healthCheck(String name, Supplier<HealthCheck.Result> check) {
        environment().healthChecks().register(name, new HealthCheck() {
            @Override
            protected Result check() {
                return check.get();
            }
        });
    }
}
