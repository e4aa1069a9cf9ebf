package io.keck.storage.database;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.health.HealthCheck;
import java.nio.file.Path;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatabaseChecksTest {
    private static final Path DATA = Path.of("data");

    /** Sizes in MiB. */
    @ParameterizedTest
    @CsvSource({
        "50000, 1000000, true",
        "4000, 1000000, false",
        "4000, 20000, true",
        "99, 1000, false",
        "101, 1000, true"
    })
    void disk_isLow_whereLittleIsLeftOfIt(long free, long size, boolean healthy) {
        HealthCheck.Result result = DatabaseChecks.disk(DATA, free << 20, size << 20);
        assertThat(result.isHealthy()).isEqualTo(healthy);
        assertThat(result.getMessage()).contains(free + " MiB left");
    }

    @Test
    void full_isToldFromOtherFailures() {
        assertThat(DiskFull.is(new RuntimeException(new SQLException("full", "53100"))))
                .isTrue();
        assertThat(DiskFull.is(new SQLException("full", null, 13))).isTrue();
        assertThat(DiskFull.is(new SQLException("gone", "08006", 7))).isFalse();
        assertThat(DiskFull.is(null)).isFalse();
    }
}
