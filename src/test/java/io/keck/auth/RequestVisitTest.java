package io.keck.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.access.Decision;
import io.keck.access.Fault;
import io.keck.access.Visit;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The visit of one request, which a socket with many documents asks from several threads. */
class RequestVisitTest {
    private static final int SECONDS = 20;
    private static final StandIn.Answer BOB =
            new StandIn.Answer(200, "{\"principal\":\"bob\",\"documents\":[{\"match\":\"*\",\"role\":\"write\"}]}");

    private final StandIn backEnd = new StandIn();
    private final AuthWorld world = new AuthWorld(AuthWorld.ways(
            null,
            null,
            new AccessHook(backEnd.uri("/hook"), "", new BoundedHttp(SECONDS * 1_000, 64 << 10), AuthWorld.MAX_AGE)));
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void stop() {
        threads.shutdownNow();
        backEnd.close();
    }

    private Visit visit() {
        return new RequestVisit(
                world.authenticator,
                new Followers(world.authenticator, Runnable::run),
                new Extensions(world.store, Runnable::run),
                new Usage(world.tenants(), world.now::get),
                new Audit(world.now::get, "node", null),
                AuthWorld.attempt("opaque"));
    }

    /** Answers no question before that many are being asked. */
    private static Function<String, StandIn.Answer> togetherOnly(int parties) {
        CyclicBarrier all = new CyclicBarrier(parties);
        return path -> {
            try {
                all.await(SECONDS, TimeUnit.SECONDS);
                return BOB;
            } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
                return new StandIn.Answer(500, "");
            }
        };
    }

    private List<CompletableFuture<Decision>> ask(Visit visit, String... documents) {
        return Stream.of(documents)
                .map(document -> CompletableFuture.supplyAsync(() -> visit.on(document, null), threads))
                .toList();
    }

    @Test
    void severalDocuments_areJudgedBesideEachOther() {
        backEnd.answers = togetherOnly(3);
        assertThat(ask(visit(), "a", "b", "c"))
                .allSatisfy(answer -> assertThat(answer.join()).isInstanceOf(Decision.Admitted.class));
    }

    @Test
    void sameQuestion_isJudgedOnce_whoeverAsks() {
        CyclicBarrier asked = new CyclicBarrier(2);
        backEnd.answers = path -> {
            try {
                asked.await(SECONDS, TimeUnit.SECONDS); // the test
                asked.await(SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
                return new StandIn.Answer(500, "");
            }
            return BOB;
        };
        Visit visit = visit();
        List<CompletableFuture<Decision>> first = ask(visit, "a");
        await(asked);
        List<CompletableFuture<Decision>> others = ask(visit, "a", "a");
        await(asked);
        Decision decision = first.get(0).join();
        assertThat(others).allSatisfy(answer -> assertThat(answer.join()).isSameAs(decision));
        assertThat(visit.on("a", null)).isSameAs(decision);
        assertThat(backEnd.asked).hasSize(1);
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await(SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void otherQuestion_replacesTheAnswerThatIsKept() {
        backEnd.answers = path -> BOB;
        Visit visit = visit();
        Decision a = visit.on("a", null);
        assertThat(visit.on("a", null)).isSameAs(a);
        visit.on("b", null);
        assertThat(visit.on("a", null)).isNotSameAs(a);
    }

    @Test
    void refusal_isAnAnswerToo() {
        backEnd.answers = path -> new StandIn.Answer(401, "");
        assertThat(visit().on("a", null))
                .isInstanceOfSatisfying(
                        Decision.Refused.class, no -> assertThat(no.fault()).isEqualTo(Fault.BAD));
    }
}
