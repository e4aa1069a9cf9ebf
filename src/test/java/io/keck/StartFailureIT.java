package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The first line of a start that fails says why; there are few lines, no stack trace and no secret. */
class StartFailureIT {
    private static final String SECRET = "Sekret99";
    private static final int LINES = 15;

    @TempDir
    private static Path dir;

    private static PostgresServer server;
    private static ServerSocket taken;

    /** What to start, and what the first line has to say. */
    private record Cause(String name, UnaryOperator<KeckProcess.Setup> setup, String... firstLine) {
        @Override
        public String toString() {
            return name;
        }
    }

    @BeforeAll
    static void prepare() throws IOException {
        server = PostgresServer.start(dir);
        server.execute("CREATE ROLE locked LOGIN PASSWORD 'right'");
        server.execute("CREATE ROLE poor LOGIN");
        Path hba = dir.resolve("pgdata/pg_hba.conf");
        Files.writeString(hba, "host all locked all scram-sha-256\n" + Files.readString(hba));
        server.execute("SELECT pg_reload_conf()");
        taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    }

    @AfterAll
    static void end() throws IOException {
        taken.close();
        server.close();
    }

    private static KeckProcess.Setup url(KeckProcess.Setup setup, String url) {
        return setup.env("DATABASE_URL", url.replace("HERE", "127.0.0.1:" + server.port()));
    }

    private static Stream<Cause> causes() {
        Stream<Cause> some = Stream.of(
                new Cause(
                        "wrong password",
                        s -> url(s, "postgres://locked:Sekret99@HERE/postgres"),
                        "The database at 127.0.0.1:",
                        "password authentication failed",
                        "Correct the user and the password"),
                new Cause(
                        "no right to create",
                        s -> url(s, "postgres://poor:Sekret99@HERE/postgres"),
                        "permission denied",
                        "GRANT"),
                new Cause(
                        "no directory for the native library",
                        s -> s.jvm("-Djava.io.tmpdir=" + dir.resolve("missing")),
                        "native library",
                        "-Dorg.sqlite.tmpdir=",
                        "missing"),
                new Cause(
                        "port in use",
                        s -> s.env("KECK_PORT", String.valueOf(taken.getLocalPort()))
                                .env("HOOK_SECRET", SECRET),
                        "Keck cannot listen on 127.0.0.1, port ",
                        "KECK_PORT"),
                new Cause(
                        "secret of YAML",
                        s -> s.env("HOOK_SECRET", "whsec_@Sekret99: *x #!"),
                        "config.yml: secret",
                        "HOOK_SECRET"));
        Stream<Cause> more = Stream.of(
                new Cause(
                        "refused",
                        s -> url(s, "postgres://k:Sekret99@127.0.0.1:1/db"),
                        "the connection is refused",
                        "Is PostgreSQL up"),
                new Cause(
                        "no such database",
                        s -> url(s, "postgres://poor:Sekret99@HERE/none"),
                        "does not exist",
                        "CREATE DATABASE"),
                new Cause("no TLS", s -> url(s, "postgres://poor:Sekret99@HERE/postgres?sslmode=require"), "no TLS"),
                new Cause(
                        "no such mode",
                        s -> url(s, "postgres://poor:Sekret99@HERE/postgres?sslmode=no-verify"),
                        "config.yml: database.url (from DATABASE_URL): ",
                        "sslmode"),
                new Cause(
                        "quote", s -> url(s, "'postgres://k:Sekret99@h/db"), "config.yml: database.url", "postgres://"),
                new Cause("Redis", s -> s.env("REDIS_URL", "redis//:Sekret99@h"), "config.yml: redis.url", "redis://"),
                new Cause("no number", s -> s.env("KECK_PORT", SECRET), "KECK_PORT", "must be a number"),
                new Cause(
                        "file of a secret",
                        s -> s.env("HOOK_SECRET_FILE", dir.resolve("none").toString()),
                        "HOOK_SECRET_FILE"),
                new Cause("no configuration", s -> s.words("server", "none.yml"), "none.yml"),
                new Cause(
                        "db migrate",
                        s -> url(s, "postgres://locked:Sekret99@HERE/postgres").command("db", "migrate"),
                        "password authentication failed"),
                new Cause(
                        "export",
                        s -> url(s, "postgres://locked:Sekret99@HERE/postgres")
                                .command("export", "--to", dir.resolve("out").toString()),
                        "password authentication failed"),
                new Cause(
                        "check",
                        s -> s.env("REDIS_URL", "[Sekret99").command("check"),
                        "config.yml: redis.url",
                        "REDIS_URL"));
        return Boolean.getBoolean("keck.campaign") ? Stream.concat(some, more) : some;
    }

    @ParameterizedTest
    @MethodSource("causes")
    void firstLine_saysWhyAndWhatToDo(Cause cause) throws IOException {
        Path here = Files.createTempDirectory(dir, "keck");
        try (KeckProcess keck =
                cause.setup().apply(KeckProcess.withDefaults(here).brief()).launch()) {
            assertThat(keck.awaitExit(KeckProcess.PATIENCE)).as(keck.log()).isNotZero();
            List<String> lines = keck.log().lines().toList();
            assertThat(lines).as(keck.log()).isNotEmpty().hasSizeLessThanOrEqualTo(LINES);
            assertThat(lines.get(0)).as(keck.log()).contains(cause.firstLine());
            assertThat(keck.log()).doesNotContain(SECRET).doesNotContain("\tat ");
        }
    }

    /** Where it comes from is there for those who ask. */
    @Test
    void stackTrace_isThereAtDebug() {
        try (KeckProcess keck = url(
                        KeckProcess.withDefaults(dir).brief().env("KECK_LOG_LEVEL", "DEBUG"),
                        "postgres://k:Sekret99@127.0.0.1:1/db")
                .launch()) {
            assertThat(keck.awaitExit(KeckProcess.PATIENCE)).isNotZero();
            assertThat(keck.log()).contains("\tat io.keck").doesNotContain(SECRET);
        }
    }
}
