package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node with a standby for histories, as operators configure it. */
class ReplicaIT {
    @TempDir
    private Path dir;

    @Test
    void histories_comeFromTheStandby_orFromThePrimaryWhileItIsAway() {
        try (PostgresServer primary = PostgresServer.start(dir);
                PostgresServer standby = PostgresServer.standby(primary, dir);
                KeckProcess node = node(primary, standby)) {
            assertThat(node.send("POST", "/api/block/written").statusCode()).isEqualTo(200);
            Eventually.await("an answer of the standby", () -> {
                history(node);
                return node.metric("keck.replica.answered") > 0;
            });
            standby.kill();
            history(node);
            assertThat(node.metric("keck.replica.failed")).isPositive();
            assertThat(node.health()).contains("\"ok\"");
            assertThat(node.getAdmin("/healthcheck").statusCode()).isEqualTo(200);
            // a node starts without it
            try (KeckProcess another = node(primary, standby)) {
                history(another);
                assertThat(another.metric("keck.replica.failed")).isPositive();
                assertThat(another.metric("keck.replica.answered")).isZero();
            }
        }
    }

    private KeckProcess node(PostgresServer primary, PostgresServer standby) {
        return KeckProcess.on(primary, "postgres", dir)
                .env("KECK_DATABASE_REPLICA_URL", standby.url("postgres"))
                .brief()
                .start();
    }

    private static void history(KeckProcess node) {
        assertThat(node.get("/api/block/written/history").statusCode()).isEqualTo(200);
    }
}
