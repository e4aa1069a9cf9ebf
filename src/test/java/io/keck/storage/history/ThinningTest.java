package io.keck.storage.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.storage.history.Thinning.Made;
import io.keck.testing.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Which automatic versions stay. */
class ThinningTest {
    private static final long HOUR = TimeUnit.HOURS.toMillis(1);
    private static final long DAY = 24 * HOUR;
    private static final long MONDAY = 20_000 * DAY;
    private static final VersionSettings DEFAULT = VersionSettings.DEFAULT;

    private final List<Made> all = new ArrayList<>();

    private void made(long... times) {
        for (long at : times) {
            all.add(new Made(all.size() + 1, at));
        }
    }

    private Thinning.Result thin(long now) {
        return Thinning.thin(all, DEFAULT, now);
    }

    @Test
    void allStayForADay_thenTheLastOfEachHour_thenTheLastOfEachDay() {
        made(MONDAY + 1, MONDAY + 2, MONDAY + HOUR, MONDAY + HOUR + 9, MONDAY + DAY);
        assertThat(thin(MONDAY + DAY)).isEqualTo(new Thinning.Result(List.of(), MONDAY + DAY + 1));
        assertThat(thin(MONDAY + DAY + 1)).isEqualTo(new Thinning.Result(List.of(1L), MONDAY + DAY + HOUR));
        assertThat(thin(MONDAY + 2 * DAY)).isEqualTo(new Thinning.Result(List.of(1L, 3L), MONDAY + 7 * DAY + 2));
        assertThat(thin(MONDAY + 10 * DAY)).isEqualTo(new Thinning.Result(List.of(1L, 2L, 3L), 0));
    }

    @Test
    void versionWithoutALaterOne_stays() {
        made(MONDAY);
        assertThat(thin(MONDAY + 1_000 * DAY)).isEqualTo(new Thinning.Result(List.of(), 0));
        assertThat(Thinning.thin(List.of(), DEFAULT, MONDAY)).isEqualTo(new Thinning.Result(List.of(), 0));
    }

    /** Thinning at every moment that it asks for leaves what thinning once at the end leaves. */
    @Test
    void stepsLeaveWhatOneThinningLeaves() {
        Random random = new Random(Seeds.next("Thinning"));
        for (int run = 0; run < 50; run++) {
            all.clear();
            TreeMap<Long, Integer> times = new TreeMap<>();
            for (int i = 0; i < 200; i++) {
                times.put(MONDAY + random.nextInt((int) (9 * DAY)), i);
            }
            times.keySet().forEach(this::made);
            List<Long> left = left(all, MONDAY + 30 * DAY);
            long now = all.get(all.size() - 1).at();
            List<Made> stepwise = new ArrayList<>(all);
            while (now != 0) {
                Thinning.Result result = Thinning.thin(stepwise, DEFAULT, now);
                stepwise.removeIf(made -> result.drop().contains(made.id()));
                assertThat(result.nextAt())
                        .satisfiesAnyOf(
                                at -> assertThat(at).isZero(),
                                at -> assertThat(at).isPositive());
                assertThat(result.nextAt() == 0 || result.nextAt() > now).isTrue();
                now = result.nextAt();
            }
            assertThat(stepwise).extracting(Made::id).as("run %d", run).isEqualTo(left);
            assertThat(left).hasSizeBetween(8, 10);
        }
    }

    private static List<Long> left(List<Made> all, long now) {
        List<Long> drop = Thinning.thin(all, DEFAULT, now).drop();
        return all.stream().map(Made::id).filter(id -> !drop.contains(id)).toList();
    }
}
