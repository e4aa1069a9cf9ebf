package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.heap.HeapLedger;
import io.keck.heap.Tally;
import io.keck.testing.Seeds;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Admissions of one socket, on an executor that the test moves by hand. */
class DocumentAdmissionsTest {
    private static final int MAX_BYTES = 10_000;
    private static final int MAX_OPENING = 8;

    private final Queue<Runnable> running = new ArrayDeque<>();
    private final List<String> done = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    private final Tally tally = HeapLedger.unlimited().open(HeapLedger.Kind.INBOUND, "", "192.0.2.1", why -> {});
    private boolean isRead = true;
    private final DocumentAdmissions admissions = on(running::add);

    private DocumentAdmissions on(Executor executor) {
        return new DocumentAdmissions(
                new JudgePlaces(100),
                executor,
                new OpeningBound<>(MAX_OPENING, () -> isRead = false, () -> isRead = true),
                tally,
                MAX_BYTES,
                failures::add);
    }

    private void judge(String key, String name) {
        admissions.judge(key, () -> name, done::add);
    }

    private void say(String key, String name) {
        if (!admissions.waits(key, 1, () -> done.add(name))) {
            done.add(name);
        }
    }

    private void finish() {
        running.remove().run();
    }

    @Test
    void messages_waitForTheirDocumentOnly_inTheirOrder() {
        judge("a", "a is admitted");
        judge("b", "b is admitted");
        say("a", "a1");
        say("c", "c1");
        say("b", "b1");
        say("a", "a2");
        assertThat(done).containsExactly("c1");
        finish();
        assertThat(done).containsExactly("c1", "a is admitted", "a1", "a2");
        say("a", "a3");
        finish();
        assertThat(done).containsExactly("c1", "a is admitted", "a1", "a2", "a3", "b is admitted", "b1");
        assertThat(tally.bytes()).isZero();
    }

    /** As a client that shows two credentials one after the other, with a message behind each. */
    @Test
    void judgementThatWaits_keepsWhatIsBehindIt() {
        judge("a", "first");
        say("a", "a1");
        assertThat(admissions.waits("a", 1, () -> judge("a", "second"))).isTrue();
        say("a", "a2");
        finish();
        say("a", "a3");
        assertThat(done).containsExactly("first", "a1");
        finish();
        assertThat(done).containsExactly("first", "a1", "second", "a2", "a3");
        assertThat(running).isEmpty();
        assertThat(isRead).isTrue();
    }

    @Test
    void aFewAtATime_thenTheSocketIsNotRead() {
        for (int i = 0; i <= MAX_OPENING; i++) {
            assertThat(isRead).isTrue();
            judge("doc " + i, "");
        }
        assertThat(running).as("judged beside each other").hasSize(MAX_OPENING + 1);
        assertThat(isRead).isFalse();
        finish();
        assertThat(isRead).isTrue();
    }

    /** Small messages count by what they need on the heap. */
    @Test
    void tooMuchBehindOneDocument_stopsReading_untilItIsJudged() {
        judge("a", "");
        int messages = 0;
        while (isRead) {
            say("a", "");
            messages++;
        }
        assertThat(messages).isBetween(MAX_BYTES / 1_000, MAX_BYTES / 100);
        assertThat(tally.bytes()).isBetween((long) MAX_BYTES, MAX_BYTES + 1_000L);
        finish();
        assertThat(isRead).isTrue();
        assertThat(tally.bytes()).isZero();
    }

    @Test
    void closedSocket_judgesNothing_andKeepsNothing() {
        judge("a", "a is admitted");
        say("a", "a1");
        admissions.close();
        assertThat(tally.bytes()).isZero();
        finish();
        judge("b", "b is admitted");
        assertThat(running).isEmpty();
        assertThat(done).isEmpty();
        assertThat(failures).isEmpty();
    }

    @Test
    void whatFails_isReported() {
        admissions.judge(
                "a",
                () -> {
                    throw new IllegalStateException("a fault of the test");
                },
                unused -> done.add("admitted"));
        finish();
        judge("b", "b");
        assertThat(admissions.waits("b", 1, () -> {
                    throw new IllegalStateException("another one");
                }))
                .isTrue();
        finish();
        assertThat(failures).extracting(Throwable::getMessage).containsExactly("a fault of the test", "another one");
        assertThat(done).containsExactly("b");
    }

    @Test
    void executorThatAcceptsNothing_isReported() {
        on(work -> {
                    throw new RejectedExecutionException();
                })
                .judge("a", () -> "", done::add);
        assertThat(failures).singleElement().isInstanceOf(RejectedExecutionException.class);
        assertThat(done).isEmpty();
    }

    /** Real threads judge while the test reads: whatever the order of things, each document sees its messages in their order. */
    @Test
    void threadsThatJudge_andTheOneThatReads_keepTheOrderOfEachDocument() throws InterruptedException {
        Random random = new Random(Seeds.next("DocumentAdmissionsTest"));
        ExecutorService threads = Executors.newFixedThreadPool(4);
        AtomicReference<Throwable> failed = new AtomicReference<>();
        DocumentAdmissions here = new DocumentAdmissions(
                new JudgePlaces(3),
                threads,
                new OpeningBound<>(MAX_OPENING, () -> {}, () -> {}),
                tally,
                MAX_BYTES,
                failed::set);
        Map<String, List<Integer>> seen = new ConcurrentHashMap<>();
        Map<String, List<Integer>> expected = new HashMap<>();
        int messages = 50_000;
        CountDownLatch all = new CountDownLatch(messages);
        for (int i = 0; i < messages; i++) {
            String key = "doc " + random.nextInt(5);
            boolean isJudged = random.nextInt(4) == 0;
            int number = i;
            List<Integer> order = seen.computeIfAbsent(key, unused -> new ArrayList<>()); // a list without a lock
            expected.computeIfAbsent(key, unused -> new ArrayList<>()).add(i);
            Runnable note = () -> {
                order.add(number);
                all.countDown();
            };
            Runnable message = isJudged ? () -> here.judge(key, () -> number, unused -> note.run()) : note;
            if (!here.waits(key, 1, message)) {
                message.run();
            }
        }
        assertThat(all.await(60, TimeUnit.SECONDS)).isTrue();
        threads.shutdown();
        assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
        assertThat(failed.get()).isNull();
        assertThat(seen).isEqualTo(expected);
        assertThat(tally.bytes()).isZero();
    }
}
