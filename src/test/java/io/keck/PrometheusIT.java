package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.Message;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.Nginx;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Prometheus reads after real traffic, and what Docker asks the server for its health. */
class PrometheusIT {
    private static final Path DOCKERFILE = Path.of("src", "main", "docker", "Dockerfile");

    /** The text format, version 0.0.4. */
    private static final Pattern SAMPLE = Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)"
            + "(\\{(?:[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\\\n]|\\\\[\\\\\"n])*\",?)*\\})?"
            + " (NaN|[+-]Inf|[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)( [0-9]+)?");

    private static final Pattern COMMENT = Pattern.compile(
            "# (?:HELP [a-zA-Z_:][a-zA-Z0-9_:]* .*|TYPE [a-zA-Z_:][a-zA-Z0-9_:]* (counter|gauge|summary|histogram|untyped))");

    @TempDir
    private static Path dir;

    private static KeckProcess keck;

    @BeforeAll
    static void start() {
        keck = KeckProcess.in(dir).brief().start();
    }

    @AfterAll
    static void stop() {
        keck.close();
    }

    private static Map<String, Double> scrape() {
        Map<String, Double> samples = new HashMap<>();
        for (String line : keck.admin("/metrics/prometheus").split("\n")) {
            if (line.startsWith("#")) {
                assertThat(line).matches(COMMENT);
            } else {
                Matcher sample = SAMPLE.matcher(line);
                assertThat(sample.matches()).as(line).isTrue();
                String labels = sample.group(2) == null ? "" : sample.group(2);
                assertThat(samples.put(sample.group(1) + labels, value(sample.group(3))))
                        .as("twice: %s", line)
                        .isNull();
            }
        }
        return samples;
    }

    private static double value(String text) {
        return switch (text) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    private static double rise(Map<String, Double> before, Map<String, Double> after, String sample) {
        return after.getOrDefault(sample, 0.0) - before.getOrDefault(sample, 0.0); // labels come with the first event
    }

    @Test
    void counts_moveWithTraffic() {
        Map<String, Double> before = scrape();
        Typist typist = new Typist(5);
        try (SyncClient client = SyncClient.join(keck.room("counted"));
                SyncClient other = SyncClient.join(keck.room("counted"))) {
            byte[] update = typist.type("counted");
            client.write(update);
            other.await("the update", () -> other.missing(update).isEmpty());
            Eventually.await("that what follows the sending is counted", () -> {
                Map<String, Double> now = scrape();
                return rise(before, now, "keck_rooms_commit_seconds_count") == 1
                        && rise(before, now, "keck_sync_seconds_count{stage=\"committed\"}") > 0
                        && rise(before, now, "keck_sync_seconds_count{stage=\"written\"}") > 0
                        && rise(before, now, "keck_connections_messages_sent_total{kind=\"update\"}") == 1
                        && rise(before, now, "keck_connections_messages_sent_total{kind=\"step2\"}") == 2;
            });
            Map<String, Double> during = scrape();
            assertThat(rise(before, during, "keck_connections_open")).isEqualTo(2);
            assertThat(rise(before, during, "keck_connections_opened_total")).isEqualTo(2);
            assertThat(rise(before, during, "keck_rooms_open")).isEqualTo(1);
            Eventually.await("a room that somebody is in", () -> rise(before, scrape(), "keck_rooms_occupied") == 1);
            for (String kind : List.of("step1", "step2", "update")) {
                String label = "{kind=\"" + kind + "\"}";
                assertThat(rise(before, during, "keck_connections_messages_received_total" + label))
                        .as(kind)
                        .isEqualTo(kind.equals("update") ? 1 : 2);
                assertThat(rise(before, during, "keck_connections_messages_sent_total" + label))
                        .as(kind)
                        .isEqualTo(kind.equals("update") ? 1 : 2);
            }
            assertThat(rise(before, during, "keck_connections_bytes_received_total{kind=\"update\"}"))
                    .isGreaterThan(update.length);
            assertThat(rise(before, during, "keck_rooms_batch_updates_sum")).isEqualTo(1);
            assertThat(rise(before, during, "keck_rooms_batch_bytes_sum")).isEqualTo(update.length);
            assertThat(rise(before, during, "keck_rooms_commit_seconds_count")).isEqualTo(1);
            assertThat(rise(before, during, "keck_rooms_commit_seconds_bucket{le=\"+Inf\"}"))
                    .isEqualTo(1);
            client.send(new byte[] {0});
            assertThat(client.raw().awaitEnd().code()).isEqualTo(4400);
        }
        String closed = "keck_connections_closed_total{code=\"4400\"}";
        Eventually.await("the count of it", () -> rise(before, scrape(), closed) == 1);
        // what is ignored is counted, and ends nothing; the client's own code is another value of the same label
        try (SyncClient other = SyncClient.join(keck.room("counted"))) {
            other.raw().sendText("no");
            other.send(new byte[] {100, 1, 2});
            other.send(Message.awareness(List.of(new AwarenessState(9, 1, "{not json"))));
            for (String counter : List.of(
                    "keck_connections_messages_ignored_total{kind=\"text\"}",
                    "keck_connections_messages_ignored_total{kind=\"type\"}",
                    "keck_connections_awareness_dropped_total{reason=\"malformed\"}")) {
                Eventually.await(counter, () -> rise(before, scrape(), counter) == 1);
            }
        }
        Eventually.await(
                "the other code", () -> rise(before, scrape(), "keck_connections_closed_total{code=\"1006\"}") >= 1);
        assertThat(rise(before, scrape(), closed)).isEqualTo(1);
        Eventually.await("both gone", () -> rise(before, scrape(), "keck_connections_open") == 0);
    }

    /** Prometheus has a network of its own in Docker. */
    @Test
    void adminPort_listensWhereItIsTold() throws IOException {
        Path other = Files.createDirectory(dir.resolve("other"));
        try (KeckProcess moved = KeckProcess.in(other)
                .brief()
                .env("KECK_ADMIN_BIND", "127.0.0.2")
                .launch()) {
            moved.awaitLog(Pattern.compile("Started admin@.*\\{127\\.0\\.0\\.2:\\d+}"));
        }
    }

    /** The command of the image, run here. */
    @Test
    void healthCheckOfTheImage_seesWhetherTheServerIsThere() throws Exception {
        String line = Files.readAllLines(DOCKERFILE).stream()
                .filter(l -> l.startsWith("HEALTHCHECK "))
                .findFirst()
                .orElseThrow();
        String[] command = new ObjectMapper().readValue(line.substring(line.indexOf(" CMD ") + 5), String[].class);
        assertThat(command).containsExactly("health");
        command[0] = DOCKERFILE.resolveSibling(command[0]).toString();
        assertThat(run(command, keck.port())).isZero();
        assertThat(run(command, Nginx.freePort())).as("the twin").isNotZero();
    }

    private static int run(String[] command, int port) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("health.log").toFile());
        builder.environment().put("KECK_PORT", String.valueOf(port));
        builder.environment().put("HOSTNAME", "localhost"); // whose address this server listens at
        Process process = builder.start();
        assertThat(process.waitFor(KeckProcess.PATIENCE.toMillis(), TimeUnit.MILLISECONDS))
                .isTrue();
        return process.exitValue();
    }
}
