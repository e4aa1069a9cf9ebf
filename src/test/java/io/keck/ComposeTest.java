package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/** What {@code docker-compose.yml} promises, and that its parts fit the files they use; without Docker. */
class ComposeTest {
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Z_]+)(:[-?])?([^}]*)}");
    private static final List<String> NODES = List.of("keck-1", "keck-2", "keck-3");

    private static String text;
    private static Map<String, Map<String, Object>> services;

    @TempDir
    private Path dir;

    @BeforeAll
    static void read() throws IOException {
        text = Files.readString(Path.of("docker-compose.yml"));
        Map<String, Object> compose = new Yaml().load(text);
        services = new TreeMap<>(map(compose.get("services")));
        Set<Object> volumes = Set.copyOf(map(compose.get("volumes")).keySet());
        assertThat(volumes).containsExactlyInAnyOrder("postgres", "prometheus", "grafana");
    }

    @SuppressWarnings("unchecked")
    private static <V> Map<String, V> map(Object value) {
        return value == null ? Map.of() : (Map<String, V>) value;
    }

    @SuppressWarnings("unchecked")
    private static List<String> list(Object value) {
        return value == null ? List.of() : (List<String>) value;
    }

    /** The text as Compose understands it where no variable is set. */
    private static String withDefaults(String value) {
        return VARIABLE.matcher(value).replaceAll(m -> ":-".equals(m.group(2)) ? m.group(3) : "UNSET");
    }

    @Test
    void nothingButNginxAndGrafana_isReachable_andOnlyFromThisMachine() {
        services.forEach((name, service) -> {
            List<String> ports = list(service.get("ports")).stream()
                    .map(ComposeTest::withDefaults)
                    .toList();
            if (name.equals("nginx")) {
                assertThat(ports).containsExactly("127.0.0.1:3000:3000");
            } else if (name.equals("grafana")) {
                assertThat(ports).containsExactly("127.0.0.1:3200:3000");
            } else {
                assertThat(ports).as(name).isEmpty();
            }
            assertThat(service).as(name).doesNotContainKeys("network_mode", "privileged");
        });
    }

    @Test
    void noPassword_hasADefault() {
        Matcher variable = VARIABLE.matcher(text);
        Set<String> required = new HashSet<>();
        while (variable.find()) {
            if (variable.group(1).endsWith("PASSWORD")) {
                assertThat(variable.group(2)).as(variable.group()).isEqualTo(":?");
                required.add(variable.group(1));
            }
        }
        assertThat(required).containsExactlyInAnyOrder("POSTGRES_PASSWORD", "REDIS_PASSWORD", "GRAFANA_PASSWORD");
    }

    @Test
    void everyService_waitsForTheHealthOfWhatItNeeds() throws IOException {
        boolean imageHasCheck =
                Files.readString(Path.of("src/main/docker/Dockerfile")).contains("\nHEALTHCHECK ");
        services.forEach((name, service) -> map(service.get("depends_on")).forEach((needed, how) -> {
            assertThat(map(how)).as("%s needs %s", name, needed).containsEntry("condition", "service_healthy");
            boolean checked = services.get(needed).containsKey("healthcheck");
            assertThat(NODES.contains(needed) ? imageHasCheck : checked)
                    .as("health of %s", needed)
                    .isTrue();
        }));
        assertThat(map(services.get("nginx").get("depends_on"))).containsOnlyKeys(NODES);
        for (String node : NODES) {
            assertThat(map(services.get(node).get("depends_on"))).containsOnlyKeys("postgres", "redis");
        }
    }

    @Test
    void filesThatAreMounted_exist() {
        services.forEach((name, service) -> list(service.get("volumes")).stream()
                .filter(volume -> volume.startsWith("./"))
                .forEach(volume ->
                        assertThat(Path.of(volume.split(":")[0])).as(name).exists()));
    }

    @Test
    void nodes_getVariablesThatTheConfigurationReads() throws IOException {
        Set<String> read = new HashSet<>();
        Matcher variable = VARIABLE.matcher(Files.readString(Path.of("config.yml")));
        while (variable.find()) {
            read.add(variable.group(1));
        }
        read.add("JDK_JAVA_OPTIONS"); // is read by the java command itself
        for (String node : NODES) {
            Map<String, String> environment = map(services.get(node).get("environment"));
            assertThat(read).as(node).containsAll(environment.keySet());
            assertThat(environment).containsEntry("NODE_ID", node).containsEntry("KECK_FORWARDED_HEADERS", "true");
            // clients come over one network, Prometheus over another
            assertThat(environment.get("KECK_BIND")).isEqualTo(address(node, "edge"));
            assertThat(environment.get("KECK_ADMIN_BIND")).isEqualTo(address(node, "watch"));
        }
        assertThat(list(services.get("nginx").get("networks"))).containsExactly("edge");
        assertThat(list(services.get("prometheus").get("networks"))).containsExactly("watch");
    }

    private static String address(String node, String network) {
        return ComposeTest.<Map<String, String>>map(services.get(node).get("networks"))
                .get(network)
                .get("ipv4_address");
    }

    /** Runs what nginx's container runs before nginx, and has nginx check the outcome where it is installed. */
    @Test
    void nginx_isBeforeTheNodes() throws IOException, InterruptedException {
        String command = list(services.get("nginx").get("command")).get(2);
        Path config = dir.resolve("nginx.conf");
        String sed = command.substring(0, command.indexOf(" && "))
                .replace("$$", "$") // as Compose does
                .replace("/etc/keck/nginx.conf", "nginx.conf")
                .replace("/tmp/nginx.conf", config.toString());
        assertThat(run("sh", "-c", sed)).isZero();
        String moved = Files.readString(config);
        assertThat(moved).contains("listen 3000;").doesNotContain("127.0.0.1");
        assertThat(Pattern.compile("server ([0-9.:]+) ")
                        .matcher(moved)
                        .results()
                        .map(m -> m.group(1)))
                .containsExactlyElementsOf(NODES.stream()
                        .map(node -> address(node, "edge") + ":3000")
                        .toList());
    }

    private static int run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    @Test
    void prometheus_readsEveryNode() throws IOException {
        Map<String, Object> config = new Yaml().load(Files.readString(Path.of("grafana/prometheus.yml")));
        assertThat(config.toString())
                .contains("metrics_path=/metrics/prometheus")
                .contains(
                        "targets=" + NODES.stream().map(node -> node + ":3100").toList());
    }

    @Test
    void dashboard_usesTheDataSourceThatIsProvisioned() throws IOException {
        Map<String, List<Map<String, Object>>> sources =
                new Yaml().load(Files.readString(Path.of("grafana/provisioning/datasources/prometheus.yml")));
        String uid = String.valueOf(sources.get("datasources").get(0).get("uid"));
        String dashboard = Files.readString(Path.of("grafana/dashboards/overview.json"));
        assertThat(Pattern.compile("\"type\": \"prometheus\",\\s+\"uid\": \"([^\"]*)\"")
                        .matcher(dashboard)
                        .results()
                        .map(m -> m.group(1)))
                .isNotEmpty()
                .containsOnly(uid);
    }

    @ParameterizedTest
    @ValueSource(strings = {"USER 10001", "ENTRYPOINT [\"java\"", "CMD [\"server\"", "-XX:MaxRAMPercentage="})
    void image_runsWithoutRootAndWithoutAShell(String needed) throws IOException {
        assertThat(Files.readString(Path.of("src/main/docker/Dockerfile"))).contains(needed);
    }

    @Test
    void image_isMadeOfFilesThatAreThere_andAreNotIgnored() throws IOException {
        List<String> kept = Files.readAllLines(Path.of(".dockerignore")).stream()
                .filter(line -> line.startsWith("!"))
                .map(line -> line.substring(1))
                .toList();
        List<String> copied = Files.readAllLines(Path.of("src/main/docker/Dockerfile")).stream()
                .filter(line -> line.startsWith("COPY ") && !line.contains("--from"))
                .flatMap(line -> {
                    String[] words = line.split(" ");
                    return Stream.of(words).skip(1).limit(words.length - 2);
                })
                .toList();
        assertThat(kept).containsExactlyInAnyOrderElementsOf(copied);
        assertThat(kept).allSatisfy(file -> assertThat(Path.of(file)).exists());
    }
}
