package io.keck.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keck as its users run it: the packaged jar in a process of its own, with the {@code config.yml} of this repository, on free
 * ports, in a directory of the test. What it prints is kept ({@link #log}). The process ends with {@link #close}, at the
 * latest with this JVM.
 */
public final class KeckProcess implements AutoCloseable {
    /** How long tests wait for something before they fail; nothing may take longer on the slowest machine. */
    public static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final ObjectMapper JSON = new ObjectMapper();

    /** The HTTP client of all tests, shared because each client has threads of its own. */
    public static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private static final Path JAR =
            Path.of(System.getProperty("keck.jar", "target/keck.jar")).toAbsolutePath();
    private static final String CONFIG = Path.of("config.yml").toAbsolutePath().toString();
    private static final Pattern STARTED = Pattern.compile("Started application@.*\\{127\\.0\\.0\\.1:(\\d+)}");
    private static final Pattern ADMIN = Pattern.compile("Started admin@.*\\{127\\.0\\.0\\.1:(\\d+)}");
    /** Tokens, tickets and API keys by their form. */
    private static final Pattern CREDENTIAL =
            Pattern.compile("eyJ[\\w-]{10,}\\.[\\w-]{10,}\\.|kt1\\.[\\w-]{10,}" + "|keck_(?=[\\w-]*[A-Z])[\\w-]{40,}");

    private static final Pattern SECRET = Pattern.compile(".*(SECRET|PASSWORD).*");
    private static final int SHORTEST_SECRET = 12;
    private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> RUNNING.forEach(Process::destroyForcibly)));
    }

    private final Process process;
    /** What must never be printed, beside everything in the form of a credential. */
    private final List<String> secrets;

    /** Whether it is the command that makes API keys, and prints each once. */
    private final boolean printsKeys;

    private final List<String> log = new ArrayList<>();
    private boolean logEnded;
    private int port;

    private KeckProcess(Process process, List<String> secrets, boolean printsKeys) {
        this.process = process;
        this.printsKeys = printsKeys;
        this.secrets = secrets;
        RUNNING.add(process);
        Thread reader = new Thread(this::readLog, "keck-log");
        reader.setDaemon(true);
        reader.start();
    }

    /** Describes a process to start; each method returns this object. */
    public static final class Setup {
        private final Path dir;
        private final Map<String, String> env = new HashMap<>();
        private final List<String> jvm = new ArrayList<>();
        private List<String> command = List.of("server", CONFIG);
        private boolean withArchive = true;
        private Path jar = JAR;

        private Setup(Path dir) {
            this.dir = dir;
            env.put("KECK_PORT", "0");
            env.put("KECK_ADMIN_PORT", "0");
            with("socket.restartSpread", "100ms");
        }

        /** Sets an environment variable of the process. */
        public Setup env(String name, String value) {
            env.put(name, value);
            return this;
        }

        /** Adds options of the JVM; of two that contradict each other the later one counts. */
        public Setup jvm(String... options) {
            jvm.addAll(List.of(options));
            return this;
        }

        /** Overrides a key of the configuration, for example {@code database.log.lanes}. */
        public Setup with(String key, String value) {
            return jvm("-Ddw." + key + "=" + value);
        }

        /** Runs another command than {@code server}; the path of the configuration is added. */
        public Setup command(String... words) {
            command = new ArrayList<>(List.of(words));
            command.add(CONFIG);
            return this;
        }

        /** Uses another configuration file than that of this repository. */
        public Setup config(Path file) {
            command = List.of("server", file.toAbsolutePath().toString());
            return this;
        }

        /** Sets all arguments of the program, the command and the configuration file included. */
        public Setup words(String... words) {
            command = List.of(words);
            return this;
        }

        /** For processes that live for a moment: the serial collector, which starts no threads. */
        public Setup brief() {
            return jvm("-XX:+UseSerialGC");
        }

        /** Starts another release, with its own jar and configuration. */
        public Setup release(Path jar, Path config) {
            this.jar = jar.toAbsolutePath();
            withArchive = false;
            return config(config);
        }

        /** Starts without the {@link ClassArchive}. */
        Setup withoutArchive() {
            withArchive = false;
            return this;
        }

        /** Starts the process and does not wait for it. */
        public KeckProcess launch() {
            List<String> line = new ArrayList<>();
            line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            line.add("-Xmx256m");
            // half of what a start costs is the second compiler, and tests are over before it pays
            line.add("-XX:TieredStopAtLevel=1");
            if (withArchive) {
                line.addAll(ClassArchive.options(JAR));
            }
            line.addAll(jvm);
            line.add("-jar");
            line.add(jar.toString());
            line.addAll(command);
            ProcessBuilder builder =
                    new ProcessBuilder(line).directory(dir.toFile()).redirectErrorStream(true);
            builder.environment()
                    .keySet()
                    .removeIf(name -> name.startsWith("KECK_")
                            || name.startsWith("REDIS_")
                            || Set.of("DATABASE_URL", "NODE_ID", "HOOK_ENDPOINT", "JAVA_TOOL_OPTIONS")
                                    .contains(name));
            builder.environment().putAll(env);
            try {
                return new KeckProcess(builder.start(), secrets(), command.contains("key"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private List<String> secrets() {
            return env.entrySet().stream()
                    .filter(variable -> SECRET.matcher(variable.getKey()).matches())
                    .map(Map.Entry::getValue)
                    .filter(value -> value.length() >= SHORTEST_SECRET)
                    .toList();
        }

        /** Starts the server and waits until it takes connections. */
        public KeckProcess start() {
            KeckProcess keck = launch();
            try {
                Matcher started = keck.awaitLog(STARTED);
                keck.port = Integer.parseInt(started.group(1));
                assertThat(keck.get("/health").statusCode()).isEqualTo(200);
                return keck;
            } catch (RuntimeException | AssertionError e) {
                keck.close();
                throw e;
            }
        }
    }

    /** A server whose database is {@code keck.db} in that directory. */
    public static Setup in(Path dir) {
        return new Setup(dir).env("DATABASE_URL", "jdbc:sqlite:" + dir.resolve("keck.db"));
    }

    /** A node whose database is the one with that name in a server. */
    public static Setup on(PostgresServer server, String database, Path dir) {
        return new Setup(dir).env("DATABASE_URL", server.url(database));
    }

    /** A server that is told nothing about its database, with that directory as its working directory. */
    public static Setup withDefaults(Path dir) {
        return new Setup(dir);
    }

    private void readLog() {
        try (BufferedReader in =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                synchronized (log) {
                    log.add(line);
                    log.notifyAll();
                }
            }
        } catch (IOException e) {
            // killed while it wrote
        } finally {
            synchronized (log) {
                logEnded = true;
                log.notifyAll();
            }
        }
    }

    /** Waits for a line of the log; fails where the process ends without it. */
    public Matcher awaitLog(Pattern pattern) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        synchronized (log) {
            int from = 0;
            while (true) {
                for (; from < log.size(); from++) {
                    Matcher m = pattern.matcher(log.get(from));
                    if (m.find()) {
                        return m;
                    }
                }
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (logEnded || left <= 0) {
                    throw new AssertionError("no line with " + pattern + " in the log:\n" + String.join("\n", log));
                }
                await(left);
            }
        }
    }

    private void await(long millis) {
        try {
            log.wait(millis);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Everything that the process has printed so far. */
    public String log() {
        synchronized (log) {
            return String.join("\n", log);
        }
    }

    /** The lines of the log with a credential or a secret of the configuration; there must be none, at any level. */
    List<String> leaks() {
        synchronized (log) {
            return log.stream()
                    .filter(line ->
                            CREDENTIAL.matcher(line).find() || secrets.stream().anyMatch(line::contains))
                    .toList();
        }
    }

    /** The port of the clients. */
    public int port() {
        return port;
    }

    /** The port of health checks, metrics and tasks. */
    public int adminPort() {
        return Integer.parseInt(awaitLog(ADMIN).group(1));
    }

    /** The WebSocket address of a room, whose name is given percent-encoded. */
    public URI room(String rawName) {
        return URI.create("ws://127.0.0.1:" + port + "/collaboration/" + rawName);
    }

    /** Sends a GET to the port of the clients. */
    public HttpResponse<String> get(String rawPath) {
        return send("GET", rawPath);
    }

    /** Sends a request without a body to the port of the clients. */
    public HttpResponse<String> send(String method, String rawPath) {
        return send(method, port, rawPath);
    }

    /** Sends a request with a body of JSON, which must be answered with 2xx. */
    public HttpResponse<String> sendJson(String method, String rawPath, String body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + rawPath))
                .timeout(PATIENCE)
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        HttpResponse<String> answer =
                HTTP.sendAsync(request, HttpResponse.BodyHandlers.ofString()).join();
        assertThat(answer.statusCode() / 100).as(answer.body()).isEqualTo(2);
        return answer;
    }

    /** The body of {@code /health}. */
    public String health() {
        HttpResponse<String> answer = get("/health");
        assertThat(answer.statusCode()).isEqualTo(200);
        return answer.body();
    }

    /** Whether a health check on the admin port is healthy. */
    public boolean healthCheck(String name) {
        return check(name).get("healthy").asBoolean();
    }

    /** The message of a health check on the admin port. */
    public String healthMessage(String name) {
        return check(name).path("message").asText();
    }

    private JsonNode check(String name) {
        String json = send("GET", adminPort(), "/healthcheck").body();
        try {
            JsonNode check = JSON.readTree(json).path(name);
            assertThat(check.has("healthy")).as(json).isTrue();
            return check;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A gauge's value or the count of a counter or meter, from {@code /metrics} on the admin port. */
    public long metric(String name) {
        String json = admin("/metrics");
        try {
            JsonNode metrics = JSON.readTree(json);
            for (String kind : List.of("gauges", "counters", "meters")) {
                JsonNode found = metrics.path(kind).path(name);
                if (!found.isMissingNode()) {
                    return found.elements().next().asLong();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new AssertionError("no metric " + name + " in " + json);
    }

    /** The body of the answer to a GET on the admin port. */
    public String admin(String rawPath) {
        HttpResponse<String> answer = send("GET", adminPort(), rawPath);
        assertThat(answer.statusCode()).isEqualTo(200);
        return answer.body();
    }

    /** Sends a GET to the admin port. */
    public HttpResponse<String> getAdmin(String rawPath) {
        return send("GET", adminPort(), rawPath);
    }

    /** Sends a POST without a body to the admin port. */
    public HttpResponse<String> postAdmin(String rawPath) {
        return send("POST", adminPort(), rawPath);
    }

    /** Runs a task of the admin port and returns its answer. */
    public JsonNode task(String rawNameAndQuery) {
        HttpResponse<String> answer =
                send("POST", Integer.parseInt(awaitLog(ADMIN).group(1)), "/tasks/" + rawNameAndQuery);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        try {
            return JSON.readTree(answer.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static HttpResponse<String> send(String method, int port, String rawPath) {
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + rawPath))
                    .timeout(PATIENCE)
                    .header("Keck-Admin", "1")
                    .method(method, HttpRequest.BodyPublishers.noBody())
                    .build();
            return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The processor time that the process has used. */
    public Duration cpu() {
        return process.info().totalCpuDuration().orElseThrow();
    }

    /** Whether the process is running. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Sends SIGTERM and does not wait. */
    public void terminate() {
        process.toHandle().destroy(); // Process.destroy would close the log as well
    }

    /** Sends SIGKILL and waits for the end of the process. */
    public void kill() {
        process.toHandle().destroyForcibly();
        awaitExit(PATIENCE);
    }

    /** Sends SIGSTOP: the process keeps its connections and does nothing until {@link #resume}. */
    public void pause() {
        Signals.pause(process);
    }

    /** Sends SIGCONT after {@link #pause}. */
    public void resume() {
        Signals.resume(process);
    }

    /** Waits until the process has ended and its log is complete; returns the exit code. */
    public int awaitExit(Duration patience) {
        try {
            if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("still running after " + patience + ":\n" + log());
            }
            synchronized (log) {
                long deadline = System.nanoTime() + PATIENCE.toNanos();
                while (!logEnded && System.nanoTime() < deadline) {
                    await(100);
                }
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        RUNNING.remove(process);
        return process.exitValue();
    }

    /** Kills it if it still runs. Fails where it has printed a credential, at whatever level it logs. */
    @Override
    public void close() {
        kill();
        if (!printsKeys) {
            assertThat(leaks()).as("credentials in what the server has printed").isEmpty();
        }
    }
}
