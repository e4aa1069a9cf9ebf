package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StrikesTest {
    private static final String HERE = "192.0.2.1";

    private long now = 1_000_000;
    private final Strikes strikes = new Strikes(() -> now);

    @Test
    void firstClose_isForgiven() {
        strikes.closed(HERE, "room", 4400);
        assertThat(strikes.status(HERE, "room")).isZero();
    }

    @Test
    void secondCloseWithinAMinute_isRefusedForHalfAMinute() {
        strikes.closed(HERE, "room", 4400);
        now += 60_000;
        strikes.closed(HERE, "room", 4400);
        assertThat(strikes.status(HERE, "room")).isEqualTo(400);
        now += 29_999;
        assertThat(strikes.status(HERE, "room")).isEqualTo(400);
        now += 1;
        assertThat(strikes.status(HERE, "room")).isZero();
    }

    /** Jetty writes an IPv6 address with brackets for a request and without for its connection. */
    @Test
    void addressWithAndWithoutBrackets_isTheSame() {
        strikes.closed("2001:db8:0:0:0:0:0:1", "room", 4400);
        strikes.closed("2001:db8:0:0:0:0:0:1", "room", 4400);
        assertThat(strikes.status("[2001:db8:0:0:0:0:0:1]", "room")).isEqualTo(400);
    }

    @Test
    void secondCloseAfterMoreThanAMinute_countsAsTheFirst() {
        strikes.closed(HERE, "room", 4400);
        now += 60_001;
        strikes.closed(HERE, "room", 4400);
        assertThat(strikes.status(HERE, "room")).isZero();
        now += 1;
        strikes.closed(HERE, "room", 4400);
        assertThat(strikes.status(HERE, "room")).isEqualTo(400);
    }

    @Test
    void closeAfterThePenalty_isRefusedAgain() {
        strikes.closed(HERE, "room", 4400);
        strikes.closed(HERE, "room", 4400);
        now += 30_000;
        assertThat(strikes.status(HERE, "room")).isZero();
        strikes.closed(HERE, "room", 4400);
        assertThat(strikes.status(HERE, "room")).isEqualTo(400);
    }

    @Test
    void status_isThatOfTheLastCode() {
        strikes.closed(HERE, "room", 4400);
        strikes.closed(HERE, "room", 4413);
        assertThat(strikes.status(HERE, "room")).isEqualTo(413);
    }

    @Test
    void others_areNotConcerned() {
        strikes.closed(HERE, "room", 4400);
        strikes.closed(HERE, "room", 4400);
        assertThat(strikes.status(HERE, "another room")).isZero();
        assertThat(strikes.status("192.0.2.2", "room")).isZero();
        strikes.closed(HERE, "another room", 4400);
        assertThat(strikes.status(HERE, "another room")).isZero();
    }

    @Test
    void memory_isBounded_theOldestIsForgottenFirst() {
        strikes.closed(HERE, "oldest", 4400);
        strikes.closed(HERE, "oldest", 4400);
        strikes.closed(HERE, "newer", 4400);
        strikes.closed(HERE, "newer", 4400);
        for (int i = 0; i < 9_999; i++) {
            strikes.closed("192.0.2.2", "room " + i, 4400);
        }
        assertThat(strikes.status(HERE, "oldest")).isZero();
        assertThat(strikes.status(HERE, "newer")).isEqualTo(400);
    }
}
