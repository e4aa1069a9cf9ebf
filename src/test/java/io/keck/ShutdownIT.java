package io.keck;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.KeckProcess;
import io.keck.testing.NodeClients;
import io.keck.testing.RawClient;
import io.keck.testing.RawClient.Refused;
import io.keck.testing.SyncClient;
import io.keck.testing.Typist;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SIGTERM while clients work. */
class ShutdownIT {
    private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(20);
    private static final int BURST = 2_000;

    @TempDir
    private Path dir;

    @Test
    void sigterm_savesWhatWasReceived_andTellsClientsToComeBack() {
        KeckProcess keck = KeckProcess.in(dir).start();
        List<SyncClient> watchers = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        Typist typist = new Typist(77);
        try {
            for (String room : List.of("down-1", "down-2")) {
                SyncClient watcher = SyncClient.join(keck.room(room));
                watchers.add(watcher);
                for (int w = 1; w <= 2; w++) {
                    Typist busy = new Typist(w);
                    SyncClient client = SyncClient.join(keck.room(room));
                    Thread thread = new Thread(() -> type(client, busy, watcher), "writer");
                    thread.start();
                    threads.add(thread);
                }
            }
            SyncClient burst = SyncClient.join(keck.room("down-1"));
            watchers.get(0).await("some load", () -> watchers.get(0).updates() > 200);
            for (int i = 0; i < BURST; i++) {
                burst.write(typist.type("x"));
            }
            assertThat(burst.awaitRead(typist.client(), 1)).isTrue();
            keck.terminate();

            RawClient.End end = burst.raw().awaitEnd();
            assertThat(end.code()).as(end.toString()).isEqualTo(1012);
            assertThat(end.reason()).isNotBlank();
            assertThat(connect(keck)).as("status of an upgrade after that").isIn(0, 503);
            assertThat(health(keck)).as("status of /health after that").isIn(0, 503);
            for (SyncClient watcher : watchers) {
                assertThat(watcher.raw().awaitEnd().code()).isEqualTo(1012);
            }
            assertThat(keck.awaitExit(DRAIN_TIMEOUT.plusSeconds(10))).isIn(0, 143);
            assertThat(keck.log()).contains("Everything is saved").doesNotContain("ERROR");
            burst.close();
        } finally {
            keck.close();
            watchers.forEach(SyncClient::close);
            threads.forEach(ShutdownIT::join);
        }
        try (KeckProcess again = KeckProcess.in(dir).start();
                SyncClient one = SyncClient.join(again.room("down-1"));
                SyncClient two = SyncClient.join(again.room("down-2"))) {
            assertThat(one.stateVector().clock(typist.client()))
                    .as("received before SIGTERM")
                    .isEqualTo(BURST);
            assertThat(one.missing(watchers.get(0).encode()).isEmpty())
                    .as("seen in down-1")
                    .isTrue();
            assertThat(two.missing(watchers.get(1).encode()).isEmpty())
                    .as("seen in down-2")
                    .isTrue();
        }
    }

    /** What they were sending was not read when the connection ended: a reset took the close frame with it once. */
    @Test
    void clientsThatTypeWithoutPause_areTold() {
        List<SyncClient> clients = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        try (KeckProcess keck = KeckProcess.in(dir).brief().start()) {
            CountDownLatch busy = new CountDownLatch(6);
            for (int i = 0; i < 6; i++) {
                SyncClient client = SyncClient.join(keck.room("busy-" + i % 2));
                Typist busyTypist = new Typist(1 + i);
                clients.add(client);
                Thread thread = new Thread(
                        () -> {
                            while (client.write(busyTypist.type("x"))) {
                                if (busyTypist.clock() == 200) {
                                    busy.countDown();
                                }
                            }
                        },
                        "writer");
                thread.start();
                threads.add(thread);
            }
            await(busy);
            keck.terminate();
            for (SyncClient client : clients) {
                RawClient.End end = client.raw().awaitEnd();
                assertThat(end.code()).as(end.toString()).isEqualTo(1012);
            }
            assertThat(keck.awaitExit(DRAIN_TIMEOUT.plusSeconds(10))).isIn(0, 143);
            assertThat(keck.log()).contains("Everything is saved").doesNotContain("ERROR");
        } finally {
            clients.forEach(SyncClient::close);
            threads.forEach(ShutdownIT::join);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(KeckProcess.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void type(SyncClient client, Typist typist, SyncClient watcher) {
        try (client) {
            boolean alive = true;
            while (alive) {
                alive = client.write(typist.type("x"))
                        && watcher.awaitOrEnd(
                                () -> typist.clock() - watcher.stateVector().clock(typist.client()) < 200);
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

    private static int connect(KeckProcess keck) {
        try (RawClient client = RawClient.connect(keck.room("down-1"))) {
            return 101;
        } catch (Refused e) {
            return e.status;
        }
    }

    private static int health(KeckProcess keck) {
        try {
            return keck.get("/health").statusCode();
        } catch (UncheckedIOException e) {
            return 0;
        }
    }

    @Test
    void stockClients_comeBackAfterARestart_andBringWhatTheyEditedMeanwhile() {
        try (NodeClients clients = NodeClients.start()) {
            int port;
            try (KeckProcess keck = KeckProcess.in(dir).brief().start()) {
                port = keck.port();
                clients.open("a", keck, "restart");
                clients.open("b", keck, "restart");
                clients.edit("a", NodeClients.insert(0, "before "));
                clients.awaitEqual("a", "b");
                keck.terminate();
                clients.awaitClosed(1, "a", "b");
                assertThat(keck.awaitExit(DRAIN_TIMEOUT.plusSeconds(10))).isIn(0, 143);
            }
            assertThat(clients.closeCodes("a")).startsWith(1012);
            clients.edit("a", NodeClients.insert(0, "meanwhile "));
            clients.edit("b", NodeClients.put("b", 1));
            try (KeckProcess keck = KeckProcess.in(dir)
                    .brief()
                    .env("KECK_PORT", String.valueOf(port))
                    .start()) {
                clients.awaitEqual("a", "b");
                clients.open("late", keck, "restart");
                clients.awaitEqual("a", "b", "late");
                assertThat(clients.text("late")).isEqualTo("meanwhile before ");
                assertThat(clients.map("late")).hasToString("{\"b\":1}");
            }
        }
    }
}
