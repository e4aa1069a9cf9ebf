package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Crowd;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import io.keck.testing.Seeds;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes on one PostgreSQL, and nothing else between them. */
class ClusterIT {
    private static final boolean CAMPAIGN = Boolean.getBoolean("keck.campaign");
    private static final int ROOMS = 3;
    private static final int WRITERS = 2;

    @TempDir
    private static Path files;

    private static PostgresServer postgres;
    private static int databases;

    @TempDir
    private Path dir;

    private String database;
    private final List<KeckProcess> nodes = new ArrayList<>();
    private final List<Crowd> crowds = new ArrayList<>();

    @BeforeAll
    static void startPostgres() {
        postgres = PostgresServer.start(files);
    }

    @AfterAll
    static void stopPostgres() {
        postgres.close();
    }

    @BeforeEach
    void start() {
        database = "cluster" + ++databases;
        postgres.execute("CREATE DATABASE " + database);
        nodes.add(startNode());
        nodes.add(startNode());
    }

    private KeckProcess startNode() {
        return KeckProcess.on(postgres, database, dir).brief().start();
    }

    @AfterEach
    void stop() {
        crowds.forEach(Crowd::close);
        nodes.forEach(KeckProcess::close);
    }

    private void gather(String prefix, Random random) {
        crowds.forEach(Crowd::close);
        crowds.clear();
        for (int i = 0; i < ROOMS; i++) {
            crowds.add(Crowd.gather(prefix + i, WRITERS, random, nodes));
        }
    }

    @Test
    void writersOnBothNodes_convergeOverTheDatabaseAlone() {
        Random random = new Random(Seeds.next("ClusterIT.converge"));
        int much = CAMPAIGN ? 20_000 : 300;
        gather("talk-", random);
        crowds.forEach(crowd -> crowd.awaitProgressAcross(much, 0, 1));
        crowds.forEach(Crowd::stopTyping);
        crowds.forEach(Crowd::awaitEqual);
        for (Crowd crowd : crowds) {
            crowd.assertConnected(0, 1);
            nodes.forEach(node -> crowd.awaitFresh(node, crowd.documents()));
        }
        for (KeckProcess node : nodes) {
            assertThat(node.metric("keck.rooms.log-went-back")).isZero();
            assertThat(node.log()).doesNotContain("ERROR");
        }
    }

    @Test
    void killedNode_losesNothingThatWasSeen_andDoesNotHarmTheOther() {
        Random random = new Random(Seeds.next("ClusterIT.killedNode"));
        int rounds = CAMPAIGN ? 20 : 2;
        for (int round = 0; round < rounds; round++) {
            int victim = random.nextInt(2);
            int other = 1 - victim;
            gather("kill-" + round + "-", random);
            crowds.get(random.nextInt(ROOMS)).awaitProgressAcross(1 + random.nextInt(500), 0, 1);
            nodes.get(victim).kill();
            crowds.forEach(crowd -> crowd.watcher(victim).raw().awaitEnd()); // all that had come is read then
            List<List<byte[]>> seen = crowds.stream().map(Crowd::seen).toList();

            crowds.forEach(crowd -> crowd.awaitProgress(100, other));
            crowds.forEach(Crowd::stopTyping);
            crowds.forEach(Crowd::awaitEqual);
            crowds.forEach(crowd -> crowd.assertConnected(other));
            assertThat(nodes.get(other).log()).doesNotContain("ERROR");

            nodes.set(victim, startNode());
            for (int i = 0; i < ROOMS; i++) {
                Crowd crowd = crowds.get(i);
                assertThat(Crowd.losses(nodes.get(victim), crowd.room(), seen.get(i)))
                        .as("round %d", round)
                        .isEmpty();
                crowd.awaitFresh(nodes.get(other), seen.get(i));
                crowd.awaitFresh(nodes.get(victim), crowd.documents());
            }
        }
    }

    /** The twin: with the database wiped, the check of the test before has to find that everything is lost. */
    @Test
    void check_findsWhatIsLost() {
        gather("twin-", new Random(1));
        crowds.forEach(crowd -> crowd.awaitProgressAcross(50, 0, 1));
        nodes.forEach(KeckProcess::kill);
        crowds.forEach(crowd -> crowd.all().forEach(client -> client.raw().awaitEnd()));
        postgres.execute("DROP DATABASE " + database + " WITH (FORCE)");
        postgres.execute("CREATE DATABASE " + database);
        KeckProcess fresh = startNode();
        nodes.add(fresh);
        for (Crowd crowd : crowds) {
            assertThat(Crowd.losses(fresh, crowd.room(), crowd.seen())).hasSize(2);
        }
    }
}
