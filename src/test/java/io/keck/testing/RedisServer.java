package io.keck.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import redis.embedded.core.ExecutableProvider;

/**
 * A real Redis in a process of its own, which keeps its port when it is started again. The program is the installed one, or
 * Redis 6.2, which comes with the test libraries. It ends with {@link #close}, at the latest with this JVM.
 */
public final class RedisServer implements AutoCloseable {
    private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();
    private static final int SHARDED_SINCE = 7;

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> RUNNING.forEach(Process::destroyForcibly)));
    }

    private final List<String> command;
    private final Path dir;
    private final int port;
    private Process process;

    private RedisServer(List<String> command, Path dir, int port) {
        this.command = command;
        this.dir = dir;
        this.port = port;
    }

    /** Starts a Redis with these settings beside the usual ones. */
    public static RedisServer start(Path dir, String... settings) {
        return start(installed().orElseGet(RedisServer::bundled), dir, settings);
    }

    /**
     * Starts a cluster of one node that has all slots. Skips the test where no Redis 7 or newer is installed, except in CI.
     */
    public static RedisServer startCluster(Path dir) {
        Optional<Path> program = installed().filter(path -> version(path) >= SHARDED_SINCE);
        if (program.isEmpty()) {
            if (System.getenv("CI") != null) {
                throw new AssertionError("there is no redis-server of version 7 or newer");
            }
            Assumptions.abort("no redis-server of version 7 or newer is installed");
        }
        RedisServer server = start(program.get(), dir, "--cluster-enabled", "yes");
        server.command("CLUSTER ADDSLOTSRANGE 0 16383");
        server.await("cluster_state:ok", "CLUSTER INFO");
        return server;
    }

    /** Starts the installed Redis, for what Redis 6.2 cannot do; skips the test where none is installed, except in CI. */
    public static RedisServer startInstalled(Path dir, String... settings) {
        Optional<Path> program = installed();
        if (program.isEmpty()) {
            if (System.getenv("CI") != null) {
                throw new AssertionError("there is no redis-server");
            }
            Assumptions.abort("no redis-server is installed");
        }
        return start(program.get(), dir, settings);
    }

    private static RedisServer start(Path program, Path dir, String... settings) {
        int port = freePort();
        List<String> command = new ArrayList<>(List.of(program.toString()));
        boolean hasFile = settings.length > 0 && !settings[0].startsWith("--"); // which comes before everything else
        command.addAll(List.of(settings).subList(0, hasFile ? 1 : 0));
        command.addAll(List.of("--port", String.valueOf(port), "--bind", "127.0.0.1"));
        command.addAll(hasFile ? List.of() : List.of("--save", ""));
        command.addAll(List.of(settings).subList(hasFile ? 1 : 0, settings.length));
        RedisServer server = new RedisServer(command, dir, port);
        server.restart();
        return server;
    }

    /** A port on which nothing listens. */
    public static int freePort() {
        return Ports.free();
    }

    private static Optional<Path> installed() {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> Path.of(folder, "redis-server"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static Path bundled() {
        try {
            return ExecutableProvider.newJarResourceProvider().get().toPath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int version(Path program) {
        try {
            Process asked = new ProcessBuilder(program.toString(), "--version").start();
            String answer = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return Integer.parseInt(answer.replaceAll("(?s).*v=([0-9]+).*", "$1"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The port that it listens on, the same after each start. */
    public int port() {
        return port;
    }

    /** The address as {@code REDIS_URL} takes it. */
    public String url() {
        return "redis://127.0.0.1:" + port;
    }

    /** Starts it again after {@link #kill}. */
    public void restart() {
        try {
            process = new ProcessBuilder(command)
                    .directory(dir.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(
                            dir.resolve("redis-" + port + ".log").toFile()))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        RUNNING.add(process);
        await("PONG|NOAUTH", "PING");
    }

    /** Sends SIGKILL and waits for the end. */
    public void kill() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        RUNNING.remove(process);
    }

    /** Sends SIGSTOP: Redis keeps its connections and does nothing until {@link #resume}. */
    public void pause() {
        Signals.pause(process);
    }

    /** Sends SIGCONT after {@link #pause}. */
    public void resume() {
        Signals.resume(process);
    }

    /** Runs a command; returns the first 4 KiB of the answer, or nothing where Redis does not answer. */
    public String command(String line) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
            byte[] answer = new byte[4096];
            int n = socket.getInputStream().read(answer);
            return new String(answer, 0, Math.max(0, n), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    /** Waits until the answer to a command contains the pattern. */
    private void await(String answer, String line) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        String last;
        while (!Pattern.compile(answer).matcher(last = command(line)).find()) {
            if (System.nanoTime() > deadline || !process.isAlive()) {
                throw new AssertionError(line + " is answered by: " + last);
            }
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            resume();
            kill();
        }
    }
}
