package io.keck.storage.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.lifecycle.setup.LifecycleEnvironment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
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

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void whatIsMade_isForTheOwnerAlone() throws Exception {
        Path file = dir.resolve("new/er/keck.db");
        LifecycleEnvironment lifecycle = lifecycle();
        EmbeddedFile.prepare(DatabaseUrl.parse("jdbc:sqlite:" + file), lifecycle);
        assertThat(permissions(dir.resolve("new"))).isEqualTo("rwx------");
        assertThat(permissions(file.getParent())).isEqualTo("rwx------");
        assertThat(permissions(file)).isEqualTo("rw-------");
        assertThat(permissions(dir.resolve("new/er/keck.db.lock"))).isEqualTo("rw-------");
        try (var connection = java.sql.DriverManager.getConnection("jdbc:sqlite:" + file);
                var statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode = WAL");
            statement.execute("CREATE TABLE t (x)");
            assertThat(permissions(dir.resolve("new/er/keck.db-wal"))).isEqualTo("rw-------");
        }
        assertThat(EmbeddedFile.warnIfOthersMayRead(file)).isFalse();
        stop(lifecycle);
    }

    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void whatExists_keepsItsPermissionsAndIsWarnedOf() throws Exception {
        Path open = Files.createDirectory(dir.resolve("open"));
        Path file = Files.createFile(open.resolve("keck.db"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        LifecycleEnvironment lifecycle = lifecycle();
        EmbeddedFile.prepare(DatabaseUrl.parse("jdbc:sqlite:" + file), lifecycle);
        assertThat(permissions(open)).isEqualTo("rwxr-xr-x");
        assertThat(permissions(file)).isEqualTo("rw-r--r--");
        assertThat(EmbeddedFile.warnIfOthersMayRead(file)).isTrue();
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-x---"));
        assertThat(EmbeddedFile.warnIfOthersMayRead(file)).isFalse();
        stop(lifecycle);
    }

    private static String permissions(Path path) throws Exception {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
