package io.keck.storage.database;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CommitSpacingTest {
    private static final long MILLI = 1_000_000;

    private long cpu;
    private final CommitSpacing spacing = new CommitSpacing(MILLI, () -> cpu);

    private void commits(int times, long cost) {
        for (int i = 0; i < times; i++) {
            spacing.begins();
            cpu += cost;
            spacing.ended();
        }
    }

    @Test
    void begins_withTheConfiguredSpacing() {
        assertThat(spacing.nanos()).isEqualTo(MILLI);
    }

    @Test
    void cheapCommits_keepIt() {
        commits(1_000, MILLI / 20);
        assertThat(spacing.nanos()).isEqualTo(MILLI);
    }

    @Test
    void dearCommits_comeLessOften_andCheapOnesMoreOftenAgain() {
        commits(100, MILLI / 2);
        assertThat(spacing.nanos()).isBetween(MILLI * 18 / 10, MILLI * 2);
        commits(100, MILLI / 20);
        assertThat(spacing.nanos()).isEqualTo(MILLI);
    }

    @Test
    void spacingIsBounded_andAStallHardlyCounts() {
        commits(100, 50 * MILLI);
        assertThat(spacing.nanos()).isEqualTo(4 * MILLI);

        CommitSpacing other = new CommitSpacing(0, () -> cpu);
        other.begins();
        cpu += MILLI;
        other.ended();
        assertThat(other.nanos()).as("no spacing is configured").isZero();
    }

    @Test
    void unknownCosts_keepTheConfiguredSpacing() {
        CommitSpacing blind = new CommitSpacing(MILLI, () -> -1);
        blind.begins();
        blind.ended();
        assertThat(blind.nanos()).isEqualTo(MILLI);
    }
}
