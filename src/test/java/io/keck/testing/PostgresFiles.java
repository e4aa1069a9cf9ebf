package io.keck.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of a new, empty PostgreSQL. {@code initdb} takes far longer than to copy what it makes, so it runs once for a
 * JVM, and every server begins with a copy. Thread-safe.
 */
final class PostgresFiles {
    private static @Nullable Path initialized;

    private PostgresFiles() {}

    /** The directory to copy; nobody writes into it. */
    static synchronized Path initialized() {
        if (initialized == null) {
            try {
                Path dir = Files.createTempDirectory("keck-postgres");
                Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(dir)));
                Path data = dir.resolve("pgdata");
                EmbeddedPostgres.builder()
                        .setPort(Ports.free())
                        .setDataDirectory(data)
                        .setCleanDataDirectory(false)
                        .setPGStartupWait(Duration.ofSeconds(60))
                        .start()
                        .close();
                initialized = data;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return initialized;
    }

    private static void delete(Path dir) {
        try (Stream<Path> files = Files.walk(dir)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            // it lies in the folder for temporary files
        }
    }
}
