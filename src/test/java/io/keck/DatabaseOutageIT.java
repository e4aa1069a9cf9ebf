package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.protocol.Message;
import io.keck.testing.Crowd;
import io.keck.testing.Eventually;
import io.keck.testing.KeckProcess;
import io.keck.testing.PostgresServer;
import io.keck.testing.RawHttp;
import io.keck.testing.Seeds;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PostgreSQL is killed while clients work on two nodes, and comes back. */
class DatabaseOutageIT {
    private static final boolean CAMPAIGN = Boolean.getBoolean("keck.campaign");
    private static final int ROOMS = 3;
    private static final String OK = "{\"status\":\"ok\"}";
    private static final String DEGRADED = "{\"status\":\"degraded\"}";

    @TempDir
    private Path dir;

    private PostgresServer postgres;
    private final List<KeckProcess> nodes = new ArrayList<>();
    private final List<Crowd> crowds = new ArrayList<>();

    @BeforeEach
    void start() {
        postgres = PostgresServer.start(dir);
    }

    @AfterEach
    void stop() {
        crowds.forEach(Crowd::close);
        nodes.forEach(KeckProcess::close);
        postgres.close();
    }

    private KeckProcess startNode(String... jvm) {
        KeckProcess node =
                KeckProcess.on(postgres, "postgres", dir).jvm(jvm).brief().start();
        nodes.add(node);
        return node;
    }

    private void gather(String prefix, Random random) {
        crowds.forEach(Crowd::close);
        crowds.clear();
        for (int i = 0; i < ROOMS; i++) {
            crowds.add(Crowd.gather(prefix + i, 2, random, nodes));
        }
    }

    private static long unsaved(KeckProcess node) {
        return node.metric("keck.rooms.unsaved");
    }

    private static long unsavedBytes(KeckProcess node) {
        return node.metric("keck.rooms.unsaved-bytes");
    }

    @Test
    void openRoomsGoOn_andEverythingIsSavedWhenTheDatabaseIsBack() {
        Random random = new Random(Seeds.next("DatabaseOutageIT"));
        int rounds = CAMPAIGN ? 15 : 1;
        KeckProcess one = startNode();
        KeckProcess two = startNode();
        gather("outage-", random);
        for (int round = 0; round < rounds; round++) {
            crowds.get(0).awaitProgressAcross(1 + random.nextInt(300), 0, 1);
            postgres.kill();
            for (KeckProcess node : List.of(one, two)) {
                assertDegraded(node);
            }
            int more = CAMPAIGN ? random.nextInt(3_000) : 100;
            for (Crowd crowd : crowds) {
                crowd.awaitProgress(more, 0, 1);
                crowd.assertConnected(0, 1);
                for (int node = 0; node < 2; node++) { // whoever comes now gets what is not saved, too
                    crowd.awaitFresh(
                            nodes.get(node), List.of(crowd.watcher(node).encode()));
                }
            }
            postgres.start();
            for (KeckProcess node : List.of(one, two)) {
                Eventually.await("a healthy node", () -> node.health().equals(OK));
                Eventually.await("that all is saved", () -> unsaved(node) == 0);
            }
            crowds.forEach(crowd -> crowd.awaitProgressAcross(100, 0, 1));
        }
        crowds.forEach(Crowd::stopTyping);
        crowds.forEach(Crowd::awaitEqual);
        crowds.forEach(crowd -> crowd.assertConnected(0, 1));
        for (KeckProcess node : List.of(one, two)) {
            Eventually.await("that nothing is unsaved", () -> unsavedBytes(node) == 0);
            assertThat(unsaved(node)).isZero();
            assertThat(node.metric("keck.rooms.log-went-back")).isZero();
            assertThat(node.log()).doesNotContain("ERROR");
            node.kill();
        }
        KeckProcess fresh = startNode(); // knows only what is in the database
        for (Crowd crowd : crowds) {
            assertThat(Crowd.losses(fresh, crowd.room(), documents(crowd))).isEmpty();
        }
    }

    private static List<byte[]> documents(Crowd crowd) {
        return crowd.all().stream().map(SyncClient::encode).toList();
    }

    private static void assertDegraded(KeckProcess node) {
        Eventually.await("a degraded node", () -> node.health().equals(DEGRADED));
        Eventually.await("unsaved rooms", () -> unsaved(node) == ROOMS && unsavedBytes(node) > 0);
        RawHttp upgrade = RawHttp.upgrade(node, "/collaboration/not-open");
        assertThat(upgrade.status()).isEqualTo(503);
        assertThat(upgrade.headers()).containsKey("Retry-After");
        HttpResponse<String> delete = node.send("DELETE", "/api/block/not-open");
        assertThat(delete.statusCode()).isEqualTo(503);
        assertThat(delete.headers().firstValue("Retry-After")).isPresent();
    }

    /** The nodes are killed with it, so nobody can save again what the database had called saved. */
    @Test
    void databaseAndNodesKilled_losesNothingThatWasSeenBefore() {
        Random random = new Random(Seeds.next("DatabaseOutageIT.all"));
        int rounds = CAMPAIGN ? 15 : 1;
        for (int round = 0; round < rounds; round++) {
            nodes.clear();
            startNode();
            startNode();
            gather("all-" + round + "-", random);
            crowds.get(0).awaitProgressAcross(1 + random.nextInt(500), 0, 1);
            List<List<byte[]>> seen = crowds.stream().map(Crowd::seen).toList();
            postgres.kill();
            nodes.forEach(KeckProcess::kill);
            crowds.forEach(Crowd::close);
            postgres.start();
            nodes.clear();
            KeckProcess fresh = startNode();
            for (int i = 0; i < ROOMS; i++) {
                assertThat(Crowd.losses(fresh, crowds.get(i).room(), seen.get(i)))
                        .as("round %d", round)
                        .isEmpty();
            }
            fresh.close();
        }
    }

    @Test
    void roomThatIsFullOfUnsavedUpdates_readsNoFurther_andLosesNothing() {
        int limit = 1 << 20;
        int inbound = 256 << 10;
        int piece = 16 << 10;
        int pieces = 1_200; // more than all buffers of two TCP sockets hold
        KeckProcess node = startNode(
                "-Ddw.rooms.maxUnsaved=" + limit + "B",
                "-Ddw.rooms.maxInbound=" + inbound + "B",
                "-Ddw.rooms.maxDocument=64MiB",
                "-XX:+ExitOnOutOfMemoryError");
        Typist typist = new Typist(1);
        Typist elsewhere = new Typist(2);
        try (SyncClient watcher = SyncClient.join(node.room("full"));
                SyncClient flood = SyncClient.join(node.room("full"));
                SyncClient reader = SyncClient.join(node.room("other"));
                SyncClient writer = SyncClient.join(node.room("other"))) {
            flood.write(typist.type("x"));
            watcher.await("the first", () -> watcher.stateVector().clock(1) == 1);
            postgres.kill();

            CompletableFuture<?> last = null;
            String text = "y".repeat(piece);
            for (int i = 0; i < pieces; i++) {
                last = flood.raw().send(Message.update(typist.type(text)));
            }
            CompletableFuture<?> lastSent = last;
            Eventually.await("a full room", () -> unsavedBytes(node) >= limit);
            awaitStandstill(watcher);
            assertThat(lastSent).as("the last piece is still with its sender").isNotDone();
            // text takes two bytes a character at most; what was read already is dealt with
            assertThat(unsavedBytes(node)).isLessThan(2L * (limit + inbound + 2 * piece));
            assertThat(watcher.raw().isEnded()).isFalse();
            assertThat(flood.raw().isEnded()).isFalse();

            byte[] here = elsewhere.type("other rooms go on");
            writer.write(here);
            reader.await("an update in another room", () -> reader.missing(here).isEmpty());

            postgres.start();
            try {
                watcher.await("all of it", () -> watcher.stateVector().clock(1) == typist.clock());
            } catch (AssertionError e) {
                throw new AssertionError(
                        watcher.stateVector().clock(1) + " of " + typist.clock() + ", unsaved "
                                + unsavedBytes(node) + " in " + unsaved(node) + " rooms, sent "
                                + lastSent.isDone() + "; the node says:\n" + node.log(),
                        e);
            }
            Eventually.await("that all is saved", () -> unsavedBytes(node) == 0 && unsaved(node) == 0);
            assertThat(flood.raw().isEnded()).isFalse();
            assertThat(node.log()).doesNotContain("OutOfMemory").doesNotContain("ERROR");
            node.kill();
            assertThat(Crowd.losses(startNode(), "full", List.of(watcher.encode())))
                    .isEmpty();
        }
    }

    /** Looked at too early, it only makes what follows say less. */
    private static void awaitStandstill(SyncClient watcher) {
        long[] before = {-1};
        int[] same = {0};
        Eventually.await("a standstill", () -> {
            long now = watcher.stateVector().clock(1);
            same[0] = now == before[0] ? same[0] + 1 : 0;
            before[0] = now;
            return same[0] == 20;
        });
    }
}
