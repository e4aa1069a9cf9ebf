package io.keck.storage.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.storage.history.VersionRule.Mark;
import io.keck.storage.history.VersionRule.Row;
import io.keck.storage.history.VersionRule.State;
import io.keck.testing.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** After which rows a version is made. */
class VersionRuleTest {
    private static final long MINUTE = 60_000;
    private static final long BEGAN = 1_000 * MINUTE;
    private static final VersionSettings DEFAULT = VersionSettings.DEFAULT;
    private static final int NOBODY = 0;
    private static final int ANN = 1;
    private static final int BOB = 2;

    private final List<Row> rows = new ArrayList<>();
    private long now = BEGAN;

    /** Adds a row some time after the row before. */
    private void row(double minutes, int author, int bytes, boolean isRestore) {
        now += Math.round(minutes * MINUTE);
        rows.add(new Row(rows.size() + 1, now, bytes, author, isRestore));
    }

    private void row(double minutes, int author) {
        row(minutes, author, 20, false);
    }

    private void rows(int count, double minutes, int author, int bytes) {
        for (int i = 0; i < count; i++) {
            row(minutes, author, bytes, false);
        }
    }

    private List<Long> marks(VersionSettings settings, double minutesLater) {
        VersionRule rule = new VersionRule(settings, State.after(0));
        rows.forEach(rule::read);
        rule.end(now + Math.round(minutesLater * MINUTE));
        assertThat(rule.marks())
                .allSatisfy(mark -> assertThat(mark.at())
                        .isEqualTo(rows.get((int) mark.seq() - 1).at()));
        return rule.marks().stream().map(Mark::seq).toList();
    }

    private List<Long> marks(double minutesLater) {
        return marks(DEFAULT, minutesLater);
    }

    @Test
    void documentThatRests_getsOneVersion_atItsLastRow() {
        rows(3, 1, ANN, 20);
        assertThat(marks(4.9)).isEmpty();
        assertThat(marks(5)).containsExactly(3L);
        assertThat(marks(10_000)).containsExactly(3L);
        row(5, ANN);
        assertThat(marks(0)).as("nobody has looked during the pause").containsExactly(3L);
        assertThat(marks(5)).containsExactly(3L, 4L);
    }

    @Test
    void documentThatDidNotChange_getsNone() {
        assertThat(marks(10_000)).isEmpty();
        VersionRule rule = new VersionRule(DEFAULT, State.after(7));
        rule.end(BEGAN);
        assertThat(rule.marks()).isEmpty();
        assertThat(rule.lookAt(BEGAN)).isZero();
    }

    @Test
    void documentThatIsEdited_getsOneVersionPerPeriod() {
        rows(35, 1, ANN, 20); // the first at minute 1
        assertThat(marks(0)).containsExactly(10L, 20L, 30L);
        assertThat(marks(4)).containsExactly(10L, 20L, 30L);
        assertThat(marks(5)).containsExactly(10L, 20L, 30L, 35L);
    }

    @Test
    void manyChangedBytes_makeAVersion_butNotMoreThanOneInTwoMinutes() {
        rows(20, 0.25, ANN, 100 << 10);
        assertThat(marks(0)).containsExactly(3L, 11L, 19L);
        VersionSettings none = new VersionSettings(
                true,
                Duration.ofMinutes(5),
                Duration.ofMinutes(10),
                0,
                Duration.ZERO,
                DEFAULT.hourlyAfter(),
                DEFAULT.dailyAfter(),
                10);
        assertThat(marks(none, 0)).isEmpty();
    }

    @Test
    void otherAuthorAfterAPause_findsWhatTheFirstOneLeft_asAVersion() {
        row(1, ANN);
        row(0.5, BOB);
        row(0.5, ANN);
        row(2, ANN);
        assertThat(marks(0)).as("no pause before another author").isEmpty();
        row(2, BOB);
        assertThat(marks(0)).containsExactly(4L);
        row(2, NOBODY);
        assertThat(marks(0)).containsExactly(4L, 5L);
    }

    @Test
    void restoration_findsTheStateBeforeIt_asAVersion() {
        row(1, ANN);
        row(0.1, ANN, 500, true);
        row(0.1, BOB, 500, true);
        assertThat(marks(0)).as("the second one follows at once").containsExactly(1L);
    }

    @Test
    void rowsThatLeftTheLogUnread_endWhatWasPending() {
        row(1, ANN);
        VersionRule rule = new VersionRule(DEFAULT, State.after(0));
        rows.forEach(rule::read);
        rule.skipTo(50);
        assertThat(rule.marks()).extracting(Mark::seq).containsExactly(1L);
        assertThat(rule.state()).isEqualTo(State.after(50));
    }

    /** Nodes that look often, seldom or late decide the same. */
    @Test
    void momentsOfLooking_changeNothing() {
        Random random = new Random(Seeds.next("VersionRule"));
        for (int run = 0; run < 200; run++) {
            rows.clear();
            now = BEGAN;
            int count = 1 + random.nextInt(300);
            for (int i = 0; i < count; i++) {
                double pause = random.nextInt(20) == 0 ? random.nextDouble() * 12 : random.nextDouble();
                boolean isLarge = random.nextInt(10) == 0;
                row(pause, random.nextInt(3), random.nextInt(isLarge ? 200 << 10 : 100), random.nextInt(50) == 0);
            }
            List<Long> atOnce = marks(6);
            assertThat(looking(random, now + 6 * MINUTE)).as("run %d", run).isEqualTo(atOnce);
        }
    }

    /** Looks at random moments, each with the state that the look before has stored. */
    private List<Long> looking(Random random, long end) {
        List<Long> marks = new ArrayList<>();
        State state = State.after(0);
        long looked = BEGAN;
        while (looked < end) {
            long at = Math.min(end, looked + random.nextInt((int) (8 * MINUTE)));
            long seen = state.seq();
            VersionRule rule = new VersionRule(DEFAULT, state);
            rows.stream().filter(row -> row.seq() > seen && row.at() <= at).forEach(rule::read);
            rule.end(at);
            rule.marks().forEach(mark -> marks.add(mark.seq()));
            state = rule.state();
            looked = at;
        }
        return marks;
    }

    @Test
    void nextLook_isWhenAVersionCanBeDue() {
        rows(3, 1, ANN, 20);
        VersionRule rule = new VersionRule(DEFAULT, State.after(0));
        rows.forEach(rule::read);
        assertThat(rule.lookAt(now)).isEqualTo(now + 5 * MINUTE);
        rows(6, 1, ANN, 20);
        rows.subList(3, 9).forEach(rule::read);
        assertThat(rule.lookAt(now)).isEqualTo(BEGAN + 11 * MINUTE);
        rule.end(BEGAN + 11 * MINUTE);
        assertThat(rule.marks()).hasSize(1);
        assertThat(rule.lookAt(BEGAN + 11 * MINUTE))
                .as("it has not come to rest")
                .isEqualTo(now + 5 * MINUTE);
        assertThat(rule.lookAt(now + 5 * MINUTE)).isZero();
    }
}
