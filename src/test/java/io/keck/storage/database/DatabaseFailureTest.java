package io.keck.storage.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.db.ManagedDataSource;
import io.keck.storage.DatabaseFactory;
import io.keck.testing.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Why a database cannot be used is one sentence, with one that says what to do, and without the password. */
class DatabaseFailureTest {
    private static final String SECRET = "Sekret99";

    @TempDir
    private static Path dir;

    private static PostgresServer server;

    @BeforeAll
    static void startServer() throws IOException {
        server = PostgresServer.start(dir);
        server.execute("CREATE ROLE locked LOGIN PASSWORD 'right'");
        server.execute("CREATE ROLE poor LOGIN");
        server.execute("CREATE ROLE homeless LOGIN SUPERUSER");
        server.execute("ALTER ROLE homeless SET search_path = ''");
        server.execute("CREATE DATABASE latin1 ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
        Path hba = dir.resolve("pgdata/pg_hba.conf");
        Files.writeString(
                hba, "host all locked all scram-sha-256\nhost all banned all reject\n" + Files.readString(hba));
        server.execute("SELECT pg_reload_conf()");
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    private static String reason(String url) {
        Throwable thrown = catchThrowable(() -> {
            DatabaseFactory factory = new DatabaseFactory();
            factory.setUrl(url);
            ManagedDataSource pool = factory.build(new MetricRegistry(), "test");
            try {
                Migrations.run(pool);
            } catch (IllegalStateException e) {
                throw new DatabaseUnusableException(DatabaseFailure.explain(e, DatabaseUrl.parse(url)), e);
            } finally {
                pool.stop();
            }
        });
        assertThat(thrown).as(url).isNotNull();
        return String.valueOf(thrown.getMessage());
    }

    private static Stream<Arguments> causes() {
        return Stream.of(
                Arguments.of(
                        "postgres://locked:Sekret99@HERE/postgres", "password", "Correct the user and the password"),
                Arguments.of("postgres://locked@HERE/postgres", "asks for a password", "Add it"),
                Arguments.of("postgres://banned:Sekret99@HERE/postgres", "pg_hba.conf", "allow the connection"),
                Arguments.of("postgres://k:Sekret99@no-such-host.invalid/db", "host is unknown", "Correct the host"),
                Arguments.of("postgres://k:Sekret99@127.0.0.1:1/db", "refused", "Is PostgreSQL up"),
                Arguments.of("postgres://postgres:Sekret99@HERE/none", "\"none\" does not exist", "CREATE DATABASE"),
                Arguments.of("postgres://poor:Sekret99@HERE/postgres", "permission denied", "GRANT"),
                Arguments.of("postgres://homeless:Sekret99@HERE/postgres", "no schema", "search_path"),
                Arguments.of("postgres://poor:Sekret99@HERE/postgres?sslmode=require", "no TLS", "sslmode"),
                Arguments.of("postgres://poor:Sekret99@HERE/postgres?sslmode=no-verify", "sslmode", "require"),
                Arguments.of("postgres://poor:Sekret99@HERE/latin1", "LATIN1", "ENCODING 'UTF8'"),
                Arguments.of("postgres://poor:Sekret99@%2Frun%2Fpostgresql/db", "name a host", "listen_addresses"),
                Arguments.of("postgres://poor:12/Sekret99@HERE/db", "@ or #", "%-encoded"),
                Arguments.of("postgres://poor:12?Sekret99@HERE/db", "@ or #", "%-encoded"),
                Arguments.of("postgres://poor:12#Sekret99@HERE/db", "@ or #", "%-encoded"),
                Arguments.of("postgres://poor:12/Sekret99/x#@HERE/db", "@ or #", "%-encoded"),
                Arguments.of("jdbc:postgresql://poor:1/Sekret99@HERE/db", "@ or #", "%-encoded"),
                Arguments.of("jdbc:postgresql://poor:Sekret99/x", "name a host", ""));
    }

    @ParameterizedTest
    @MethodSource("causes")
    void postgres_saysWhyAndWhatToDo(String url, String why, String remedy) {
        String reason = reason(url.replace("HERE", "127.0.0.1:" + server.port()));
        assertThat(reason)
                .contains(why)
                .contains(remedy)
                .matches("(?s).*[.?]")
                .doesNotContain(SECRET)
                .hasLineCount(1);
    }

    @Test
    void sqlite_saysWhyAndWhatToDo() throws IOException {
        Path file = Files.writeString(dir.resolve("file"), "x".repeat(10_000));
        assertThat(reason("jdbc:sqlite:" + file.resolve("keck.db")))
                .contains("is a file, and has to be a directory")
                .contains("DATABASE_URL=jdbc:sqlite:")
                .hasLineCount(1);
        assertThat(reason("jdbc:sqlite:" + file))
                .contains("cannot be used")
                .contains("not an SQLite database")
                .hasLineCount(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 8, 13, 14, 2_570})
    void sqlite_knowsWhatToDo(int code) {
        DatabaseUrl url = DatabaseUrl.parse("jdbc:sqlite:/data/keck.db");
        assertThat(DatabaseFailure.explain(new SQLException("[X] it failed", null, code), url))
                .startsWith("The database at /data/keck.db cannot be used: [X] it failed. ")
                .hasSizeGreaterThan(80);
    }

    @Test
    void sqlite_withoutItsNativeLibrary_namesTheDirectory() {
        assertThat(DatabaseFailure.explain(
                        new SQLException(new Exception("No native library found for os.name=Linux")),
                        DatabaseUrl.parse("")))
                .contains("-Dorg.sqlite.tmpdir=");
    }

    @Test
    void urlWithoutHost_isLeftToTheDriver() {
        assertThat(DatabaseUrl.parse("jdbc:postgresql:///db").place()).isEqualTo("/db");
        assertThatThrownBy(() -> DatabaseUrl.parse("postgres:///db")).isInstanceOf(IllegalArgumentException.class);
    }
}
