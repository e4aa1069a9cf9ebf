package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final long SECOND = 1_000_000_000L;

    private final AtomicLong now = new AtomicLong(-5);
    private final Pace pace = new Pace(now::get, 1_000);

    @Test
    void firstHalfMinute_doesNotCount() {
        now.addAndGet(30 * SECOND);
        assertThat(pace.keptWith(0)).isTrue();
        now.addAndGet(1);
        assertThat(pace.keptWith(0)).isFalse();
    }

    @Test
    void byteNowAndThen_isTooSlow_andTheRateIsNot() {
        now.addAndGet(31 * SECOND);
        assertThat(pace.keptWith(1_000)).isTrue();
        now.addAndGet(SECOND);
        assertThat(pace.keptWith(1_000)).isTrue();
        now.addAndGet(SECOND);
        assertThat(pace.keptWith(999)).isFalse();
    }
}
