package io.keck.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The files of a new, empty PostgreSQL. {@code initdb} takes far longer than to copy what it makes, so it runs once for a
 * JVM, and every server begins with a copy. Thread-safe.
 */
final class PostgresFiles {
    private static @Nullable Path initialized;

    private PostgresFiles() {}

    /** The directory to copy, which must not be changed. */
    static synchronized Path initialized() {
        if (initialized == null) {
            try {
                Path data = TestFiles.directory("keck-postgres").resolve("pgdata");
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
}
