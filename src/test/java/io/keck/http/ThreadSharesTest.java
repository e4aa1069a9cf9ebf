package io.keck.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.testing.Eventually;
import io.keck.testing.RawHttp;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests that keep their threads, on a server of few threads. */
class ThreadSharesTest {
    private static final int THREADS = 16;
    private static final int CALLS = ThreadShares.Kind.CALL.share(THREADS);
    private static final int UPGRADES = ThreadShares.Kind.UPGRADE.share(THREADS);

    private final QueuedThreadPool pool = new QueuedThreadPool(THREADS, THREADS);
    private final Server server = new Server(pool);
    private final ServerConnector connector = new ServerConnector(server, 1, 1);
    private final CountDownLatch letGo = new CountDownLatch(1);
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicInteger healthy = new AtomicInteger();
    private final ExecutorService clients = Executors.newCachedThreadPool();
    private ThreadShares shares;

    private void start(boolean isBounded) throws Exception {
        shares = new ThreadShares(ThreadSharesTest::kind, isBounded);
        shares.setHandler(new Handler.Abstract() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) throws Exception {
                String path = Request.getPathInContext(request);
                if (path.equals("/health")) {
                    healthy.incrementAndGet();
                } else if (path.equals("/broken")) {
                    throw new IllegalStateException("a fault of a handler");
                } else if (!path.equals("/quick") && !path.equals("/socket")) {
                    inside.incrementAndGet();
                    assertThat(letGo.await(1, TimeUnit.MINUTES)).isTrue();
                }
                response.setStatus(200);
                callback.succeeded();
                return true;
            }
        });
        server.addConnector(connector);
        server.setHandler(shares);
        server.start();
    }

    private static ThreadShares.Kind kind(Request request) {
        String path = Request.getPathInContext(request);
        return path.equals("/health")
                ? ThreadShares.Kind.HEALTH
                : path.contains("socket") ? ThreadShares.Kind.UPGRADE : ThreadShares.Kind.CALL;
    }

    @AfterEach
    void stop() throws Exception {
        letGo.countDown();
        server.stop();
        clients.shutdownNow();
    }

    private int ask(String path) {
        return RawHttp.ask(connector.getLocalPort(), "GET", path, "Connection: close\r\n", "")
                .status();
    }

    private List<CompletableFuture<Integer>> ask(String path, int times) {
        List<CompletableFuture<Integer>> answers = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            answers.add(CompletableFuture.supplyAsync(() -> ask(path), clients));
        }
        return answers;
    }

    @Test
    void whileCallsKeepTheirThreads_healthAndUpgradesAreAnswered_andNoCallIsLost() throws Exception {
        start(true);
        List<CompletableFuture<Integer>> calls = ask("/stuck", 3 * CALLS);
        Eventually.await(
                "the requests are where they wait",
                () -> inside.get() == CALLS && shares.waiting(ThreadShares.Kind.CALL) == 2 * CALLS);

        assertThat(ask("/health")).isEqualTo(200);
        assertThat(ask("/socket")).isEqualTo(200);
        assertThat(inside).as("a call beyond the share has no thread").hasValue(CALLS);

        letGo.countDown();
        assertThat(calls).allSatisfy(call -> assertThat(call.join()).isEqualTo(200));
        assertThat(ask("/quick")).isEqualTo(200);
    }

    @Test
    void whileUpgradesKeepTheirThreads_healthAndCallsAreAnswered() throws Exception {
        start(true);
        List<CompletableFuture<Integer>> upgrades = ask("/stuck-socket", UPGRADES + 1);
        Eventually.await(
                "the requests are where they wait",
                () -> inside.get() == UPGRADES && shares.waiting(ThreadShares.Kind.UPGRADE) == 1);

        assertThat(ask("/health")).isEqualTo(200);
        assertThat(ask("/quick")).isEqualTo(200);

        letGo.countDown();
        assertThat(upgrades).allSatisfy(upgrade -> assertThat(upgrade.join()).isEqualTo(200));
    }

    @Test
    void moreThanMayWait_isRefused_atOnce() throws Exception {
        start(true);
        List<CompletableFuture<Integer>> upgrades = ask("/stuck-socket", UPGRADES);
        Eventually.await("the requests are where they wait", () -> inside.get() == UPGRADES);
        List<CompletableFuture<Integer>> waiting = ask("/stuck-socket", 4 * UPGRADES);
        Eventually.await(
                "the requests are where they wait", () -> shares.waiting(ThreadShares.Kind.UPGRADE) == 4 * UPGRADES);

        RawHttp refused = RawHttp.ask(connector.getLocalPort(), "GET", "/stuck-socket", "Connection: close\r\n", "");
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.headers()).containsEntry("retry-after", "1");

        letGo.countDown();
        assertThat(upgrades).allSatisfy(upgrade -> assertThat(upgrade.join()).isEqualTo(200));
        assertThat(waiting).allSatisfy(upgrade -> assertThat(upgrade.join()).isEqualTo(200));
    }

    @Test
    void requestThatFails_returnsItsThread() throws Exception {
        start(true);
        List<CompletableFuture<Integer>> broken = ask("/broken", 4 * CALLS);
        assertThat(broken).allSatisfy(call -> assertThat(call.join()).isEqualTo(500));
        assertThat(ask("/quick")).isEqualTo(200);
    }

    /** The twin: without shares, calls that keep their threads silence the health check. */
    @Test
    void withoutShares_callsThatKeepTheirThreads_silenceTheHealthCheck() throws Exception {
        start(false);
        List<CompletableFuture<Integer>> calls = ask("/stuck", 3 * THREADS);
        Eventually.await(
                "the requests are where they wait", () -> pool.getIdleThreads() == 0 && pool.getQueueSize() > 0);
        int queued = pool.getQueueSize();
        CompletableFuture<Integer> health = CompletableFuture.supplyAsync(() -> ask("/health"), clients);
        Eventually.await(
                "the requests are where they wait", () -> pool.getQueueSize() > queued || inside.get() == 3 * THREADS);

        assertThat(healthy).as("nobody is left who could answer").hasValue(0);
        letGo.countDown();
        assertThat(calls).allSatisfy(call -> assertThat(call.join()).isEqualTo(200));
        assertThat(health.join()).isEqualTo(200);
    }
}
