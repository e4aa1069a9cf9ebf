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

/** The storage of a command, which has no server around it; what runs for it ends with {@link #close}. Used by one thread. */
final class CommandStorage implements AutoCloseable {
    private final List<LifeCycle> parts;
    private final Storage storage;

    private CommandStorage(List<LifeCycle> parts, Storage storage) {
        this.parts = parts;
        this.storage = storage;
    }

    /**
     * Opens a database, and brings its schema up to date if its block of the configuration says so.
     *
     * @param label the label under which it writes, like that of a node
     * @throws io.keck.storage.database.DatabaseUnusableException where it cannot be used
     */
    static CommandStorage open(Bootstrap<?> bootstrap, Configuration config, DatabaseFactory database, String label)
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
            Storage storage = database.build(environment, label, Duration.ZERO);
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
                Thread.currentThread().interrupt(); // the process ends, and with it everything that still runs
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
