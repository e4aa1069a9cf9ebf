package io.keck.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReplaysTest {
    @Test
    void windowOfCounters_takesEachOnce_inAnyOrder() {
        Replays replays = new Replays();
        assertThat(replays.isNew(1, 5)).isTrue();
        assertThat(replays.isNew(1, 5)).isFalse();
        assertThat(replays.isNew(1, 3)).isTrue();
        assertThat(replays.isNew(1, 3)).isFalse();
        assertThat(replays.isNew(2, 5)).isTrue();
        assertThat(replays.isNew(1, 5 + Replays.WINDOW)).isTrue();
        assertThat(replays.isNew(1, 4)).as("too old to be told apart").isFalse();
        assertThat(replays.isNew(1, 6)).isTrue();
        assertThat(replays.isNew(1, -1)).isFalse();
        for (long counter = 10_000; counter < 30_000; counter += 3) {
            assertThat(replays.isNew(1, counter)).isTrue();
            assertThat(replays.isNew(1, counter)).isFalse();
            assertThat(replays.isNew(1, counter - 1)).isTrue();
        }
    }
}
