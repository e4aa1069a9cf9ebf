package io.keck.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * A real PgBouncer before a PostgreSQL, in transaction mode: code that relies on the session of a database connection fails
 * behind it, all the more as it has fewer connections to the server than its clients have to it.
 */
public final class PgBouncer implements AutoCloseable {
    private static final int POOL = 3;

    private static @Nullable PgBouncer shared;

    private final Process process;
    private final int port;

    private PgBouncer(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /**
     * The PgBouncer before {@link PostgresServer#shared}, which all tests of this JVM share. Skips the test as {@link #start}
     * does.
     */
    public static synchronized PgBouncer shared() {
        if (shared == null) {
            try {
                PgBouncer bouncer = start(TestFiles.directory("keck-pgbouncer"), PostgresServer.shared());
                Runtime.getRuntime().addShutdownHook(new Thread(bouncer::close));
                shared = bouncer;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return shared;
    }

    /** Starts a PgBouncer; skips the test where none is installed, except in CI. */
    public static PgBouncer start(Path dir, PostgresServer server) {
        Optional<Path> program = Stream.concat(
                        Stream.of(System.getenv("PATH").split(File.pathSeparator)), Stream.of("/usr/sbin"))
                .map(folder -> Path.of(folder, "pgbouncer"))
                .filter(Files::isExecutable)
                .findFirst();
        if (program.isEmpty()) {
            if (System.getenv("CI") != null) {
                throw new AssertionError("pgbouncer is missing");
            }
            Assumptions.abort("pgbouncer is not installed");
        }
        try {
            Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
            int port = Ports.free();
            Path config = Files.writeString(dir.resolve("pgbouncer.ini"), """
                    [databases]
                    * = host=127.0.0.1 port=%d user=postgres
                    [pgbouncer]
                    listen_addr = 127.0.0.1
                    listen_port = %d
                    unix_socket_dir =
                    auth_type = any
                    pool_mode = transaction
                    default_pool_size = %d
                    max_client_conn = 200
                    """.formatted(server.port(), port, POOL));
            List<String> command = new ArrayList<>(List.of(program.get().toString(), config.toString()));
            if ("root".equals(System.getProperty("user.name"))) {
                command.addAll(1, List.of("-u", "nobody")); // it refuses to be root
            }
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(dir.resolve("pgbouncer.log").toFile())
                    .start();
            PgBouncer bouncer = new PgBouncer(process, port);
            bouncer.awaitPort(dir);
            return bouncer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void awaitPort(Path dir) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (true) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return;
            } catch (IOException e) {
                if (System.nanoTime() > deadline || !process.isAlive()) {
                    throw new IOException(Files.readString(dir.resolve("pgbouncer.log")), e);
                }
                Thread.onSpinWait();
            }
        }
    }

    /** The address, as {@code DATABASE_URL} takes it, without the slash and the name of a database. */
    public String address() {
        return "postgres://postgres@127.0.0.1:" + port;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
