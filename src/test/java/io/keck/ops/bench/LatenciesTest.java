package io.keck.ops.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LatenciesTest {
    @Test
    void quantiles_areRightWithinABucket() {
        Random random = new Random(7);
        Latencies latencies = new Latencies();
        List<Long> all = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            long nanos = (long) (1_000_000 * Math.exp(3 * random.nextGaussian()));
            all.add(nanos);
            latencies.add(nanos);
        }
        Collections.sort(all);
        assertThat(latencies.count()).isEqualTo(10_000);
        for (double part : new double[] {0.1, 0.5, 0.9, 0.99, 1}) {
            double exact = all.get((int) Math.ceil(part * all.size()) - 1) / 1e6;
            assertThat(latencies.quantile(part)).isCloseTo(exact, Percentage.withPercentage(5));
        }
    }

    @Test
    void none_areZero() {
        assertThat(new Latencies().quantile(0.5)).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "http://host, 1, 1, 1, 1",
        "ws:nothing, 1, 1, 1, 1",
        "ws://host, 0, 1, 1, 1",
        "ws://host, 1000, 1000, 1, 1",
        "ws://host, 1, 1, 0, 1",
        "ws://host, 1, 1, 1, 4000",
        "ws://host, 100, 50, 1000, 3600"
    })
    void options_outOfBounds_areRefused(String url, int rooms, int clients, double rate, int seconds) {
        assertThatThrownBy(() -> new Bench.Options(URI.create(url), rooms, clients, rate, seconds, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith(".");
    }
}
