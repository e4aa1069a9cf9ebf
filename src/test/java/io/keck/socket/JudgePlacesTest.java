package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Places for judgements, on an executor that the test moves by hand. */
class JudgePlacesTest {
    private final Queue<Runnable> running = new ArrayDeque<>();
    private final List<Integer> done = new ArrayList<>();
    private final List<Integer> rejected = new ArrayList<>();

    private void run(JudgePlaces places, Executor executor, int number) {
        places.run(executor, () -> done.add(number), () -> rejected.add(number));
    }

    /** With as many places as there is work, all of it runs at once. */
    @ParameterizedTest
    @ValueSource(ints = {4, 100})
    void work_runsAFewAtATime_inItsOrder(int most) {
        JudgePlaces places = new JudgePlaces(most);
        for (int i = 0; i < 100; i++) {
            run(places, running::add, i);
        }
        List<Integer> expected = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            assertThat(running).hasSize(Math.min(most, 100 - i));
            running.remove().run();
            expected.add(i);
        }
        assertThat(done).isEqualTo(expected);
    }

    @Test
    void workThatThrows_freesItsPlace() {
        JudgePlaces places = new JudgePlaces(1);
        places.run(
                running::add,
                () -> {
                    throw new IllegalStateException("a fault of the test");
                },
                () -> {});
        run(places, running::add, 1);
        assertThat(running).hasSize(1);
        try {
            running.remove().run();
        } catch (IllegalStateException e) {
            assertThat(running).hasSize(1);
        }
        running.remove().run();
        assertThat(done).containsExactly(1);
    }

    @Test
    void executorThatAcceptsNothing_isReported_andTakesNoPlace() {
        JudgePlaces places = new JudgePlaces(1);
        Executor down = work -> {
            throw new RejectedExecutionException("going down");
        };
        for (int i = 0; i < 3; i++) {
            run(places, down, i);
        }
        run(places, running::add, 3);
        running.remove().run();
        assertThat(rejected).containsExactly(0, 1, 2);
        assertThat(done).containsExactly(3);
    }

    @Test
    void executorThatRunsAtOnce_runsAll() {
        JudgePlaces places = new JudgePlaces(1);
        for (int i = 0; i < 3; i++) {
            run(places, Runnable::run, i);
        }
        assertThat(done).containsExactly(0, 1, 2);
    }
}
