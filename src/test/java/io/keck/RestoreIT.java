package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Crowd;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import io.keck.testing.Seeds;
import io.keck.testing.SyncClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PostgreSQL comes back with the files of an earlier backup: rows that were called saved are gone from it. */
class RestoreIT {
    private static final boolean CAMPAIGN = Boolean.getBoolean("keck.campaign");
    private static final int ROOMS = 3;

    @TempDir
    private Path dir;

    private PostgresServer postgres;
    private final List<KeckProcess> nodes = new ArrayList<>();
    private final List<Crowd> crowds = new ArrayList<>();

    @BeforeEach
    void start() {
        postgres = PostgresServer.start(dir);
        startNode();
        startNode();
    }

    @AfterEach
    void stop() {
        crowds.forEach(Crowd::close);
        nodes.forEach(KeckProcess::close);
        postgres.close();
    }

    private KeckProcess startNode() {
        KeckProcess node = KeckProcess.on(postgres, "postgres", dir).brief().start();
        nodes.add(node);
        return node;
    }

    private void gather(String prefix, Random random) {
        for (int i = 0; i < ROOMS; i++) {
            crowds.add(Crowd.gather(prefix + i, 2, random, nodes));
        }
    }

    private void backUp(Path to) {
        postgres.stop();
        postgres.backUp(to);
        postgres.start();
    }

    @Test
    void nodesThatLive_noticeIt_sayIt_andSaveAgainWhatIsMissing() {
        Random random = new Random(Seeds.next("RestoreIT"));
        int rounds = CAMPAIGN ? 10 : 1;
        gather("restored-", random);
        for (int round = 0; round < rounds; round++) {
            Path backup = dir.resolve("backup" + round);
            long before = wentBack();
            crowds.forEach(crowd -> crowd.awaitProgressAcross(1 + random.nextInt(100), 0, 1));
            backUp(backup);
            crowds.forEach(crowd -> crowd.awaitProgressAcross(50 + random.nextInt(100), 0, 1));

            postgres.kill();
            postgres.restore(backup);
            postgres.start();
            // a node whose room another one has healed already finds nothing missing
            Eventually.await("that a node notices", () -> wentBack() > before);
            crowds.forEach(crowd -> crowd.awaitProgressAcross(50, 0, 1));
        }
        crowds.forEach(Crowd::stopTyping);
        crowds.forEach(Crowd::awaitEqual);
        crowds.forEach(crowd -> crowd.assertConnected(0, 1));
        List<String> errors = new ArrayList<>();
        for (KeckProcess node : nodes) {
            Eventually.await(
                    "that nothing is unsaved",
                    () -> node.metric("keck.rooms.unsaved") == 0 && node.metric("keck.rooms.unsaved-bytes") == 0);
            errors.addAll(
                    node.log().lines().filter(line -> line.contains("ERROR")).toList());
            node.kill();
        }
        assertThat(errors).isNotEmpty().allMatch(line -> line.contains("has lost committed updates"));
        KeckProcess fresh = startNode(); // knows only what is in the database
        for (Crowd crowd : crowds) {
            assertThat(Crowd.losses(
                            fresh,
                            crowd.room(),
                            crowd.all().stream().map(SyncClient::encode).toList()))
                    .isEmpty();
        }
    }

    private long wentBack() {
        return nodes.stream()
                .mapToLong(node -> node.metric("keck.rooms.log-went-back"))
                .sum();
    }

    /** The twin: when no node lives on to notice, the check of the test before has to find that something is lost. */
    @Test
    void check_findsWhatNobodySavedAgain() {
        gather("lost-", new Random(1));
        crowds.forEach(crowd -> crowd.awaitProgressAcross(20, 0, 1));
        Path backup = dir.resolve("backup");
        backUp(backup);
        crowds.forEach(crowd -> crowd.awaitProgressAcross(50, 0, 1));
        List<List<byte[]>> seen = crowds.stream().map(Crowd::seen).toList();
        nodes.forEach(KeckProcess::kill);
        postgres.kill();
        postgres.restore(backup);
        postgres.start();
        KeckProcess fresh = startNode();
        for (int i = 0; i < ROOMS; i++) {
            assertThat(Crowd.losses(fresh, crowds.get(i).room(), seen.get(i))).hasSize(2);
        }
    }
}
