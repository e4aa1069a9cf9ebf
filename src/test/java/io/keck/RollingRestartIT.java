package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.KeckProcess;
import io.keck.testing.Nginx;
import io.keck.testing.NodeClients;
import io.keck.testing.PostgresServer;
import io.keck.testing.RedisServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three nodes with everything that belongs to them, one restarted after the other, while stock clients type: nobody loses
 * anything, and nobody knocks in vain more than once. The same for an upgrade: {@code -Dkeck.older=DIR} names the sources of an older
 * release in which {@code ./mvnw package} has run.
 */
class RollingRestartIT {
    private static final boolean CAMPAIGN = Boolean.getBoolean("keck.campaign");
    private static final int CLIENTS = CAMPAIGN ? 200 : 12;
    private static final int PER_ROOM = 4;
    private static final int TRIES = 2;
    private static final String OLDER = System.getProperty("keck.older", "");

    @TempDir
    private Path dir;

    private PostgresServer postgres;
    private RedisServer redis;
    private Nginx nginx;
    private final List<KeckProcess> nodes = new ArrayList<>();

    @BeforeEach
    void start() {
        postgres = PostgresServer.start(dir);
        redis = RedisServer.start(dir);
    }

    private void startNodes(IntFunction<KeckProcess> start) {
        for (int i = 0; i < 3; i++) {
            nodes.add(start.apply(i));
        }
        nginx = Nginx.start(dir, nodes.stream().mapToInt(KeckProcess::port).toArray());
    }

    private KeckProcess node(int number, int port) {
        return setup(number, port).start();
    }

    private KeckProcess older(int number) {
        Path older = Path.of(OLDER);
        return setup(number, 0)
                .release(older.resolve("target/keck.jar"), older.resolve("config.yml"))
                .start();
    }

    private KeckProcess.Setup setup(int number, int port) {
        return KeckProcess.on(postgres, "postgres", dir)
                .brief()
                .env("KECK_PORT", String.valueOf(port))
                .env("KECK_FORWARDED_HEADERS", "true")
                .env("REDIS_URL", redis.url())
                .env("NODE_ID", "node-" + number)
                .with("socket.restartSpread", "1s");
    }

    @AfterEach
    void stop() {
        if (nginx != null) {
            nginx.close();
        }
        nodes.forEach(KeckProcess::close);
        redis.close();
        postgres.close();
    }

    @Test
    void everyNodeIsRestarted_nothingIsLost_andEverybodyIsBackAtOnce() {
        startNodes(number -> node(number, 0));
        restartAllWhileClientsType();
    }

    /** Migrations run beside nodes of the older release, which do not know the new columns, envelopes and signatures. */
    @Test
    @EnabledIfSystemProperty(named = "keck.older", matches = ".+")
    void upgradeFromAnOlderRelease_nodeByNode_nothingIsLost() {
        startNodes(this::older);
        restartAllWhileClientsType();
    }

    private void restartAllWhileClientsType() {
        List<String> names = new ArrayList<>();
        try (NodeClients clients = NodeClients.start()) {
            for (int i = 0; i < CLIENTS; i++) {
                String name = "c" + i;
                names.add(name);
                clients.open(name, nginx.port(), "room-" + i / PER_ROOM);
                clients.awareness(name, Map.of("name", name));
            }
            clients.awaitSynced(names.toArray(String[]::new));
            clients.keepTyping(CAMPAIGN ? 500 : 100, names);
            for (int i = 0; i < 3; i++) {
                KeckProcess old = nodes.get(i);
                old.terminate();
                assertThat(old.awaitExit(KeckProcess.PATIENCE)).isIn(0, 143);
                assertThat(old.log()).contains("Everything is saved").doesNotContain("ERROR");
                nodes.set(i, node(i, old.port()));
                clients.awaitSynced(names.toArray(String[]::new));
            }
            List<Integer> typed = clients.stopTyping(names);
            for (int room = 0; room < CLIENTS / PER_ROOM; room++) {
                List<String> there = names.subList(room * PER_ROOM, (room + 1) * PER_ROOM);
                clients.awaitEqual(there.toArray(String[]::new));
                int length = typed.subList(room * PER_ROOM, (room + 1) * PER_ROOM).stream()
                        .mapToInt(Integer::intValue)
                        .sum();
                assertThat(clients.text(there.get(0))).as("room %d", room).hasSize(length);
                clients.open("late" + room, nginx.port(), "room-" + room);
                clients.awaitEqual(there.get(0), "late" + room);
            }
            for (String name : names) {
                assertThat(clients.tries(name)).as(name).isLessThanOrEqualTo(TRIES * clients.connects(name));
            }
        }
        nodes.forEach(node -> assertThat(node.log()).doesNotContain("ERROR"));
    }
}
