package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keck.testing.Containers;
import io.keck.testing.Eventually;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** The set-up guide's commands, in containers: {@code docker-compose.yml} and the image as they are. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ContainersIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SECRET = "eval \"$(%s run --rm -T shell 2>/dev/null)\"; ";

    private static Containers containers;

    @BeforeAll
    static void start() {
        containers = Containers.start();
        containers.compose("up -d").ok();
        // Compose 1.29 does not wait for the last services
        Eventually.await(
                "health of nginx",
                () -> containers
                                .compose("exec -T nginx sh /etc/keck/balance.sh health")
                                .status()
                        == 0);
        Eventually.await(
                "Grafana",
                () -> containers
                                .shell("curl -fsS -o /dev/null http://localhost:3200/api/health")
                                .status()
                        == 0);
    }

    @AfterAll
    static void stop() {
        if (containers != null) {
            containers.close();
        }
    }

    private static String withSecret(String line) {
        return SECRET.formatted(containers.composeName()) + line;
    }

    /** The ids of the nodes' containers; a recreated container has another id. */
    private static Set<String> nodes() {
        return new TreeSet<>(List.of(containers
                .compose("ps -q keck-node-1 keck-node-2 keck-node-3")
                .ok()
                .strip()
                .split("\\s+")));
    }

    /** The addresses behind the port of a service, or behind 3000 for "keck". */
    private static Set<String> balanced(String upstream) {
        String config = containers
                .compose("exec -T nginx cat /tmp/keck/containers.conf")
                .ok();
        String block = config.substring(config.indexOf("upstream " + upstream + " {"));
        return new TreeSet<>(Pattern.compile("server ([0-9.]+):3000")
                .matcher(block.substring(0, block.indexOf("\n}")))
                .results()
                .map(m -> m.group(1))
                .toList());
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new AssertionError(text, e);
        }
    }

    private static void nothingLost(Containers.Typing typing) {
        JsonNode end = json(typing.ask("stop"));
        assertThat(end.get("lost").intValue()).as("%s", end).isZero();
        assertThat(end.get("same").booleanValue()).as("%s", end).isTrue();
        assertThat(end.get("typed").intValue()).isPositive();
    }

    private static void typeOn(Containers.Typing typing) {
        int now = Integer.parseInt(typing.ask("seen"));
        Eventually.await("more letters", () -> Integer.parseInt(typing.ask("seen")) > now + 20);
    }

    @Test
    @Order(1)
    void everyPortOfTheGuide_answers() {
        for (int port = 3000; port <= 3003; port++) {
            assertThat(containers
                            .shell("curl -fsS http://localhost:" + port + "/health")
                            .ok())
                    .contains("\"ok\"");
        }
        containers
                .shell("curl -fsS -o /dev/null http://localhost:3200/api/health")
                .ok();
        assertThat(balanced("keck")).hasSize(3);
        assertThat(containers.compose("ps").ok()).contains("keck-node-1", "postgres", "redis", "nginx");
        assertThat(containers.compose("logs keck-node-1").ok()).contains("Started application");
        // the disk of PostgreSQL, for KeckDiskFull
        assertThat(containers
                        .compose("exec -T prometheus wget -qO- http://node-exporter:9100/metrics")
                        .ok())
                .contains("node_filesystem_avail_bytes")
                .contains("/volumes/postgres");
    }

    @Test
    @Order(2)
    void redis_saysPongToEverybody_andAnswersWhoHasTheSecret() {
        assertThat(containers.shell("redis-cli ping").ok()).contains("PONG");
        for (String command : List.of("info memory", "set a b", "publish keck:x y", "acl list", "keys '*'")) {
            assertThat(containers.shell("redis-cli " + command).output())
                    .as(command)
                    .contains("NOPERM");
        }
        assertThat(containers.shell(withSecret("redis-cli info memory")).ok()).contains("used_memory_human");
        assertThat(containers
                        .shell(withSecret("timeout 20 bash -c 'redis-cli --user operator monitor | head -n 2'"))
                        .output())
                .containsIgnoringCase("publish");
    }

    @Test
    @Order(3)
    void postgres_letsInWhoHasTheSecret() {
        String psql = "psql -h localhost -p 5432 -U keck -d keck -Atc ";
        assertThat(containers
                        .shell(withSecret(psql + "'SELECT label FROM nodes ORDER BY 1'"))
                        .ok())
                .containsPattern("(?m)^keck-node-1-[0-9a-f]{12}$")
                .containsPattern("(?m)^keck-node-3-[0-9a-f]{12}$");
        assertThat(containers.shell("PGPASSWORD=wrong " + psql + "'SELECT 1'").status())
                .isNotZero();
    }

    @Test
    @Order(4)
    void nodes_haveNoRights_andSecretsBelongToWhoReadsThem() {
        String node = "exec -T keck-node-1 sh -c ";
        assertThat(containers
                        .compose(node + "'id -u; grep CapBnd /proc/1/status'")
                        .ok())
                .contains("10001")
                .contains("0000000000000000");
        assertThat(containers
                        .compose(node + "'touch /x || touch /opt/keck/x || touch /tmp/x'")
                        .status())
                .isNotZero();
        containers.compose(node + "'touch $KECK_SPOOL/x && rm $KECK_SPOOL/x'").ok();
        assertThat(containers
                        .compose(node + "'cat /secrets/postgres /secrets/users.acl'")
                        .status())
                .isNotZero();
        assertThat(containers
                        .compose("exec -T redis sh -c 'cat /secrets/database-url'")
                        .status())
                .isNotZero();
        String inspected = containers
                .shell("docker inspect $(" + containers.composeName() + " ps -q)")
                .ok();
        String secret = containers
                .compose("exec -T postgres cat /secrets/postgres")
                .ok()
                .strip();
        assertThat(secret).matches("[0-9a-f]{48}");
        assertThat(inspected).doesNotContain(secret);
        assertThat(containers.compose("logs").ok()).doesNotContain(secret);
        String admin = "exec -T nginx curl -sS -m 2 http://keck-node-1:3100/healthcheck";
        assertThat(containers.compose(admin).status())
                .as("nginx does not reach the admin port")
                .isNotZero();
        containers
                .compose("exec -T prometheus wget -qO- http://keck-node-1:3100/healthcheck")
                .ok();
    }

    @Test
    @Order(5)
    void aServiceIsScaled_underClientsThatType_andNobodyIsCut() {
        Set<String> before = nodes();
        try (Containers.Typing typing = containers.type("scaled")) {
            timed("a second container is behind nginx", () -> {
                containers.compose("up -d --scale keck-node-1=2").ok();
                Eventually.await(
                        "the new container behind nginx", () -> balanced("keck").size() == 4);
            });
            assertThat(balanced("keck-node-1")).hasSize(2);
            assertThat(nodes()).hasSize(4).containsAll(before);
            typeOn(typing);
            assertThat(typing.ask("closes")).isEqualTo("0");
            containers.compose("up -d").ok();
            Eventually.await(
                    "three containers behind nginx", () -> balanced("keck").size() == 3);
            typeOn(typing);
            nothingLost(typing);
        }
        assertThat(nodes()).hasSize(3);
    }

    @Test
    @Order(6)
    void aNodeIsKilled_andNothingIsLost() {
        try (Containers.Typing typing = containers.type("killed")) {
            typeOn(typing);
            for (int i = 1; i <= 2; i++) { // the room is on one of three, so not always on one of these
                containers.compose("kill keck-node-" + i).ok();
            }
            timed("letters cross again after two of three nodes were killed", () -> typeOn(typing));
            Eventually.await("one node behind nginx", () -> balanced("keck").size() == 1);
            assertThat(containers
                            .shell("curl -fsS http://localhost:3003/health")
                            .ok())
                    .contains("\"ok\"");
            nothingLost(typing);
        }
        Set<String> before = nodes();
        containers.compose("up -d").ok();
        Eventually.await("three nodes behind nginx", () -> balanced("keck").size() == 3);
        assertThat(nodes()).as("running containers are not recreated").containsAll(before);
    }

    @Test
    @Order(7)
    void anotherUp_makesNothingAnew() {
        Set<String> before = nodes();
        containers.compose("up -d").ok();
        assertThat(nodes()).isEqualTo(before);
    }

    @Test
    @Order(8)
    void health_isThatOfTheAddressThatOthersUse() {
        containers.compose("exec -T keck-node-1 health").ok();
        Containers.Outcome unreachable = containers.shell(
                "docker run --rm --network none --entrypoint bash keck:local -c '"
                        + "KECK_BIND=127.0.0.1 keck server > /dev/null 2>&1 & "
                        + "until (exec 3<>/dev/tcp/127.0.0.1/3000) 2>/dev/null; do kill -0 $! || exit 9; done; health'");
        assertThat(unreachable.status()).as(unreachable.output()).isEqualTo(1);
        assertThat(unreachable.output()).contains("KECK_BIND");
    }

    /** The twin of {@link #aServiceIsScaled_underClientsThatType_andNobodyIsCut}: nobody asks which containers there are. */
    @Test
    @Order(9)
    void whereTheBalancerDoesNotAsk_aNewContainerIsNotServed_andItIsNotHealthy() {
        String all =
                "exec -T nginx sh -c 'for p in /proc/[0-9]*; do if grep -q [b]alance.sh $p/cmdline; then kill -%s ${p#/proc/}; fi; done'";
        containers.compose(all.formatted("STOP")).ok();
        containers.compose("up -d --scale keck-node-2=2").ok();
        assertThat(nodes()).hasSize(4);
        assertThat(balanced("keck")).hasSize(3);
        containers
                .compose("exec -T nginx touch -d '2 minutes ago' /tmp/keck/beat")
                .ok();
        String health = "exec -T nginx sh /etc/keck/balance.sh health";
        assertThat(containers.compose(health).status()).isNotZero();
        containers.compose(all.formatted("CONT")).ok();
        Eventually.await(
                "the new container behind nginx", () -> balanced("keck").size() == 4);
        containers.compose(health).ok();
        containers.compose("up -d").ok();
    }

    private static void restartOneByOne(Containers.Typing typing) {
        for (int i = 1; i <= 3; i++) {
            String node = "keck-node-" + i;
            containers.compose("restart " + node).ok();
            Eventually.await(
                    "health of " + node,
                    () -> containers.compose("exec -T " + node + " health").status() == 0);
            Eventually.await("three nodes behind nginx", () -> balanced("keck").size() == 3);
            typeOn(typing);
        }
    }

    /** Section "Changing a password" of deploy.md. */
    @Test
    @Order(10)
    @EnabledIfSystemProperty(named = "keck.campaign", matches = "true")
    void passwordsChange_andNothingIsLost() {
        String before =
                containers.compose("exec -T postgres cat /secrets/postgres").ok();
        try (Containers.Typing typing = containers.type("passwords")) {
            containers.compose("run --rm secrets new postgres").ok();
            containers
                    .compose(
                            "exec -T postgres sh -c \"psql -qU keck -d keck -c \\\"ALTER ROLE keck PASSWORD '\\$(cat /secrets/postgres)'\\\"\"")
                    .ok();
            restartOneByOne(typing);
            containers.compose("run --rm secrets new redis").ok();
            containers.compose("run --rm secrets new operator").ok();
            containers.compose("restart redis").ok();
            restartOneByOne(typing);
            containers.compose("run --rm secrets forget").ok();
            containers.compose("restart redis").ok();
            typeOn(typing);
            nothingLost(typing);
        }
        String psql = "psql -h localhost -p 5432 -U keck -d keck -Atc 'SELECT 1'";
        assertThat(containers.shell("PGPASSWORD=" + before.strip() + " " + psql).status())
                .isNotZero();
        containers.shell(withSecret(psql)).ok();
        assertThat(containers.shell(withSecret("redis-cli info memory")).ok()).contains("used_memory_human");
    }

    /** Section "A new version, and the way back" of deploy.md; without the build, which needs Maven. */
    @Test
    @Order(11)
    @EnabledIfSystemProperty(named = "keck.campaign", matches = "true")
    void aNewVersionRolls_andUpMakesNothingAnew() {
        containers
                .shell("printf 'FROM keck:local\\nLABEL next=1\\n' | docker build -q -t keck:local -")
                .ok();
        Set<String> old = nodes();
        try (Containers.Typing typing = containers.type("rolled")) {
            containers.compose("run --rm migrate").ok();
            for (int i = 1; i <= 3; i++) {
                String node = "keck-node-" + i;
                timed(node + " is upgraded", () -> {
                    containers.compose("up -d --no-deps --no-build " + node).ok();
                    Eventually.await(
                            "health of " + node,
                            () -> containers
                                            .compose("exec -T " + node + " health")
                                            .status()
                                    == 0);
                });
                typeOn(typing);
            }
            nothingLost(typing);
        }
        Set<String> fresh = nodes();
        assertThat(fresh).hasSize(3).doesNotContainAnyElementsOf(old);
        containers.compose("up -d").ok();
        assertThat(nodes()).isEqualTo(fresh);
    }

    /** Milliseconds that something takes, for deploy.md. */
    private static void timed(String what, Runnable work) {
        long began = System.nanoTime();
        work.run();
        System.out.println(what + ": " + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began) + " ms");
    }

    /** Redis first, then PostgreSQL: killed for some seconds of typing each, then started again. */
    @Test
    @Order(12)
    @EnabledIfSystemProperty(named = "keck.campaign", matches = "true")
    void redisAndPostgresAreKilled_andNothingIsLost() {
        try (Containers.Typing typing = containers.type("back-ends")) {
            for (String service : List.of("redis", "postgres")) {
                containers.compose("kill " + service).ok();
                typeOn(typing);
                typeOn(typing);
                timed(service + " is healthy again", () -> {
                    containers.compose("up -d " + service).ok();
                    Eventually.await(
                            "health of the nodes",
                            () -> containers
                                                    .compose("exec -T keck-node-1 health")
                                                    .status()
                                            == 0
                                    && containers
                                            .shell("curl -fsS http://localhost:3000/health/ready")
                                            .output()
                                            .contains("\"ok\""));
                });
                typeOn(typing);
            }
            assertThat(typing.ask("closes")).as("nobody is cut").isEqualTo("0");
            nothingLost(typing);
        }
    }

    /** Section "Backup" of deploy.md, and what Prometheus sees of it; then the same with a damaged dump. */
    @Test
    @Order(13)
    @EnabledIfSystemProperty(named = "keck.campaign", matches = "true")
    void backupIsDrilled_andADamagedOneIsSeen() {
        containers.compose("run --rm backup").ok();
        timed(
                "restore into the scratch database",
                () -> containers.compose("run --rm scratch").ok());
        timed(
                "drill",
                () -> assertThat(containers.compose("run --rm drill").ok()).contains("The backup is good."));
        String metrics = "exec -T prometheus wget -qO- http://node-exporter:9100/metrics";
        assertThat(containers.compose(metrics).ok())
                .contains("keck_drill_status 0\n")
                .contains("keck_backup_timestamp_seconds ");
        containers
                .compose("run --rm --entrypoint sh backup -c "
                        + "'for f in /backups/*.dump; do truncate -s 4096 $f; done'")
                .ok();
        assertThat(containers.compose("run --rm scratch").status()).isNotZero();
        assertThat(containers.compose("run --rm drill").status()).isEqualTo(1);
        assertThat(containers.compose(metrics).ok()).contains("keck_drill_status 1\n");
        containers
                .compose("run --rm --entrypoint sh backup -c 'rm /backups/*.dump'")
                .ok();
    }

    /** The independent black-box suite, where the property keck.blackbox names its script. */
    @Test
    @Order(14)
    @EnabledIfSystemProperty(named = "keck.blackbox", matches = ".+")
    void blackBoxSuite_passesThroughNginx() {
        Containers.Outcome outcome = containers.shell("node " + System.getProperty("keck.blackbox")
                + " --url 'ws://127.0.0.1:3000/collaboration/{room}' --http http://127.0.0.1:3000/health --limit 30");
        System.out.println(outcome.output());
        outcome.ok();
    }

    /** The disk of PostgreSQL is full for some seconds of typing. A file takes the room, and gives it back. */
    @Test
    @Order(15)
    @EnabledIfSystemProperty(named = "keck.campaign", matches = "true")
    void diskIsFull_andNothingIsLost() {
        containers.compose("down -v").ok();
        containers.write("docker-compose.override.yml", """
                volumes:
                  postgres:
                    driver_opts: {type: tmpfs, device: tmpfs, o: "size=150m"}
                """);
        containers.compose("up -d").ok();
        Eventually.await(
                "health of nginx",
                () -> containers
                                .compose("exec -T nginx sh /etc/keck/balance.sh health")
                                .status()
                        == 0);
        try (Containers.Typing typing = containers.type("full")) {
            typeOn(typing);
            String filler = "/var/lib/postgresql/data/filler";
            assertThat(containers
                            .compose("exec -T postgres dd if=/dev/zero bs=8192 of=" + filler)
                            .output())
                    .contains("No space left on device");
            Eventually.await(
                    "unsaved rooms",
                    () -> containers
                            .shell("curl -fsS http://localhost:3000/health")
                            .output()
                            .contains("degraded"));
            typeOn(typing);
            Eventually.await(
                    "the alert",
                    () -> containers
                            .compose("exec -T prometheus wget -qO- http://127.0.0.1:9090/api/v1/alerts")
                            .output()
                            .contains("KeckDiskFull"));
            timed("saved after the disk had room again", () -> {
                containers.compose("exec -T postgres rm " + filler).ok();
                Eventually.await(
                        "that all is well",
                        () -> containers
                                .shell("curl -fsS http://localhost:3000/health")
                                .output()
                                .contains("\"ok\""));
            });
            typeOn(typing);
            nothingLost(typing);
        }
    }
}
