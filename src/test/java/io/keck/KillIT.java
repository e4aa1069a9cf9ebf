package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.KeckProcess;
import io.keck.testing.Seeds;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Seen is saved: the server is killed while clients type, and whatever another client has seen until then is there when
 * the server has been started again on the same database.
 */
class KillIT {
    private static final int ROOMS = 3;
    private static final int WRITERS = 2;
    /** A writer is so many updates ahead of what the watcher has seen at most. */
    private static final int AHEAD = 100;

    @TempDir
    private Path dir;

    @Test
    void kill_losesNothingThatWasSeen() {
        int rounds = Boolean.getBoolean("keck.campaign") ? 20 : 3;
        long seed = Seeds.next("KillIT");
        Random random = new Random(seed);
        KeckProcess keck = start();
        try {
            for (int round = 0; round < rounds; round++) {
                List<byte[]> seen = typeUntilKilled(keck, round, random);
                keck = start();
                assertThat(losses(keck, seen))
                        .as("seed %d, round %d", seed, round)
                        .isEmpty();
            }
        } finally {
            keck.close();
        }
    }

    /** The twin: with the database gone, the same check has to find that everything is lost. */
    @Test
    void check_findsWhatIsLost() throws IOException {
        KeckProcess keck = start();
        try {
            List<byte[]> seen = typeUntilKilled(keck, 0, new Random(1));
            try (Stream<Path> files = Files.list(dir)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            keck = start();
            assertThat(losses(keck, seen)).hasSize(ROOMS);
        } finally {
            keck.close();
        }
    }

    private KeckProcess start() {
        return KeckProcess.in(dir).brief().start();
    }

    /** What the watcher of each room had seen when the server was killed, as updates. */
    private List<byte[]> typeUntilKilled(KeckProcess keck, int round, Random random) {
        List<SyncClient> watchers = new ArrayList<>();
        List<Thread> writers = new ArrayList<>();
        try {
            for (int room = 0; room < ROOMS; room++) {
                SyncClient watcher = SyncClient.join(keck.room("kill-" + room));
                watchers.add(watcher);
                for (int w = 1; w <= WRITERS; w++) {
                    Typist typist = new Typist(1_000L * (round + 1) + w);
                    SyncClient client = SyncClient.join(keck.room("kill-" + room));
                    Thread thread = new Thread(() -> type(client, typist, watcher), "writer");
                    thread.start();
                    writers.add(thread);
                }
            }
            int enough = 1 + random.nextInt(600);
            SyncClient first = watchers.get(random.nextInt(ROOMS));
            first.await(enough + " updates", () -> first.updates() >= enough);
            keck.kill();
            for (SyncClient watcher : watchers) {
                watcher.raw().awaitEnd(); // what had come before has been read then
            }
            int frames = watchers.stream().mapToInt(SyncClient::updates).sum();
            System.out.println("KillIT round " + round + ": killed after " + enough + " updates in one room, " + frames
                    + " seen in all");
            assertThat(watchers)
                    .allSatisfy(w -> assertThat(w.stateVector().asMap()).isNotEmpty());
            return watchers.stream().map(SyncClient::encode).toList();
        } finally {
            keck.close();
            watchers.forEach(SyncClient::close);
            writers.forEach(KillIT::join);
        }
    }

    private static void type(SyncClient client, Typist typist, SyncClient watcher) {
        try (client) {
            boolean alive = true;
            while (alive) {
                alive = client.write(typist.type("abcdefgh".substring((int) (typist.clock() % 7))))
                        && watcher.awaitOrEnd(
                                () -> typist.clock() - watcher.stateVector().clock(typist.client()) < AHEAD);
            }
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join(KeckProcess.PATIENCE.toMillis());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        assertThat(thread.isAlive()).isFalse();
    }

    /** For each room where something is missing, what a new client lacks of what was seen. */
    private static List<String> losses(KeckProcess keck, List<byte[]> seen) {
        List<String> losses = new ArrayList<>();
        for (int room = 0; room < seen.size(); room++) {
            try (SyncClient fresh = SyncClient.join(keck.room("kill-" + room))) {
                var missing = fresh.missing(seen.get(room));
                if (!missing.isEmpty()) {
                    losses.add("room " + room + " lost something of the clients " + missing.clients());
                }
            }
        }
        return losses;
    }
}
