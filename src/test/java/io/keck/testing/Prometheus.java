package io.keck.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * A real Prometheus with the alert rules of this repository, which scrapes the admin ports of nodes every second. It ends
 * with {@link #close}, at the latest with this JVM.
 */
public final class Prometheus implements AutoCloseable {
    /** The alert rules that the repository ships. */
    public static final Path RULES = Path.of("grafana", "alerts.yml");

    private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();
    private static final ObjectMapper JSON = new ObjectMapper();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> RUNNING.forEach(Process::destroyForcibly)));
    }

    private final Process process;
    private final int port;
    private final Path log;

    private Prometheus(Process process, int port, Path log) {
        this.process = process;
        this.port = port;
        this.log = log;
        RUNNING.add(process);
    }

    /** Starts a Prometheus that scrapes these ports; skips the test where none is installed, except in CI. */
    public static Prometheus start(Path dir, List<Integer> adminPorts) {
        return start(dir, adminPorts, List.of());
    }

    /** As the other, and for the job {@code keck-host} scrapes what stands for node_exporter. */
    public static Prometheus start(Path dir, List<Integer> adminPorts, List<Integer> hostPorts) {
        Path program = program("prometheus");
        int port = Nginx.freePort();
        try {
            Path config = Files.writeString(
                    dir.resolve("prometheus.yml"),
                    "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
                            + "rule_files: [\"" + RULES.toAbsolutePath() + "\"]\n"
                            + "scrape_configs:\n"
                            + "  - job_name: keck\n"
                            + "    metrics_path: /metrics/prometheus\n"
                            + "    static_configs: [{targets: [" + targets(adminPorts) + "]}]\n"
                            + "  - job_name: keck-host\n"
                            + "    static_configs: [{targets: [" + targets(hostPorts) + "]}]\n");
            Path log = dir.resolve("prometheus.log");
            Process process = new ProcessBuilder(
                            program.toString(),
                            "--config.file=" + config,
                            "--storage.tsdb.path=" + dir.resolve("tsdb"),
                            "--web.listen-address=127.0.0.1:" + port)
                    .directory(dir.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            Prometheus prometheus = new Prometheus(process, port, log);
            Eventually.await("a Prometheus", prometheus::isReady, prometheus::log);
            return prometheus;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String targets(List<Integer> ports) {
        return ports.stream().map(p -> "\"127.0.0.1:" + p + "\"").collect(Collectors.joining(", "));
    }

    /** Runs promtool, which must report success; skips the test where it is not installed, except in CI. */
    public static void promtool(String... arguments) {
        List<String> command = new ArrayList<>(List.of(program("promtool").toString()));
        command.addAll(List.of(arguments));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new AssertionError(String.join(" ", command) + ":\n" + said);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static Path program(String name) {
        Optional<Path> found = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst();
        if (found.isEmpty()) {
            if (System.getenv("CI") != null) {
                throw new AssertionError(name + " is missing");
            }
            Assumptions.abort(name + " is not installed");
        }
        return found.get();
    }

    private boolean isReady() {
        try {
            return get("/-/ready").statusCode() == 200;
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    private String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return String.valueOf(e);
        }
    }

    private HttpResponse<String> get(String path) {
        try {
            return KeckProcess.HTTP.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                            .timeout(KeckProcess.PATIENCE)
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private JsonNode data(String path) {
        try {
            JsonNode answer = JSON.readTree(get(path).body());
            if (!answer.path("status").asText().equals("success")) {
                throw new AssertionError(path + ": " + answer);
            }
            return answer.get("data");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The present values of a query, by their labels. */
    public Map<String, Double> query(String query) {
        Map<String, Double> values = new TreeMap<>();
        for (JsonNode sample : data("/api/v1/query?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8))
                .get("result")) {
            String value = sample.get("value").get(1).asText();
            values.put(
                    sample.get("metric").toString(),
                    switch (value) {
                        case "+Inf" -> Double.POSITIVE_INFINITY;
                        case "-Inf" -> Double.NEGATIVE_INFINITY;
                        default -> Double.parseDouble(value);
                    });
        }
        return values;
    }

    /** The names of the alerts that are firing. */
    public Set<String> firing() {
        Set<String> names = new TreeSet<>();
        for (JsonNode alert : data("/api/v1/alerts").get("alerts")) {
            if (alert.get("state").asText().equals("firing")) {
                names.add(alert.get("labels").get("alertname").asText());
            }
        }
        return names;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        RUNNING.remove(process);
    }
}
