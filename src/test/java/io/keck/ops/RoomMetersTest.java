package io.keck.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.health.HealthCheck;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import org.junit.jupiter.api.Test;

class RoomMetersTest {
    private long now = 1_000;
    private final MetricRegistry registry = new MetricRegistry();
    private final PrometheusRegistry histograms = new PrometheusRegistry();
    private final RoomMeters meters = new RoomMeters(registry, histograms, new SyncStages(histograms), () -> now);

    private HistogramSnapshot.HistogramDataPointSnapshot histogram(String name, String stage) {
        for (MetricSnapshot snapshot : histograms.scrape(name::equals)) {
            for (var point : ((HistogramSnapshot) snapshot).getDataPoints()) {
                if (stage == null || stage.equals(point.getLabels().get("stage"))) {
                    return point;
                }
            }
        }
        throw new AssertionError("no " + name);
    }

    @Test
    void committed_isInSecondsInBuckets() {
        meters.committed(3_000_000, 40_000_000, 7, 100);
        meters.committed(5_000_000, -1, 1, 20);

        assertThat(histogram("keck_rooms_commit_seconds", null).getSum()).isEqualTo(0.008, within(1e-9));
        assertThat(histogram("keck_rooms_batch_updates", null).getSum()).isEqualTo(8);
        assertThat(histogram("keck_rooms_batch_bytes", null).getSum()).isEqualTo(120);
        assertThat(histogram("keck_sync_seconds", "committed").getSum()).isEqualTo(0.04, within(1e-9));
        assertThat(histogram("keck_sync_seconds", "committed").getCount())
                .as("what came from no socket has not waited")
                .isEqualTo(1);
    }

    @Test
    void clock_isNeverTheZeroThatSaysThatNobodyMeasures() {
        now = 0;
        assertThat(meters.nanos()).isNotZero();
    }

    @Test
    void behind_countsFromTheFirstComparisonThatFoundSomething_toTheNextThatFindsNothing() {
        meters.compared(2, 10);
        now += 4_000_000_000L;
        meters.compared(1, 3);
        now += 1_000_000_000L;

        assertThat(meters.behindSeconds()).isEqualTo(5.0, within(0.001));
        assertThat(((Gauge<?>) registry.getGauges().get("keck.sync.behind-rows")).getValue())
                .isEqualTo(3L);
        meters.compared(0, 0);
        assertThat(meters.behindSeconds()).isZero();
    }

    @Test
    void checks_sayWhatIsWrongAndWhatToDo() {
        assertThat(RoomChecks.commitAge(4.9, 0).isHealthy()).isTrue();
        HealthCheck.Result old = RoomChecks.commitAge(5.1, 77);
        assertThat(old.isHealthy()).isFalse();
        assertThat(old.getMessage()).contains("5.1 s", "77 bytes", "do not restart");
        assertThat(RoomChecks.logLag(999, 60).isHealthy()).isTrue();
        HealthCheck.Result behind = RoomChecks.logLag(1_000, 12);
        assertThat(behind.isHealthy()).isFalse();
        assertThat(behind.getMessage()).contains("1000 rows", "12 s", "Restarting");
    }

    @Test
    void cached_looksOnceAScrape() {
        int[] looks = {0};
        Cached<Integer> cached = new Cached<>(() -> ++looks[0], () -> now);
        now += 200_000_000;
        assertThat(cached.get()).isEqualTo(1);
        now += 1;
        assertThat(cached.get()).isEqualTo(2);
        assertThat(cached.get()).isEqualTo(2);
    }
}
