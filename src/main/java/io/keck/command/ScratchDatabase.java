package io.keck.command;

import io.keck.storage.DatabaseFactory;
import io.keck.storage.database.DatabaseUrl;
import io.keck.storage.database.DirectConnections;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * An empty database that is created for one drill and removed by {@link #close}: a file in a folder of its own, or a database on a
 * PostgreSQL server. A server has one drill at a time, which first removes the databases of drills that were killed. Used by one
 * thread.
 */
final class ScratchDatabase implements AutoCloseable {
    private static final String PREFIX = "keck_drill_";
    private static final long LOCK = 0x6b65636b6472696cL; // "keckdril"

    private final @Nullable Handle server;
    private final @Nullable Path folder;
    private final DirectConnections connections;
    private final String name;

    private ScratchDatabase(
            @Nullable Handle server, @Nullable Path folder, DirectConnections connections, String name) {
        this.server = server;
        this.folder = folder;
        this.connections = connections;
        this.name = name;
    }

    /** The beginning of the name of this process's folders, by which a folder of a killed process can be told from a running one. */
    static String folderPrefix() {
        return "keck-drill-" + ProcessHandle.current().pid() + "-";
    }

    /** Creates a file in a new folder, which only this user may read. */
    static ScratchDatabase inFile() throws IOException {
        Path folder = Files.createTempDirectory(folderPrefix());
        DatabaseUrl url = DatabaseUrl.parse("jdbc:sqlite:" + folder.resolve("keck.db"));
        return new ScratchDatabase(null, folder, new DirectConnections(url, null, null), "");
    }

    /**
     * Creates a database on a server.
     *
     * @param base any database of the server, whose user may create databases
     * @throws IllegalStateException if it cannot be created; the message says why
     */
    static ScratchDatabase inServer(DirectConnections base) {
        Handle server = null;
        try {
            server = base.jdbi(false).open();
            if (!server.createQuery("SELECT pg_try_advisory_lock(" + LOCK + ")")
                    .mapTo(Boolean.class)
                    .one()) {
                throw new IllegalStateException("Another drill is running on the server of the scratch database.");
            }
            for (String left : server.createQuery(
                            "SELECT datname FROM pg_database WHERE datname ~ '^" + PREFIX + "[0-9a-f]{16}$'")
                    .mapTo(String.class)
                    .list()) {
                drop(server, left);
            }
            byte[] random = new byte[8];
            new SecureRandom().nextBytes(random);
            String name = PREFIX + HexFormat.of().formatHex(random);
            server.execute("CREATE DATABASE " + name + " TEMPLATE template0 ENCODING 'UTF8'");
            return new ScratchDatabase(server, null, base.inDatabase(name), name);
        } catch (IllegalStateException e) {
            close(server);
            throw e;
        } catch (JdbiException e) {
            close(server);
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IllegalStateException(
                    "The scratch database cannot be created: "
                            + String.valueOf(cause.getMessage())
                                    .lines()
                                    .findFirst()
                                    .orElse("")
                            + ". Its user needs the right to create databases (ALTER ROLE … CREATEDB), or name another"
                            + " server or user in KECK_DATABASE_SCRATCH_URL.",
                    e);
        }
    }

    private static void close(@Nullable Handle server) {
        if (server != null) {
            server.close();
        }
    }

    private static void drop(Handle server, String name) {
        server.execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
    }

    /** The file of the database, which does not exist yet; only if the database is a file. */
    Path file() {
        return Path.of(String.valueOf(connections.url().sqliteFile()));
    }

    /** Returns connections to the database. */
    DirectConnections connections() {
        return connections;
    }

    /** Returns the {@code database} block of a configuration with this database. */
    DatabaseFactory factory() {
        DatabaseFactory factory = new DatabaseFactory();
        factory.setUrl(connections.url().jdbcUrl());
        if (connections.user() != null) {
            factory.setUser(connections.user());
        }
        if (connections.password() != null) {
            factory.setPassword(connections.password());
        }
        return factory;
    }

    /**
     * Restores a dump with {@code pg_restore}, which must be on the path.
     *
     * @return the first line of pg_restore's problem; empty if there was none
     */
    String restore(Path dump) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of(
                "pg_restore",
                "--exit-on-error",
                "--no-owner",
                "--no-privileges",
                "--dbname=" + connections.url().libpqUrl(),
                dump.toString()));
        ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true);
        Map<String, String> environment = builder.environment();
        if (connections.user() != null) {
            environment.put("PGUSER", connections.user());
        }
        if (connections.password() != null) {
            environment.put("PGPASSWORD", connections.password());
        }
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            throw new IllegalStateException("This backup is restored by pg_restore, which cannot be started: install"
                    + " PostgreSQL's client programs (postgresql-client), or restore it yourself and use --restored.");
        }
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = process.waitFor();
        if (status == 0) {
            return "";
        }
        return said.lines()
                .filter(text -> text.contains("error"))
                .findFirst()
                .orElse("pg_restore ended with " + status)
                .strip();
    }

    @Override
    public void close() throws IOException {
        if (server != null) {
            try (server) {
                drop(server, name);
            }
        }
        if (folder != null) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
