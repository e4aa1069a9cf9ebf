package io.keck.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * A real balancer other than nginx with the configuration of this repository, in which only addresses are replaced. It ends with
 * {@link #close}, at the latest with this JVM.
 */
public final class Balancer implements AutoCloseable {
    private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> RUNNING.forEach(Process::destroyForcibly)));
    }

    /** The balancers that have a configuration. */
    public enum Kind {
        /** Of Debian's package haproxy. */
        HAPROXY("haproxy", "haproxy.cfg", "bind 127.0.0.1:3000", "bind 127.0.0.1:%d", List.of("-f")),
        /** Of Debian's package caddy. */
        CADDY("caddy", "Caddyfile", "http://:3000", "http://:%d", List.of("run", "--adapter", "caddyfile", "--config"));

        private final String program;
        private final String config;
        private final String before;
        private final String after;
        private final List<String> arguments;

        Kind(String program, String config, String before, String after, List<String> arguments) {
            this.program = program;
            this.config = config;
            this.before = before;
            this.after = after;
            this.arguments = arguments;
        }

        private Optional<Path> find() {
            return Stream.concat(Stream.of(System.getenv("PATH").split(File.pathSeparator)), Stream.of("/usr/sbin"))
                    .map(folder -> Path.of(folder, program))
                    .filter(Files::isExecutable)
                    .findFirst();
        }
    }

    private final Process process;
    private final Path log;
    private final int port;

    private Balancer(Process process, Path log, int port) {
        this.process = process;
        this.log = log;
        this.port = port;
        RUNNING.add(process);
    }

    /** Starts one before nodes at these ports, which have to be up; skips the test where it is not installed. */
    public static Balancer start(Kind kind, Path dir, int... nodes) {
        return start(kind, dir, UnaryOperator.identity(), nodes);
    }

    /** The same with one more change of the configuration. */
    public static Balancer start(Kind kind, Path dir, UnaryOperator<String> change, int... nodes) {
        Optional<Path> program = kind.find();
        Assumptions.assumeTrue(program.isPresent(), kind.program + " is not installed");
        try {
            Path home = Files.createTempDirectory(dir, kind.program);
            int port = Ports.free();
            String config =
                    Nginx.replaced(Files.readString(Path.of(kind.config)), kind.before, kind.after.formatted(port));
            for (int i = 0; i < nodes.length; i++) {
                config = Nginx.replaced(config, "127.0.0.1:300" + (i + 1), "127.0.0.1:" + nodes[i]);
            }
            Path file = Files.writeString(home.resolve(kind.config), change.apply(config));
            List<String> line = Stream.of(
                            Stream.of(program.orElseThrow().toString()),
                            kind.arguments.stream(),
                            Stream.of(file.toString()))
                    .flatMap(words -> words)
                    .toList();
            Path log = home.resolve("log");
            ProcessBuilder builder =
                    new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(log.toFile());
            builder.environment().put("XDG_DATA_HOME", home.toString());
            builder.environment().put("XDG_CONFIG_HOME", home.toString());
            Balancer balancer = new Balancer(builder.start(), log, port);
            balancer.awaitHealth();
            return balancer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void awaitHealth() {
        Eventually.await("a balancer", () -> isOpen() && ask("GET", "/health").status() == 200, this::log);
    }

    private boolean isOpen() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
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

    /** The HTTP address of a path, through the balancer. */
    public URI uri(String rawPath) {
        return URI.create("http://127.0.0.1:" + port + rawPath);
    }

    /** Sends a request through the balancer. */
    public RawHttp ask(String method, String rawPath) {
        return RawHttp.ask(port, method, rawPath, "", "");
    }

    /** What it has logged. */
    public String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            if (!process.waitFor(KeckProcess.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("the balancer does not end");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        RUNNING.remove(process);
    }
}
