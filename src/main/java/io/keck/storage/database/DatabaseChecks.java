package io.keck.storage.database;

import com.codahale.metrics.health.HealthCheck;
import com.codahale.metrics.health.HealthCheckRegistry;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/** Health checks of the database. Each message names the problem and the remedy. */
public final class DatabaseChecks {
    private static final long LEAST_FREE = 100L << 20;
    private static final long ENOUGH_FREE = 5L << 30;
    private static final double LEAST_SHARE = 0.05;

    private DatabaseChecks() {}

    /**
     * Registers {@code database}, which replaces the less helpful check of JDBI; {@code migrations}; and {@code disk}
     * for an embedded database.
     *
     * @param changeSets the ids that this release needs
     */
    public static void register(
            HealthCheckRegistry checks, Database database, List<String> changeSets, @Nullable Path embedded) {
        checks.unregister("database");
        checks.register("database", check(() -> database(database)));
        checks.register("migrations", check(() -> migrations(database.jdbi(), changeSets)));
        if (embedded != null) {
            checks.register("disk", check(() -> {
                FileStore volume = Files.getFileStore(embedded);
                return disk(embedded, volume.getUsableSpace(), volume.getTotalSpace());
            }));
        }
    }

    @FunctionalInterface
    private interface Check {
        HealthCheck.Result run() throws IOException;
    }

    private static HealthCheck check(Check check) {
        return new HealthCheck() {
            @Override
            protected Result check() throws IOException {
                return check.run();
            }
        };
    }

    private static HealthCheck.Result database(Database database) {
        String why = database.lastFailure();
        if (!database.answers()) {
            return HealthCheck.Result.unhealthy(
                    "The database does not answer (%s). Is it up, and is DATABASE_URL correct? Open rooms continue"
                            + " in unsaved mode until it answers; no restart is needed",
                    why);
        }
        return database.isHealthy()
                ? HealthCheck.Result.healthy()
                : HealthCheck.Result.unhealthy(
                        "The database answers but requests fail (%s). Is its disk full, is it a standby, or are its"
                                + " connections used up?",
                        why);
    }

    private static HealthCheck.Result migrations(Jdbi jdbi, List<String> changeSets) {
        Set<String> missing = new HashSet<>(changeSets);
        try {
            missing.removeAll(jdbi.withHandle(h -> h.createQuery("SELECT id FROM databasechangelog")
                    .mapTo(String.class)
                    .list()));
        } catch (JdbiException e) {
            return HealthCheck.Result.unhealthy("The state of the database schema cannot be read: %s", e);
        }
        return missing.isEmpty()
                ? HealthCheck.Result.healthy()
                : HealthCheck.Result.unhealthy(
                        "The schema lacks %d change sets, %s first. Was an older backup restored? Run: java -jar"
                                + " keck.jar"
                                + " db migrate config.yml",
                        missing.size(), missing.stream().sorted().findFirst().orElseThrow());
    }

    static HealthCheck.Result disk(Path directory, long free, long size) {
        boolean little = free < LEAST_FREE || (free < ENOUGH_FREE && free < LEAST_SHARE * size);
        return little
                ? HealthCheck.Result.unhealthy(
                        "The volume of %s has %d MiB left: make room or move the data before nothing can be saved any"
                                + " more",
                        directory, free >> 20)
                : HealthCheck.Result.healthy("%d MiB left", free >> 20);
    }
}
