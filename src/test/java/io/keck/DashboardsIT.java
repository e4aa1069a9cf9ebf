package io.keck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import io.keck.testing.Prometheus;
import io.keck.testing.RedisServer;
import io.keck.testing.Runbook;
import io.keck.testing.SteadyLoad;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.Yaml;

/** A real Prometheus reads two nodes under load, with PostgreSQL and Redis: what every dashboard shows, and its alerts. */
class DashboardsIT {
    private static final Path DASHBOARDS = Path.of("grafana", "dashboards");
    private static final Path RUNBOOK = Path.of("src", "site", "markdown", "runbook.md");
    private static final Set<String> BOARDS = Set.of("overview", "sync", "connections", "storage", "cluster", "jvm");

    @TempDir
    private static Path dir;

    private static PostgresServer postgres;
    private static RedisServer redis;
    private static final List<KeckProcess> NODES = new ArrayList<>();
    private static SteadyLoad load;
    private static Prometheus prometheus;
    private static HttpServer nodeExporter;

    @BeforeAll
    static void start() throws IOException {
        postgres = PostgresServer.start(dir);
        redis = RedisServer.start(dir);
        for (String label : List.of("one", "two")) {
            NODES.add(KeckProcess.on(postgres, "postgres", dir)
                    .env("REDIS_URL", redis.url())
                    .env("NODE_ID", label)
                    .with("database.log.snapshotEvery", "20")
                    .brief()
                    .start());
        }
        drill();
        prometheus = Prometheus.start(
                dir,
                NODES.stream().map(KeckProcess::adminPort).toList(),
                List.of(nodeExporter.getAddress().getPort()));
        load = SteadyLoad.on(NODES, "drawn-1", "drawn-2");
    }

    /** A backup and its drill, whose result is served as node_exporter would. */
    private static void drill() throws IOException {
        Path backup = dir.resolve("all.keck");
        Path result = dir.resolve("keck-drill.prom");
        for (List<String> words : List.of(
                List.of("export", "--to", backup.toString()),
                List.of("drill", "--from", backup.toString(), "--metrics", result.toString()))) {
            try (KeckProcess command = KeckProcess.on(postgres, "postgres", dir)
                    .brief()
                    .command(words.toArray(String[]::new))
                    .launch()) {
                assertThat(command.awaitExit(KeckProcess.PATIENCE))
                        .as(command.log())
                        .isZero();
            }
        }
        nodeExporter = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        nodeExporter.createContext("/metrics", exchange -> {
            byte[] text = Files.readAllBytes(result);
            exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4");
            exchange.sendResponseHeaders(200, text.length);
            exchange.getResponseBody().write(text);
            exchange.close();
        });
        nodeExporter.start();
    }

    @AfterAll
    static void stop() {
        if (nodeExporter != null) {
            nodeExporter.stop(0);
        }
        Stream.of(load, prometheus)
                .filter(part -> part != null)
                .forEach(part -> assertThat(part).satisfies(AutoCloseable::close));
        NODES.forEach(KeckProcess::close);
        redis.close();
        postgres.close();
    }

    private record Panel(String board, String title, JsonNode json) {
        List<String> queries() {
            List<String> queries = new ArrayList<>();
            json.get("targets").forEach(t -> queries.add(t.get("expr").asText()));
            return queries;
        }

        @Override
        public String toString() {
            return board + ": " + title;
        }
    }

    private static List<Panel> panels() throws IOException {
        List<Panel> panels = new ArrayList<>();
        try (Stream<Path> files = Files.list(DASHBOARDS)) {
            for (Path file : files.sorted().toList()) {
                JsonNode board = new ObjectMapper().readTree(Files.readString(file));
                for (JsonNode panel : board.get("panels")) {
                    panels.add(new Panel(
                            file.getFileName().toString().replace(".json", ""),
                            panel.get("title").asText(),
                            panel));
                }
            }
        }
        return panels;
    }

    @Test
    void everyPanel_hasAUnitAndASentence() throws IOException {
        List<Panel> panels = panels();
        assertThat(panels.stream().map(Panel::board).collect(Collectors.toSet()))
                .isEqualTo(BOARDS);
        for (Panel panel : panels) {
            assertThat(panel.queries()).as(panel.toString()).isNotEmpty();
            assertThat(panel.json().at("/fieldConfig/defaults/unit").asText())
                    .as(panel.toString())
                    .isNotEmpty();
            assertThat(panel.json().at("/description").asText())
                    .as(panel.toString())
                    .matches("[^.]{10,}\\.");
        }
    }

    @Test
    void everyQuery_returnsData() throws IOException, InterruptedException {
        KeckProcess one = NODES.get(0);
        HttpRequest upload = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + one.port() + "/api/blobs/drawn-1"))
                .POST(HttpRequest.BodyPublishers.ofString("file"))
                .build();
        assertThat(KeckProcess.HTTP
                        .send(upload, HttpResponse.BodyHandlers.discarding())
                        .statusCode())
                .isEqualTo(200);
        Eventually.await(
                "two nodes", () -> prometheus.query("up{job=\"keck\"} == 1").size() == 2);
        for (Panel panel : panels()) {
            if (panel.title().equals("TLS certificate")) {
                continue; // these nodes have none; TlsIT sees the metric
            }
            for (String query : panel.queries()) {
                Eventually.await(
                        "data for " + panel,
                        () -> {
                            one.get("/api/block/drawn-1"); // back ends, which the load does not have
                            return hasData(query);
                        },
                        () -> query + " gives " + prometheus.query(query));
            }
        }
        assertThat(hasData("sum by (le) (rate(keck_rooms_typo_total[1m]))"))
                .as("the twin")
                .isFalse();
    }

    /** Something that is a number: a quantile of nothing is none. */
    private static boolean hasData(String query) {
        return prometheus.query(query).values().stream().anyMatch(value -> !value.isNaN());
    }

    /** Nothing that fires by itself, so that what the other test of alerts sees comes from its faults. */
    @Test
    void noAlert_firesWhileAllIsWell() {
        Eventually.await(
                "enough samples",
                () -> prometheus
                                .query("count_over_time(up{job=\"keck\"}[1m]) > 15")
                                .size()
                        == 2);
        assertThat(prometheus.query("ALERTS{alertstate=\"firing\"}")).isEmpty();
    }

    @Test
    void promtool_acceptsTheRules_andTheirTestsPass() throws IOException {
        Prometheus.promtool("check", "rules", Prometheus.RULES.toString());
        Prometheus.promtool("test", "rules", "grafana/alerts.test.yml");
        Prometheus.promtool("check", "config", "grafana/prometheus.yml");
        // the twin: rules that never fire do not pass
        Path mute = Files.createDirectories(dir.resolve("mute"));
        Files.writeString(
                mute.resolve("alerts.yml"),
                Files.readString(Prometheus.RULES)
                        .replaceAll("(?m)^        expr: [^>].*$", "        expr: vector(1) == 2"));
        Files.copy(Path.of("grafana", "alerts.test.yml"), mute.resolve("alerts.test.yml"));
        assertThatThrownBy(() -> Prometheus.promtool(
                        "test", "rules", mute.resolve("alerts.test.yml").toString()))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("FAILED");
    }

    @Test
    void everyAlert_hasItsTest_andItsPlaceInTheRunbook() throws IOException {
        Set<String> alerts = alerts();
        String tests = Files.readString(Path.of("grafana", "alerts.test.yml"));
        Map<String, Runbook.Section> runbook = Runbook.read(RUNBOOK);
        assertThat(runbook.keySet()).isEqualTo(alerts);
        for (String alert : alerts) {
            assertThat(tests).contains("- name: " + alert + " fires\n");
            Runbook.Section section = runbook.get(alert);
            assertThat(section.text()).as(alert).contains("**Means**", "**Look**", "**Do**");
            assertThat(alerts).as(alert).containsAll(section.implies()).containsAll(section.inhibits());
            assertThat(section.implies()).as(alert).containsAll(section.inhibits());
        }
    }

    @SuppressWarnings("unchecked")
    private static Set<String> alerts() throws IOException {
        Map<String, List<Map<String, Object>>> file = new Yaml().load(Files.readString(Prometheus.RULES));
        Set<String> names = new TreeSet<>();
        for (Map<String, Object> rule :
                (List<Map<String, Object>>) file.get("groups").get(0).get("rules")) {
            names.add(String.valueOf(rule.get("alert")));
        }
        return names;
    }

    /** What alerts and panels ask for is in one file, or made by somebody else. */
    @Test
    void namesOfKeck_areThoseOfOneFile() throws IOException {
        Path ops = Path.of("src/main/java/io/keck/ops");
        String names = Files.readString(ops.resolve("MetricNames.java"))
                + Files.readString(ops.resolve("DrillFile.java"))
                + Files.readString(ops.resolveSibling("node").resolve("TlsReload.java"));
        Set<String> known = new HashSet<>();
        Pattern.compile("\"(keck[._a-z0-9-]+)\"").matcher(names).results().forEach(m -> {
            String base = m.group(1).replace('.', '_').replace('-', '_');
            for (String suffix : List.of("", "_total", "_bucket", "_sum", "_count")) {
                known.add(base + suffix);
            }
        });
        Set<String> asked = new TreeSet<>();
        StringBuilder all = new StringBuilder(Files.readString(Prometheus.RULES));
        panels().forEach(panel ->
                panel.queries().forEach(query -> all.append(query).append('\n')));
        Pattern.compile("\\bkeck_[a-z0-9_]+").matcher(all).results().forEach(m -> asked.add(m.group()));
        asked.removeIf(name -> name.startsWith("keck_webhook_") || name.startsWith("keck_sse_"));
        assertThat(asked).hasSizeGreaterThan(50);
        assertThat(known).containsAll(asked);
    }
}
