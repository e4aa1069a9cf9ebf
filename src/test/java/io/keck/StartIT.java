package io.keck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keck.testing.KeckProcess;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The commands, and starts that must not succeed. */
class StartIT {
    private static final String PASSWORD = "s3cret-pa55";

    @TempDir
    private Path dir;

    private static int run(KeckProcess keck) {
        return keck.awaitExit(KeckProcess.PATIENCE);
    }

    @Test
    void check_ofTheConfiguration_succeeds() throws IOException {
        try (KeckProcess check =
                KeckProcess.withDefaults(dir).brief().command("check").launch()) {
            assertThat(run(check)).as(check.log()).isZero();
        }
        try (var files = Files.list(dir)) {
            assertThat(files).as("a check leaves nothing behind").isEmpty();
        }
    }

    @Test
    void check_ofAWrongValue_fails() {
        try (KeckProcess check = KeckProcess.withDefaults(dir)
                .brief()
                .with("socket.maxMessageSize", "much")
                .command("check")
                .launch()) {
            assertThat(run(check)).isNotZero();
            assertThat(check.log()).contains("socket.maxMessageSize");
        }
    }

    @Test
    void server_withoutAnyDatabaseUrl_makesItsOwnInData() throws IOException {
        Typist typist = new Typist(1);
        try (KeckProcess keck = KeckProcess.withDefaults(dir).brief().start()) {
            try (SyncClient a = SyncClient.join(keck.room("first"));
                    SyncClient b = SyncClient.join(keck.room("first"))) {
                a.write(typist.type("x"));
                b.await("the update", () -> b.updates() == 1);
            }
            assertThat(dir.resolve("data").resolve("keck.db")).isNotEmptyFile();
            HttpResponse<String> page = keck.get("/");
            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(page.headers().firstValue("Content-Type").orElse("")).startsWith("text/html");
            assertThat(page.body()).contains("<h1>Keck is running</h1>");
            HttpResponse<String> health = keck.get("/health");
            assertThat(health.body()).isEqualTo("{\"status\":\"ok\"}");
            assertThat(keck.get("/nothing-here").statusCode()).isEqualTo(404);
            assertThat(keck.log()).doesNotContain("ERROR").doesNotContain("Exception");
        }
        try (KeckProcess again = KeckProcess.withDefaults(dir).brief().start();
                SyncClient c = SyncClient.join(again.room("first"))) {
            assertThat(c.stateVector().clock(1)).isEqualTo(1);
        }
    }

    @Test
    void server_thatDoesNotMigrate_runsAfterTheMigrateCommand() {
        try (KeckProcess migrate =
                KeckProcess.withDefaults(dir).brief().command("db", "migrate").launch()) {
            assertThat(run(migrate)).as(migrate.log()).isZero();
        }
        assertThat(dir.resolve("data").resolve("keck.db"))
                .as("before the first start")
                .exists();
        Typist typist = new Typist(1);
        try (KeckProcess keck = KeckProcess.withDefaults(dir)
                        .brief()
                        .env("KECK_MIGRATE", "false")
                        .start();
                SyncClient a = SyncClient.join(keck.room("migrated"));
                SyncClient b = SyncClient.join(keck.room("migrated"))) {
            a.write(typist.type("x"));
            b.await("the update", () -> b.updates() == 1);
        }
    }

    @Test
    void server_thatDoesNotMigrate_refusesAnEmptyDatabase() {
        KeckProcess.Setup setup = KeckProcess.in(dir).brief().env("KECK_MIGRATE", "false");
        assertThatThrownBy(() -> setup.start().close())
                .as("the start, and its log")
                .hasMessageContaining("db migrate");
    }

    @Test
    void secondServer_onTheSameFile_isToldToLeaveItAlone() {
        try (KeckProcess first = KeckProcess.in(dir).brief().start();
                KeckProcess second = KeckProcess.in(dir).brief().launch()) {
            assertThat(run(second)).isNotZero();
            assertThat(second.log()).contains("in use by another Keck. Stop that one first");
            assertThat(first.get("/health").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void server_beyondThisMachine_needsItWrittenDown() {
        try (KeckProcess keck =
                KeckProcess.in(dir).brief().env("KECK_BIND", "0.0.0.0").launch()) {
            assertThat(run(keck)).isNotZero();
            assertThat(keck.log()).contains("Keck would listen on 0.0.0.0").contains("KECK_OPEN_ACCESS=true");
        }
        try (var files = Files.list(dir)) {
            assertThat(files).as("nothing was opened before").isEmpty();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Nobody listens on port 1 of this machine, or they are no URLs. */
    private static Stream<String> urlsOfNothing() {
        Stream<String> some = Stream.of(
                "postgres://keck:" + PASSWORD + "@127.0.0.1:1/db",
                "postgresql://keck:" + PASSWORD + "%@127.0.0.1:1/db",
                "jdbc:postgresql://127.0.0.1:1/db?user=keck&password=" + PASSWORD,
                "mysql://keck:" + PASSWORD + "@127.0.0.1/db");
        Stream<String> more = Stream.of(
                "postgres://keck:" + PASSWORD + "@127.0.0.1:1/db?connectTimeout=x",
                "postgres://keck:" + PASSWORD + "@",
                "jdbc:postgresql://keck:" + PASSWORD + "@127.0.0.1:1/db",
                "jdbc:nothing://127.0.0.1/db?password=" + PASSWORD);
        return Boolean.getBoolean("keck.campaign") ? Stream.concat(some, more) : some;
    }

    @ParameterizedTest
    @MethodSource("urlsOfNothing")
    void password_isNeverLogged(String url) {
        try (KeckProcess keck = KeckProcess.in(dir)
                .brief()
                .env("KECK_LOG_LEVEL", "DEBUG")
                .env("DATABASE_URL", url)
                .launch()) {
            assertThat(run(keck)).isNotZero();
            assertThat(keck.log()).isNotBlank();
            assertThat(keck.log().lines().filter(line -> line.contains(PASSWORD)))
                    .isEmpty();
        }
    }

    @Test
    void sqliteUrl_ofAWrongDirectory_failsWithItsPath() {
        Path file = dir.resolve("file");
        try {
            Files.writeString(file, "no directory");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        try (KeckProcess keck = KeckProcess.in(dir)
                .brief()
                .env("DATABASE_URL", "jdbc:sqlite:" + file.resolve("keck.db"))
                .launch()) {
            assertThat(run(keck)).isNotZero();
            assertThat(keck.log())
                    .containsPattern(
                            Pattern.compile("database at .*keck\\.db cannot be used: .*has to be a directory"));
        }
    }

    /** Jetty reads and writes in memory outside of the heap; the JVM has no flag that says what an error means. */
    @Test
    void server_thatExhaustsItsDirectMemory_ends() {
        try (KeckProcess keck =
                KeckProcess.in(dir).brief().jvm("-XX:MaxDirectMemorySize=20k").launch()) {
            try {
                for (int i = 0; i < 10; i++) {
                    keck.getAdmin("/ping");
                }
            } catch (UncheckedIOException e) {
                // it has ended
            }
            assertThat(run(keck)).as(keck.log()).isEqualTo(3);
            assertThat(keck.log()).containsPattern("ERROR OutOfMemory: .*direct buffer memory.*ends with status 3");
        }
    }
}
