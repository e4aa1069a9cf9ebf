package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SpreadTest {
    private static final long SPREAD = 3_000;

    private final AtomicLong now = new AtomicLong(500);
    private final List<Long> times = new ArrayList<>();
    private final Spread spread = new Spread(now::get, now::addAndGet);

    @AfterEach
    void clearInterrupt() {
        Thread.interrupted();
    }

    private static List<Integer> many(int count) {
        return IntStream.range(0, count).boxed().toList();
    }

    @Test
    void over_doesOneAfterTheOther_evenlyAndInTime() {
        List<Integer> done = new ArrayList<>();
        spread.over(SPREAD, many(300), i -> {
            done.add(i);
            times.add(now.get() - 500);
        });
        assertThat(done).isEqualTo(many(300));
        for (int i = 0; i < 300; i++) {
            assertThat(times.get(i)).isEqualTo(i * 10L);
        }
    }

    @Test
    void over_doesOneAtOnce_andNothingForNone() {
        spread.over(SPREAD, many(1), i -> times.add(now.get()));
        spread.over(SPREAD, many(0), i -> times.add(now.get()));
        assertThat(times).containsExactly(500L);
        assertThat(now).hasValue(500);
    }

    @Test
    void over_withoutATime_doesAllAtOnce() {
        spread.over(0, many(10_000), i -> times.add(now.get()));
        assertThat(times).hasSize(10_000).containsOnly(500L);
    }

    @Test
    void over_catchesUp_whenASleepTookTooLong() {
        Spread late = new Spread(now::get, millis -> now.addAndGet(1_700));
        late.over(SPREAD, many(30), i -> times.add(now.get() - 500));
        assertThat(times).hasSize(30).containsOnly(0L, 1_700L, 3_400L);
    }

    @Test
    void over_doesTheRestAtOnce_whenInterrupted() {
        Spread interrupted = new Spread(now::get, millis -> {
            now.addAndGet(millis);
            if (now.get() >= 1_500) {
                throw new InterruptedException();
            }
        });
        interrupted.over(SPREAD, many(30), i -> times.add(now.get() - 500));
        assertThat(times).hasSize(30);
        assertThat(times.get(29)).isEqualTo(1_000);
        assertThat(Thread.currentThread().isInterrupted()).isTrue();
    }
}
