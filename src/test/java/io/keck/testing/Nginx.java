package io.keck.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * A real nginx with the {@code nginx.conf} of this repository, in which only addresses and paths of files are replaced. It
 * ends with {@link #close}, at the latest with this JVM.
 */
public final class Nginx implements AutoCloseable {
    private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> RUNNING.forEach(Process::destroy)));
    }

    /** A line of the access log, with the nodes that were asked, in that order, and their answers. */
    public record Line(
            String client, String method, String path, int status, List<String> nodes, List<Integer> statuses) {
        static Line of(String line) {
            String[] parts = line.replace(", ", ",").split(" ");
            return new Line(
                    parts[0],
                    parts[2],
                    parts[3],
                    Integer.parseInt(parts[4]),
                    List.of(parts[7].split(",")),
                    Stream.of(parts[8].split(",")).map(Nginx::status).toList());
        }
    }

    private final Process process;
    private final Path dir;
    private final int port;

    private Nginx(Process process, Path dir, int port) {
        this.process = process;
        this.dir = dir;
        this.port = port;
        RUNNING.add(process);
    }

    private static int status(String text) {
        return text.equals("-") ? 0 : Integer.parseInt(text);
    }

    /** Starts nginx before nodes at these ports; skips the test where nginx is not installed, except in CI. */
    public static Nginx start(Path dir, int... nodes) {
        return start(dir, UnaryOperator.identity(), nodes);
    }

    /** As {@link #start(Path, int...)}, with one more change of the configuration. */
    public static Nginx start(Path dir, UnaryOperator<String> change, int... nodes) {
        Optional<Path> program = Stream.concat(
                        Stream.of(System.getenv("PATH").split(File.pathSeparator)), Stream.of("/usr/sbin"))
                .map(folder -> Path.of(folder, "nginx"))
                .filter(Files::isExecutable)
                .findFirst();
        if (program.isEmpty()) {
            if (System.getenv("CI") != null) {
                throw new AssertionError("nginx is missing");
            }
            Assumptions.abort("nginx is not installed");
        }
        try {
            Path home = Files.createTempDirectory(dir, "nginx");
            int port = freePort();
            Path config = Files.writeString(
                    home.resolve("nginx.conf"),
                    change.apply(moved(Files.readString(Path.of("nginx.conf")), home, port, nodes)));
            String main = "daemon off; pid " + home.resolve("pid") + ";";
            if ("root".equals(System.getProperty("user.name"))) {
                main += " user root;"; // the workers would be nobody, who does not see this directory
            }
            Process process = new ProcessBuilder(
                            program.get().toString(), "-p", home.toString(), "-c", config.toString(), "-g", main)
                    .redirectErrorStream(true)
                    .redirectOutput(home.resolve("out.log").toFile())
                    .start();
            Nginx nginx = new Nginx(process, home, port);
            nginx.awaitPort();
            return nginx;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String moved(String config, Path home, int port, int... nodes) {
        String moved = replaced(config, "/var/log/nginx/", home + "/");
        moved = replaced(moved, "listen 127.0.0.1:3000", "listen 127.0.0.1:" + port);
        for (int i = 0; i < nodes.length; i++) {
            moved = replaced(moved, "server 127.0.0.1:300" + (i + 1) + " ", "server 127.0.0.1:" + nodes[i] + " ");
        }
        StringBuilder temp = new StringBuilder("http {\n");
        for (String what : List.of("client_body", "proxy", "fastcgi", "uwsgi", "scgi")) {
            temp.append(what).append("_temp_path ").append(home.resolve(what)).append(";\n");
        }
        return replaced(moved, "http {\n", temp.toString());
    }

    /** Replaces a part of the configuration; fails where that part is not there. */
    public static String replaced(String config, String before, String after) {
        if (!config.contains(before)) {
            throw new AssertionError("nginx.conf has no " + before);
        }
        return config.replace(before, after);
    }

    /** A port that is free now. */
    public static int freePort() {
        return Ports.free();
    }

    private void awaitPort() throws IOException {
        long deadline = System.nanoTime() + KeckProcess.PATIENCE.toNanos();
        while (true) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return;
            } catch (IOException e) {
                if (System.nanoTime() > deadline || !process.isAlive()) {
                    throw new IOException(Files.readString(dir.resolve("out.log")), e);
                }
                Thread.onSpinWait();
            }
        }
    }

    /** The port that it listens on. */
    public int port() {
        return port;
    }

    /** The WebSocket address of a room, whose name is given percent-encoded. */
    public URI room(String rawName) {
        return URI.create("ws://127.0.0.1:" + port + "/collaboration/" + rawName);
    }

    /** The HTTP address of a path, through the proxy. */
    public URI uri(String rawPath) {
        return URI.create("http://127.0.0.1:" + port + rawPath);
    }

    /** Sends a request through the proxy. */
    public RawHttp ask(String method, String rawPath) {
        return RawHttp.ask(port, method, rawPath, "", "");
    }

    /** The access log so far; nginx writes a line when a request has ended. */
    public List<Line> log() {
        try {
            return Files.readAllLines(dir.resolve("access.log")).stream()
                    .map(Line::of)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for the access log's line about a path that was requested once. */
    public Line line(String rawPath) {
        List<Line> found = new ArrayList<>();
        Eventually.await("the access log of " + rawPath, () -> {
            found.addAll(
                    log().stream().filter(line -> line.path().equals(rawPath)).toList());
            return !found.isEmpty();
        });
        return found.get(0);
    }

    @Override
    public void close() {
        process.destroy(); // the master ends its workers; killed, it could not
        try {
            if (!process.waitFor(KeckProcess.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("nginx does not end");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        RUNNING.remove(process);
    }
}
