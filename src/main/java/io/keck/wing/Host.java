package io.keck.wing;

import com.codahale.metrics.health.HealthCheck;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.lifecycle.Managed;
import java.util.function.Supplier;

/**
 * The node as a wing sees it while the node is being built. A wing registers here everything that it needs at run time,
 * so that no other part has to know about it. Registration ends when the node starts. Used by one thread.
 */
public interface Host {
    /** Dropwizard's environment of the node: servlets, resources, metrics. */
    Environment environment();

    /**
     * Runs work about twice a second on the thread {@code room-tick}, in the order of registration. The work must be
     * quick. An exception is logged and counted and does not stop other work.
     *
     * @param name names the work in the log and in the metric of failures
     */
    void everyTick(String name, Runnable work);

    /**
     * Runs a step when the node begins to stop, before rooms are drained, so that clients can be asked to reconnect
     * elsewhere. Connections made afterwards are closed at once.
     */
    void beforeDrain(Runnable step);

    /** Starts a part with the node, in the order of registration, and stops it in reverse order. */
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
