package io.keck.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * A PostgreSQL of the operating system, whose {@code pg_dump} and {@code pg_restore} fit it: the embedded one brings none. Tests that
 * need it are skipped where the package {@code postgresql} is not installed.
 */
public final class DebianPostgres implements AutoCloseable {
    private static final Path ALL = Path.of("/usr/lib/postgresql");

    private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> RUNNING.forEach(Process::destroyForcibly)));
    }

    private final Path bin;
    private final int port;
    private final Process process;

    private DebianPostgres(Path bin, int port, Process process) {
        this.bin = bin;
        this.port = port;
        this.process = process;
        RUNNING.add(process);
    }

    /** Makes a server with its files in that directory, and starts it. */
    public static DebianPostgres start(Path dir) {
        Optional<Path> home = newest();
        Assumptions.assumeTrue(home.isPresent(), "the package postgresql is not installed");
        Path bin = home.orElseThrow().resolve("bin");
        Path data = dir.resolve("debian-pgdata");
        run(command(
                bin.resolve("initdb"),
                "-A",
                "trust",
                "-U",
                "postgres",
                "-E",
                "UTF8",
                "--locale=C",
                "-N",
                "-D",
                "" + data));
        int port = Ports.free();
        try {
            Process process = new ProcessBuilder(command(
                            bin.resolve("postgres"),
                            "-D",
                            "" + data,
                            "-p",
                            "" + port,
                            "-c",
                            "fsync=off",
                            "-c",
                            "unix_socket_directories="))
                    .redirectErrorStream(true)
                    .redirectOutput(dir.resolve("debian-postgres.log").toFile())
                    .start();
            DebianPostgres server = new DebianPostgres(bin, port, process);
            Eventually.await("a PostgreSQL", server::isReady);
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** PostgreSQL refuses to run as root, so root runs it as nobody of a namespace of its own. */
    private static List<String> command(Path program, String... words) {
        List<String> line = new ArrayList<>();
        if (System.getProperty("user.name").equals("root")) {
            line.addAll(List.of("unshare", "-U"));
        }
        line.add(program.toString());
        line.addAll(List.of(words));
        return line;
    }

    private static void run(List<String> line) {
        try {
            Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new AssertionError(line + ": " + said);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private boolean isReady() {
        try (Connection connection = DriverManager.getConnection(jdbcUrl("postgres"), "postgres", "")) {
            return connection.isValid(5);
        } catch (SQLException e) {
            assertThat(process.isAlive()).isTrue();
            return false;
        }
    }

    /** As {@link #address()}, for JDBC. */
    public String jdbcUrl(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    /** Runs a statement in a database of it. */
    public void execute(String database, String sql) {
        try (Connection connection = DriverManager.getConnection(jdbcUrl(database), "postgres", "");
                var statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Optional<Path> newest() {
        if (!Files.isDirectory(ALL)) {
            return Optional.empty();
        }
        try (Stream<Path> versions = Files.list(ALL)) {
            return versions.filter(home -> Files.isExecutable(home.resolve("bin/postgres"))
                            && Files.isExecutable(home.resolve("bin/pg_dump")))
                    .max(Comparator.comparing(
                            home -> Integer.valueOf(home.getFileName().toString())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The address of the server, to which a slash and the name of a database belong. */
    public String address() {
        return "postgres://postgres@127.0.0.1:" + port;
    }

    /** Writes a database into a file, as {@code pg_dump -Fc} does. */
    public void dump(String database, Path to) {
        run(List.of(bin.resolve("pg_dump").toString(), "-Fc", "-f", to.toString(), "-d", address() + "/" + database));
    }

    @Override
    public void close() {
        process.destroy(); // SIGTERM lets clients end first
        process.toHandle().descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        process.onExit().orTimeout(60, TimeUnit.SECONDS).join();
        RUNNING.remove(process);
    }
}
