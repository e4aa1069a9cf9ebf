package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Certificates;
import io.keck.testing.Crowd;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import io.keck.testing.RedisSentinels;
import io.keck.testing.Seeds;
import io.keck.testing.SyncClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes that find their Redis through sentinels, over TLS with an authority of one's own, and with passwords. */
class SentinelIT {
    private static final boolean CAMPAIGN = Boolean.getBoolean("keck.campaign");
    private static final long CURSOR = 5_000_000_000L;

    @TempDir
    private Path dir;

    private PostgresServer postgres;
    private RedisSentinels redis;
    private Certificates certificates;
    private final List<KeckProcess> nodes = new ArrayList<>();
    private final List<Crowd> crowds = new ArrayList<>();

    @AfterEach
    void stop() {
        crowds.forEach(Crowd::close);
        nodes.forEach(KeckProcess::close);
        if (redis != null) {
            redis.close();
        }
        if (postgres != null) {
            postgres.close();
        }
    }

    private KeckProcess.Setup node(int number) {
        return KeckProcess.on(postgres, "postgres", dir)
                .brief()
                .env("NODE_ID", "node-" + number)
                .env("REDIS_URL", redis.url())
                .env("REDIS_CA", certificates.ca().toString())
                .env("REDIS_SENTINEL_PASSWORD", RedisSentinels.SENTINEL_PASSWORD);
    }

    private void awaitBus(boolean healthy) {
        for (KeckProcess node : nodes) {
            Eventually.await(
                    "a bus that is " + (healthy ? "" : "not ") + "healthy",
                    () -> node.healthCheck("redis") == healthy,
                    node::log);
        }
    }

    @Test
    void primaryIsKilled_documentsCrossMeanwhile_andTheBusIsBackOnTheNext() {
        certificates = Certificates.authority(dir, "ours").certify("redis", "ip:127.0.0.1");
        redis = RedisSentinels.start(dir, certificates);
        postgres = PostgresServer.start(dir);
        nodes.add(node(0).start());
        nodes.add(node(1).start());
        awaitBus(true);
        Random random = new Random(Seeds.next("SentinelIT"));
        crowds.add(Crowd.gather("failover", 2, random, nodes));
        Crowd crowd = crowds.get(0);
        try (SyncClient here = SyncClient.join(nodes.get(0).room("failover"));
                SyncClient there = SyncClient.join(nodes.get(1).room("failover"))) {
            crowd.awaitProgressAcross(50, 0, 1);
            here.point(CURSOR, 1);
            there.await("the cursor of the other node", () -> there.sees(CURSOR));

            int primary = 0;
            for (int round = 0; round < (CAMPAIGN ? 10 : 1); round++) {
                if (round > 0) {
                    redis.rejoin(1 - primary);
                }
                redis.server(primary).kill();
                awaitBus(false);
                crowd.awaitProgressAcross(50, 0, 1); // there is no primary yet, or nobody has found it
                awaitBus(true);
                assertThat(redis.isPrimary(1 - primary)).isTrue();
                long heard = nodes.get(1).metric("keck.rooms.rows-heard");
                Eventually.await("rows over the bus", () -> nodes.get(1).metric("keck.rooms.rows-heard") > heard);
                long clock = 2L + round;
                here.point(CURSOR, clock);
                there.await("the cursor of the other node", () -> there.sees(CURSOR));
                primary = 1 - primary;
            }
        }
        crowd.stopTyping();
        crowd.awaitEqual();
        crowd.assertConnected(0, 1);
        for (KeckProcess node : nodes) {
            crowd.awaitFresh(node, crowd.documents());
            assertThat(node.log()).doesNotContain("ERROR");
        }
    }
}
