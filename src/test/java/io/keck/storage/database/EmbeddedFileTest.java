package io.keck.storage.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.lifecycle.setup.LifecycleEnvironment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedFileTest {
    @TempDir
    Path dir;

    private static LifecycleEnvironment lifecycle() {
        return new LifecycleEnvironment(new MetricRegistry());
    }

    private static void stop(LifecycleEnvironment lifecycle) throws Exception {
        for (var managed : lifecycle.getManagedObjects()) {
            managed.start();
            managed.stop();
        }
    }

    @Test
    void prepare_makesTheDirectoryAndKeepsASecondOpenerOut() throws Exception {
        Path file = dir.resolve("deep/er/keck.db");
        DatabaseUrl url = DatabaseUrl.parse("jdbc:sqlite:" + file);
        LifecycleEnvironment first = lifecycle();
        EmbeddedFile.prepare(url, first);
        assertThat(Files.isDirectory(file.getParent())).isTrue();

        assertThatThrownBy(() -> EmbeddedFile.prepare(url, lifecycle()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is in use by another Keck")
                .hasMessageContaining(file.toString())
                .hasMessageContaining("DATABASE_URL");

        stop(first);
        LifecycleEnvironment second = lifecycle();
        EmbeddedFile.prepare(url, second);
        stop(second);
    }

    @Test
    void prepare_letsTwoFilesBe() throws Exception {
        LifecycleEnvironment both = lifecycle();
        EmbeddedFile.prepare(DatabaseUrl.parse("jdbc:sqlite:" + dir.resolve("a.db")), both);
        EmbeddedFile.prepare(DatabaseUrl.parse("jdbc:sqlite:" + dir.resolve("b.db")), both);
        assertThat(both.getManagedObjects()).hasSize(2);
        stop(both);
    }

    @Test
    void prepare_leavesOtherDatabasesAlone() {
        LifecycleEnvironment none = lifecycle();
        EmbeddedFile.prepare(DatabaseUrl.parse("postgres://host/db"), none);
        EmbeddedFile.prepare(DatabaseUrl.parse("jdbc:sqlite::memory:"), none);
        assertThat(none.getManagedObjects()).isEmpty();
    }
}
