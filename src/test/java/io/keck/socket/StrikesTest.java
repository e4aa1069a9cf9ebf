package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StrikesTest {
    private static final String HERE = "192.0.2.1";

    private long now = 1_000_000;
    private final Strikes strikes = new Strikes(() -> now);

    @Test
    void firstOffence_isClosedAtOnce_eachFurtherOneLater_upToALimit() {
        List<Long> holds = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            holds.add(strikes.offence(HERE, "room"));
        }
        assertThat(holds).containsExactly(0L, 1_000L, 2_000L, 4_000L, 8_000L, 16_000L, 20_000L, 20_000L);
    }

    @Test
    void offences_areForgottenAMinuteAfterTheLastHold() {
        strikes.offence(HERE, "room");
        now += 59_999;
        assertThat(strikes.offence(HERE, "room")).isEqualTo(1_000);
        now += 1_000 + 59_999;
        assertThat(strikes.offence(HERE, "room")).isEqualTo(2_000);
        now += 2_000 + 60_000;
        assertThat(strikes.offence(HERE, "room")).isZero();
    }

    @Test
    void others_areNotConcerned() {
        strikes.offence(HERE, "room");
        strikes.offence(HERE, "room");
        assertThat(strikes.offence(HERE, "another room")).isZero();
        assertThat(strikes.offence("192.0.2.2", "room")).isZero();
    }

    @Test
    void memory_isBounded_theOldestIsForgottenFirst() {
        strikes.offence(HERE, "oldest");
        strikes.offence(HERE, "newer");
        for (int i = 0; i < 9_999; i++) {
            strikes.offence("192.0.2.2", "room " + i);
        }
        assertThat(strikes.offence(HERE, "newer")).isEqualTo(1_000);
        assertThat(strikes.offence(HERE, "oldest")).isZero();
    }
}
