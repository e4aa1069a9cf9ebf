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
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Z_0-9]+)(:?[-?])?([^}]*)}");
    private static final List<String> NODES = List.of("keck-node-1", "keck-node-2", "keck-node-3");

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
        assertThat(volumes)
                .containsExactlyInAnyOrder(
                        "secrets", "postgres", "backups", "metrics", "prometheus", "grafana", "alertmanager");
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
        return VARIABLE.matcher(value)
                .replaceAll(m -> Matcher.quoteReplacement(
                        m.group(2) != null && m.group(2).endsWith("-") ? m.group(3) : "UNSET"));
    }

    private static boolean isTool(String name) {
        return list(services.get(name).get("profiles")).contains("tools");
    }

    @Test
    void everythingThatIsPublished_isReachableFromThisMachineOnly() {
        Map<String, List<String>> published = new TreeMap<>();
        services.forEach((name, service) -> {
            List<String> ports = list(service.get("ports")).stream()
                    .map(ComposeTest::withDefaults)
                    .toList();
            if (!ports.isEmpty()) {
                published.put(name, ports);
            }
            assertThat(service).as(name).doesNotContainKey("privileged");
        });
        assertThat(published)
                .isEqualTo(Map.of(
                        "nginx",
                        List.of(
                                "127.0.0.1:3000:3000",
                                "127.0.0.1:3001:3001",
                                "127.0.0.1:3002:3002",
                                "127.0.0.1:3003:3003"),
                        "postgres",
                        List.of("127.0.0.1:5432:5432"),
                        "redis",
                        List.of("127.0.0.1:6379:6379"),
                        "grafana",
                        List.of("127.0.0.1:3200:3000"),
                        "alertmanager",
                        List.of("127.0.0.1:9093:9093")));
    }

    @Test
    void nothingHasAFixedAddress_soTwoFitOnOneMachine() {
        assertThat(text)
                .doesNotContain("ipv4_address", "subnet", "container_name")
                .doesNotContainPattern("(?m)^name:");
    }

    @Test
    void noPassword_hasADefault() {
        Matcher variable = VARIABLE.matcher(text);
        while (variable.find()) {
            if (variable.group(1).matches(".*(PASSWORD|SECRET)")) {
                assertThat(variable.group(3)).as(variable.group()).isEmpty();
            }
        }
        assertThat(text).doesNotContainPattern("(?i)(password|requirepass): *[a-z0-9]");
    }

    @Test
    void settingsOfOperators_stayOutOfTheRepository() throws IOException {
        assertThat(Files.readAllLines(Path.of(".gitignore"))).contains("/.env");
    }

    @Test
    void everyService_waitsForWhatItNeeds() throws IOException {
        boolean imageHasCheck =
                Files.readString(Path.of("src/main/docker/Dockerfile")).contains("\nHEALTHCHECK ");
        services.forEach((name, service) -> map(service.get("depends_on")).forEach((needed, how) -> {
            boolean ends = "no".equals(services.get(needed).get("restart"));
            assertThat(map(how))
                    .as("%s needs %s", name, needed)
                    .containsEntry("condition", ends ? "service_completed_successfully" : "service_healthy");
            boolean checked = services.get(needed).containsKey("healthcheck");
            assertThat(ends || (NODES.contains(needed) ? imageHasCheck : checked))
                    .as("health of %s", needed)
                    .isTrue();
        }));
        assertThat(map(services.get("nginx").get("depends_on"))).containsOnlyKeys(NODES);
        for (String node : NODES) {
            assertThat(map(services.get(node).get("depends_on"))).containsOnlyKeys("postgres", "redis", "migrate");
        }
        assertThat(map(services.get("migrate").get("depends_on"))).containsOnlyKeys("postgres");
    }

    @Test
    void oneServiceBuildsTheImage_soThatAllHaveTheSame() {
        List<String> builders = services.keySet().stream()
                .filter(name -> services.get(name).containsKey("build"))
                .toList();
        assertThat(builders).containsExactly("migrate");
        for (String node : NODES) {
            assertThat(services.get(node).get("image"))
                    .isEqualTo(services.get("migrate").get("image"));
        }
    }

    @Test
    void logs_haveAnEnd() {
        services.forEach((name, service) -> {
            Map<String, Object> logging = map(service.get("logging"));
            if (!"none".equals(logging.get("driver"))) {
                assertThat(map(logging.get("options"))).as(name).containsKeys("max-size", "max-file");
            }
            assertThat(service.get("restart")).as(name).isIn("unless-stopped", "no");
            assertThat(isTool(name) && "unless-stopped".equals(service.get("restart")))
                    .as(name)
                    .isFalse();
        });
    }

    @Test
    void filesThatAreMounted_exist() {
        services.forEach((name, service) -> list(service.get("volumes")).stream()
                .filter(volume -> volume.startsWith("./"))
                .forEach(volume ->
                        assertThat(Path.of(volume.split(":")[0])).as(name).exists()));
    }

    @Test
    void nodes_getEveryVariableThatTheConfigurationReads() throws IOException {
        Set<String> read = new HashSet<>();
        Matcher variable = VARIABLE.matcher(Files.readString(Path.of("config.yml")));
        while (variable.find()) {
            read.add(variable.group(1));
        }
        read.removeAll(Set.of("NAME", "MY_SECRET")); // stand for any
        for (String node : NODES) {
            Map<String, String> environment = map(services.get(node).get("environment"));
            Set<String> given = new HashSet<>(environment.keySet());
            // secrets come from files; this one is read by the command of the image
            given.removeAll(Set.of("DATABASE_URL_FILE", "REDIS_URL_FILE", "KECK_JAVA_OPTIONS"));
            assertThat(given).as(node).isEqualTo(read);
            assertThat(environment)
                    .containsEntry("NODE_ID", node + "-{hostname}")
                    // clients come over one network, Prometheus over another
                    .containsEntry("KECK_BIND", "for-clients")
                    .containsEntry("KECK_ADMIN_BIND", "for-operators");
            Map<String, Object> networks = map(services.get(node).get("networks"));
            assertThat(networks).containsOnlyKeys("data", "clients", "operators");
            assertThat(networks.get("clients")).isEqualTo(Map.of("aliases", List.of("for-clients")));
            assertThat(networks.get("operators")).isEqualTo(Map.of("aliases", List.of("for-operators")));
        }
        assertThat(list(services.get("nginx").get("networks"))).containsExactly("clients");
        assertThat(list(services.get("grafana").get("networks"))).doesNotContain("operators", "data");
        assertThat(list(services.get("postgres").get("networks"))).doesNotContain("operators", "clients");
        assertThat(list(services.get("redis").get("networks"))).doesNotContain("operators", "clients");
    }

    @Test
    void whereAVariableIsNotSet_theConfigurationIsThatOfConfigYml() throws IOException {
        Map<String, String> defaults = new TreeMap<>();
        Matcher variable = VARIABLE.matcher(Files.readString(Path.of("config.yml")));
        while (variable.find()) {
            defaults.put(variable.group(1), variable.group(3));
        }
        // what the composition decides
        defaults.keySet()
                .removeAll(Set.of(
                        "NODE_ID",
                        "KECK_BIND",
                        "KECK_ADMIN_BIND",
                        "KECK_HOSTS",
                        "KECK_MIGRATE",
                        "KECK_OPEN_ACCESS",
                        "KECK_FORWARDED_HEADERS",
                        "KECK_CORS_ORIGINS",
                        "KECK_SPOOL",
                        "NAME",
                        "MY_SECRET"));
        Map<String, String> environment = map(services.get(NODES.get(0)).get("environment"));
        defaults.forEach((name, value) ->
                assertThat(withDefaults(environment.get(name))).as(name).isEqualTo(value));
    }

    /** What nginx's container runs before nginx, with a resolver of its own; nginx checks the outcome where it is installed. */
    @Test
    void nginx_isBeforeTheContainersThatThereAre() throws IOException, InterruptedException {
        String moved = balance("""
                case $2 in
                  keck-node-1) printf '10.0.0.2 STREAM a\\n10.0.0.2 DGRAM\\n10.0.0.5 STREAM\\n' ;;
                  keck-node-2) echo '10.0.0.3 STREAM b' ;;
                  *) exit 2 ;;
                esac
                """);
        assertThat(servers(moved, "keck")).containsExactly("10.0.0.2:3000", "10.0.0.5:3000", "10.0.0.3:3000");
        assertThat(servers(moved, "keck-node-1")).containsExactly("10.0.0.2:3000", "10.0.0.5:3000");
        assertThat(servers(moved, "keck-node-2")).containsExactly("10.0.0.3:3000");
        assertThat(servers(moved, "keck-node-3")).containsExactly("127.0.0.1:9"); // down
        assertThat(moved)
                .contains(
                        "map $server_port $keck_nodes { default keck; 3001 keck-node-1; 3002 keck-node-2; 3003 keck-node-3; }")
                .contains("listen 3000 default_server; listen 3001 default_server;")
                .contains("listen 3000; listen 3001; listen 3002; listen 3003;")
                .contains("set_real_ip_from 10.0.0.0/8;")
                .contains("server_name localhost nginx keck.example.org ")
                .doesNotContain("127.0.0.1:300")
                .doesNotContain("proxy_pass http://keck;");
        String own = Files.readString(Path.of("nginx.conf"));
        assertThat(count(moved, "hash $keck_room consistent;")).isEqualTo(4);
        assertThat(count(moved, "proxy_pass http://$keck_nodes;")).isEqualTo(count(own, "proxy_pass http://keck;"));
        Path nginx = Path.of("/usr/sbin/nginx");
        if (Files.isExecutable(nginx)) {
            Path config = dir.resolve("work/nginx.conf");
            Files.writeString(config, Files.readString(config).replace("/var/log/nginx/", dir + "/"));
            assertThat(run(
                            nginx.toString(),
                            "-t",
                            "-q",
                            "-c",
                            config.toString(),
                            "-g",
                            "pid " + dir.resolve("pid") + ";"))
                    .isZero();
        }
    }

    private String balance(String resolver) throws IOException, InterruptedException {
        Path tools = Files.createDirectories(dir.resolve("tools"));
        Path getent = Files.writeString(tools.resolve("getent"), "#!/bin/sh\n" + resolver);
        assertThat(getent.toFile().setExecutable(true)).isTrue();
        ProcessBuilder builder = new ProcessBuilder("sh", "src/main/docker/balance.sh", "prepare").inheritIO();
        Map<String, String> environment = builder.environment();
        environment.put("PATH", tools + ":" + environment.get("PATH"));
        environment.put("KECK_NGINX_CONF", "nginx.conf");
        environment.put("KECK_WORK", dir.resolve("work").toString());
        environment.put("KECK_HOSTS", "keck.example.org");
        environment.put("KECK_PROXIES", "10.0.0.0/8,192.0.2.1");
        Process process = builder.start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        return Files.readString(dir.resolve("work/containers.conf")) + Files.readString(dir.resolve("work/nginx.conf"));
    }

    private static List<String> servers(String config, String upstream) {
        Matcher block = Pattern.compile("upstream " + upstream + " \\{(.*?)\\n}", Pattern.DOTALL)
                .matcher(config);
        assertThat(block.find()).as(upstream).isTrue();
        return Pattern.compile("server ([0-9.:]+) ")
                .matcher(block.group(1))
                .results()
                .map(m -> m.group(1))
                .toList();
    }

    private static int count(String text, String part) {
        return text.split(Pattern.quote(part), -1).length - 1;
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
                .contains("names=" + NODES)
                .contains("port=3100");
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
    @ValueSource(strings = {"USER 10001", "ENTRYPOINT [\"keck\"", "CMD [\"server\"", "ENV KECK_BIND=0.0.0.0"})
    void image_runsWithoutRoot(String needed) throws IOException {
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
                .filter(line -> !line.startsWith("COPY src/main/")) // below src/main
                .flatMap(line -> {
                    String[] words = line.split(" ");
                    return Stream.of(words).skip(1).limit(words.length - 2);
                })
                .toList();
        assertThat(kept).containsExactlyInAnyOrderElementsOf(copied);
        assertThat(kept).allSatisfy(file -> assertThat(Path.of(file)).exists());
    }

    /** With a registry that a script plays: all images that come from one, and none where one has no digest. */
    @Test
    void pinnedImages_areThoseOfTheComposition() throws IOException, InterruptedException {
        Path docker = Files.writeString(
                dir.resolve("docker"),
                "#!/bin/sh\nfor image; do :; done\n[ $1 = pull ] || case $image in $MISSING*) ;; *) echo $image@sha256:1 ;; esac\n");
        assertThat(docker.toFile().setExecutable(true)).isTrue();
        Map<String, Map<String, Object>> pinned =
                map(new Yaml().<Map<String, Object>>load(pin(docker, "none", 0)).get("services"));
        services.forEach((name, service) -> {
            String image = String.valueOf(service.get("image"));
            assertThat(pinned.getOrDefault(name, Map.of()).get("image"))
                    .as(name)
                    .isEqualTo(image.contains("KECK_IMAGE") ? null : image + "@sha256:1");
        });
        assertThat(pin(docker, "redis", 1)).isEmpty();
    }

    private String pin(Path docker, String missing, int status) throws IOException, InterruptedException {
        Path out = dir.resolve("pinned.yml");
        ProcessBuilder builder = new ProcessBuilder("sh", "src/main/docker/pin.sh").redirectOutput(out.toFile());
        builder.environment().put("DOCKER", docker.toString());
        builder.environment().put("MISSING", missing);
        Process process = builder.start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(status);
        return Files.readString(out);
    }
}
