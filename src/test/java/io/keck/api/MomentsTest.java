package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class MomentsTest {
    /** {@code ?to=+999999999-12-31T23:59:59Z} is a time, and has no milliseconds in 64 bits. */
    @Test
    void timeThatIsTooFarAway_isTheFirstOrLast() {
        assertThat(Moments.millis(Instant.MAX)).isEqualTo(Long.MAX_VALUE);
        assertThat(Moments.millis(Instant.MIN)).isEqualTo(Long.MIN_VALUE);
        assertThat(Moments.millis(Instant.ofEpochMilli(-1))).isEqualTo(-1);
    }

    @Test
    void timeThatIsTooFarAway_isNoLabel() {
        assertThat(Moments.isReserved("+999999999-12-31T23:59:59Z")).isTrue();
        assertThat(Moments.isReserved("-999999999-01-01T00:00:00Z")).isTrue();
        assertThat(Moments.isReserved("a label")).isFalse();
    }
}
