package io.keck.storage.database;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DatabaseHealthTest {
    private static final IllegalStateException FULL = new IllegalStateException("full\nwith a stack");

    /** Near the end of what fits: {@link System#nanoTime} may begin anywhere. */
    private long now = Long.MAX_VALUE - 1_000;

    private final DatabaseHealth health = new DatabaseHealth(() -> now);

    @Test
    void failedWrite_isRememberedThoughReadsGoWell() {
        health.failed(FULL, true);
        health.wentWell();
        assertThat(health.isResponsive()).isTrue();
        assertThat(health.isHealthy()).isFalse();
        assertThat(health.lastFailure()).endsWith("full");
        now += DatabaseHealth.REMEMBERED_NANOS - 2;
        assertThat(health.isHealthy()).isFalse();
        now += 2;
        assertThat(health.isHealthy()).isTrue();
    }

    @Test
    void failedWrite_isForgottenWithTheNextThatIsSaved() {
        health.failed(FULL, true);
        health.wentWell();
        health.saved();
        assertThat(health.isHealthy()).isTrue();
    }

    @Test
    void failedRead_isForgottenWithTheNextThatGoesWell() {
        health.failed(FULL, false);
        assertThat(health.isResponsive()).isFalse();
        assertThat(health.isHealthy()).isFalse();
        assertThat(health.answers()).isTrue();
        health.wentWell();
        assertThat(health.isHealthy()).isTrue();
    }

    @Test
    void probe_thatKeepsUsWaiting_isNoAnswer() {
        long began = health.askedNow();
        assertThat(began).isNotZero();
        assertThat(health.askedNow()).as("a second one beside it").isZero();
        now += DatabaseHealth.LATE_NANOS - 2;
        assertThat(health.answers()).isTrue();
        now += 3;
        assertThat(health.answers()).isFalse();
        assertThat(health.isResponsive()).isFalse();
        assertThat(health.isHealthy()).isFalse();
        assertThat(health.answered(began, true)).isGreaterThanOrEqualTo(DatabaseHealth.LATE_NANOS);
        assertThat(health.isHealthy()).isTrue();
        assertThat(health.answered(health.askedNow(), false)).isLessThan(2);
        assertThat(health.answers()).isFalse();
    }
}
