package io.keck.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A real PostgreSQL with a directory and a port of its own. It can be stopped, killed, started again and set back to an
 * earlier copy of its files.
 */
public final class PostgresServer implements AutoCloseable {
    private static @Nullable PostgresServer shared;

    private final Path data;
    private final int port;
    private final boolean isDurable;
    private @Nullable EmbeddedPostgres running;

    private PostgresServer(Path data, boolean isDurable) {
        this.data = data;
        this.port = Ports.free();
        this.isDurable = isDurable;
    }

    /** Makes a server with its files in that directory, durable as in production, and starts it. */
    public static PostgresServer start(Path dir) {
        return start(dir, true);
    }

    private static PostgresServer start(Path dir, boolean isDurable) {
        PostgresServer server = new PostgresServer(dir.resolve("pgdata"), isDurable);
        copy(PostgresFiles.initialized(), server.data);
        server.start();
        return server;
    }

    /**
     * Makes a standby of a server, which is stopped for a moment while its files are copied, and starts both. It replays what the
     * primary writes and can be read meanwhile.
     */
    public static PostgresServer standby(PostgresServer primary, Path dir) {
        PostgresServer standby = new PostgresServer(dir.resolve("standby"), false);
        primary.stop();
        copy(primary.data, standby.data);
        primary.start();
        try {
            Files.createFile(standby.data.resolve("standby.signal"));
            Files.writeString(
                    standby.data.resolve("postgresql.auto.conf"),
                    "primary_conninfo = 'host=127.0.0.1 port=" + primary.port + " user=postgres'\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        standby.start();
        return standby;
    }

    /**
     * The server that all tests of this JVM share, each with databases of its own: nobody stops it, or changes what holds for
     * all databases. It does not wait for the disk, so what it has committed survives a crash of its own, but not one of the
     * machine.
     */
    public static synchronized PostgresServer shared() {
        if (shared == null) {
            try {
                Path dir = Files.createTempDirectory("keck-postgres");
                PostgresServer server = start(dir, false);
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                    server.close();
                    TestFiles.delete(dir);
                }));
                shared = server;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return shared;
    }

    /** Starts the server again after {@link #stop} or {@link #kill}, on the same port and files. */
    public void start() {
        try {
            Files.deleteIfExists(data.resolve("postmaster.pid"));
            running = EmbeddedPostgres.builder()
                    .setPort(port)
                    .setDataDirectory(data)
                    .setCleanDataDirectory(false)
                    .setServerConfig("fsync", isDurable ? "on" : "off")
                    .setServerConfig("synchronous_commit", isDurable ? "on" : "off")
                    .setPGStartupWait(Duration.ofSeconds(60))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Stops the server, whoever is connected, and waits for its end, for which {@code pg_ctl} may not have the patience. */
    public void stop() {
        try {
            if (running == null) {
                return;
            }
            Optional<ProcessHandle> postmaster = postmaster();
            running.close();
            running = null;
            postmaster.ifPresent(
                    process -> process.onExit().orTimeout(60, TimeUnit.SECONDS).join());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The processor time that the server's running processes have used. */
    public Duration cpu() {
        try {
            ProcessHandle postmaster = postmaster().orElseThrow();
            return Stream.concat(Stream.of(postmaster), postmaster.descendants())
                    .map(process -> process.info().totalCpuDuration().orElse(Duration.ZERO))
                    .reduce(Duration.ZERO, Duration::plus);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Optional<ProcessHandle> postmaster() throws IOException {
        Path file = data.resolve("postmaster.pid");
        return Files.exists(file)
                ? ProcessHandle.of(
                        Long.parseLong(Files.readAllLines(file).get(0).strip()))
                : Optional.empty();
    }

    /** Sends SIGKILL to the server and all its processes and waits for their end. */
    public void kill() {
        try {
            ProcessHandle postmaster = postmaster().orElseThrow();
            List<ProcessHandle> all = Stream.concat(Stream.of(postmaster), postmaster.descendants())
                    .toList();
            all.forEach(ProcessHandle::destroyForcibly);
            all.forEach(
                    process -> process.onExit().orTimeout(60, TimeUnit.SECONDS).join());
            Files.delete(data.resolve("postmaster.pid"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        stop(); // what is left: the lock on the directory
    }

    /** Copies the files of the server, which must be stopped, into a directory. */
    public void backUp(Path to) {
        copy(data, to);
    }

    /** Replaces the files of the server, which must be stopped, by those that {@link #backUp} has copied. */
    public void restore(Path from) {
        try (Stream<Path> files = Files.walk(data)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        copy(from, data);
    }

    static void copy(Path from, Path to) {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(
                        file,
                        to.resolve(from.relativize(file).toString()),
                        StandardCopyOption.COPY_ATTRIBUTES,
                        StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The address of the database {@code postgres}, as {@code DATABASE_URL} takes it. */
    public String url() {
        return url("postgres");
    }

    /** The address of a database in it. */
    public String url(String database) {
        return address() + "/" + database;
    }

    /** The address of the server, to which a slash and the name of a database belong. */
    public String address() {
        return "postgres://postgres@127.0.0.1:" + port;
    }

    /** As {@link #url(String)}, for JDBC's own driver manager. */
    public String jdbcUrl(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    /** The port that it listens on, the same after each start. */
    public int port() {
        return port;
    }

    /** Runs a statement as the superuser, in the database {@code postgres}. */
    public void execute(String sql) {
        try (Connection connection = DriverManager.getConnection(jdbcUrl("postgres"), "postgres", "");
                var statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        stop();
    }
}
