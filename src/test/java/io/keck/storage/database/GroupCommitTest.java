package io.keck.storage.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GroupCommitTest {
    private final List<List<Integer>> groups = Collections.synchronizedList(new ArrayList<>());
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch gate = new CountDownLatch(1);

    /** The first group waits at the gate. */
    private void commit(List<Integer> group) {
        groups.add(List.copyOf(group));
        entered.countDown();
        try {
            assertThat(gate.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void whatArrivesDuringACommit_makesTheNextGroup() throws Exception {
        GroupCommit<Integer> commit = new GroupCommit<>("test", 0, 1_000, 1_000_000, write -> 1, this::commit);
        commit.add(0);
        assertThat(entered.await(60, TimeUnit.SECONDS)).isTrue();
        for (int i = 1; i <= 500; i++) {
            commit.add(i);
        }
        gate.countDown();
        commit.stop();

        assertThat(groups)
                .containsExactly(
                        List.of(0), IntStream.rangeClosed(1, 500).boxed().toList());
    }

    @Test
    void groups_areCutAtTheLimit() throws Exception {
        GroupCommit<Integer> commit = new GroupCommit<>("test", 0, 10, 1_000_000, write -> 1, this::commit);
        commit.add(0);
        assertThat(entered.await(60, TimeUnit.SECONDS)).isTrue();
        for (int i = 1; i <= 25; i++) {
            commit.add(i);
        }
        gate.countDown();
        commit.stop();

        assertThat(groups).extracting(List::size).containsExactly(1, 10, 10, 5);
    }

    @Test
    void spacing_makesGroupsUnderLoadAndKeepsTheOrder() throws Exception {
        gate.countDown();
        GroupCommit<Integer> commit = new GroupCommit<>("test", 20_000_000, 1_000, 1_000_000, write -> 1, this::commit);
        for (int i = 0; i < 1_000; i++) {
            commit.add(i);
        }
        commit.stop();

        assertThat(groups.stream().flatMap(List::stream))
                .containsExactlyElementsOf(IntStream.range(0, 1_000).boxed().toList());
        assertThat(groups.size()).isLessThan(1_000);
    }

    @Test
    void stop_writesWhatIsQueuedAndTakesNoMore() throws Exception {
        gate.countDown();
        GroupCommit<Integer> commit = new GroupCommit<>("test", 0, 7, 1_000_000, write -> 1, this::commit);
        for (int i = 0; i < 100; i++) {
            assertThat(commit.add(i)).isTrue();
        }
        commit.stop();

        assertThat(commit.add(100)).isFalse();
        assertThat(groups.stream().mapToInt(List::size).sum()).isEqualTo(100);
    }

    @Test
    void whateverWasTaken_isWrittenThoughStopComesInBetween() throws Exception {
        gate.countDown();
        for (int round = 0; round < 50; round++) {
            groups.clear();
            GroupCommit<Integer> commit = new GroupCommit<>("test", 0, 100, 1_000_000, write -> 1, this::commit);
            int[] taken = new int[1];
            Thread adder = new Thread(() -> {
                while (commit.add(taken[0])) {
                    taken[0]++;
                }
            });
            adder.start();
            commit.stop();
            adder.join();
            assertThat(groups.stream().mapToInt(List::size).sum()).isEqualTo(taken[0]);
        }
    }

    @Test
    void committerThatThrows_doesNotEndTheThread() throws Exception {
        List<Integer> written = Collections.synchronizedList(new ArrayList<>());
        GroupCommit<Integer> commit = new GroupCommit<>("test", 0, 1, 1_000_000, write -> 1, group -> {
            if (group.contains(1)) {
                throw new IllegalStateException("on purpose");
            }
            written.addAll(group);
        });
        commit.add(1);
        commit.add(2);
        commit.stop();

        assertThat(written).containsExactly(2);
    }

    @Test
    void group_takesNoMoreWhenItHasItsBytes() throws Exception {
        List<Integer> sizes = new ArrayList<>();
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        GroupCommit<Integer> commit = new GroupCommit<>("test", 0, 1_000, 100, write -> write, group -> {
            sizes.add(group.size());
            entered.countDown();
            awaitQuietly(go);
        });
        commit.add(0);
        assertThat(entered.await(60, TimeUnit.SECONDS)).isTrue();
        for (int write : new int[] {60, 60, 60, 500, 1}) {
            commit.add(write);
        }
        go.countDown();
        commit.stop();
        assertThat(sizes).containsExactly(1, 2, 2, 1);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The pauses last for a day: only a write or the end can end them. */
    @Test
    void writeAndStop_endThePause() throws Exception {
        for (int round = 0; round < 20; round++) {
            Semaphore written = new Semaphore(0);
            GroupCommit<Integer> commit = new GroupCommit<>(
                    "test", 0, 1, 1_000_000, write -> 1, group -> written.release(), TimeUnit.DAYS.toMillis(1));
            for (int i = 0; i < 5; i++) {
                commit.add(i);
                assertThat(written.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
            }
            Thread stopping = new Thread(() -> stop(commit));
            stopping.start();
            stopping.join(60_000);
            assertThat(stopping.isAlive()).isFalse();
        }
    }

    private static void stop(GroupCommit<Integer> commit) {
        try {
            commit.stop();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void committer_isToldWhenNothingComesAndAtTheEnd() throws Exception {
        CountDownLatch quiet = new CountDownLatch(1);
        List<String> told = Collections.synchronizedList(new ArrayList<>());
        GroupCommit<Integer> commit = new GroupCommit<>(
                "test",
                0,
                1,
                1_000_000,
                write -> 1,
                new GroupCommit.Committer<>() {
                    @Override
                    public void commit(List<Integer> group) {
                        told.add("group");
                    }

                    @Override
                    public void idle() {
                        told.add("idle");
                        quiet.countDown();
                    }
                },
                1);
        commit.add(1);
        assertThat(quiet.await(60, TimeUnit.SECONDS)).isTrue();
        commit.add(2);
        commit.stop();

        assertThat(told).startsWith("group", "idle", "group").endsWith("idle");
    }
}
