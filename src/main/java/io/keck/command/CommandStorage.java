package io.keck.command;

import com.codahale.metrics.health.HealthCheckRegistry;
import io.dropwizard.core.Configuration;
import io.dropwizard.core.setup.Bootstrap;
import io.dropwizard.core.setup.Environment;
import io.keck.storage.DatabaseFactory;
import io.keck.storage.Storage;
import java.time.Duration;
import java.util.List;
import org.eclipse.jetty.util.component.LifeCycle;

/**
 * The storage of a command, which runs without a server. {@link #close} stops everything that was started for it. Used
 * by one thread.
 */
final class CommandStorage implements AutoCloseable {
    private final List<LifeCycle> parts;
    private final Storage storage;

    private CommandStorage(List<LifeCycle> parts, Storage storage) {
        this.parts = parts;
        this.storage = storage;
    }

    /**
     * Opens a database, and migrates its schema if its block of the configuration says so.
     *
     * @param label the label under which the command writes, like the label of a node
     * @throws io.keck.storage.database.DatabaseUnusableException if the database cannot be used
     */
    static CommandStorage open(Bootstrap<?> bootstrap, Configuration config, DatabaseFactory database, String label)
            throws Exception {
        return open(bootstrap, config, database, label, Duration.ZERO);
    }

    /**
     * As {@link #open(Bootstrap, Configuration, DatabaseFactory, String)}, with names of deleted rooms held for some time.
     *
     * @param deletedNameHold how long after a deletion a room cannot be found as missing but as deleted
     */
    static CommandStorage open(
            Bootstrap<?> bootstrap,
            Configuration config,
            DatabaseFactory database,
            String label,
            Duration deletedNameHold)
            throws Exception {
        Environment environment = new Environment(
                label,
                bootstrap.getObjectMapper(),
                bootstrap.getValidatorFactory(),
                bootstrap.getMetricRegistry(),
                bootstrap.getClassLoader(),
                new HealthCheckRegistry(),
                config);
        List<LifeCycle> parts = environment.lifecycle().getManagedObjects();
        try {
            Storage storage = database.build(environment, label, deletedNameHold);
            for (LifeCycle part : parts) {
                part.start();
            }
            return new CommandStorage(parts, storage);
        } catch (Exception e) {
            stop(parts);
            throw e;
        }
    }

    Storage storage() {
        return storage;
    }

    private static void stop(List<LifeCycle> parts) {
        for (int i = parts.size() - 1; i >= 0; i--) {
            try {
                parts.get(i).stop();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // the process is about to end anyway
            } catch (Exception e) {
                throw new IllegalStateException("A part of the storage cannot be stopped: " + e.getMessage(), e);
            }
        }
    }

    @Override
    public void close() {
        stop(parts);
    }
}
