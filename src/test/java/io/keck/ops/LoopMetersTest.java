package io.keck.ops;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.health.HealthCheck.Result;
import io.keck.testing.Eventually;
import io.keck.thread.Loop;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class LoopMetersTest {
    @Test
    void check_namesTheLoopThatIsStuck() throws Exception {
        CountDownLatch goesOn = new CountDownLatch(1);
        CountDownLatch begun = new CountDownLatch(2);
        Loop well = Loop.paced("well", 60_000, () -> {
                    begun.countDown();
                    return 60_000;
                })
                .start();
        Loop stuck = Loop.paced("stuck-one", 0, () -> {
                    begun.countDown();
                    goesOn.await();
                    return Loop.END;
                })
                .start();
        begun.await();
        assertThat(LoopMeters.check(List.of(well)).isHealthy()).isTrue();
        Eventually.await("a loop that is late", () -> stuck.lateSeconds() > 0);
        Result result = LoopMeters.check(List.of(well, stuck));
        assertThat(result.isHealthy()).isFalse();
        assertThat(result.getMessage())
                .startsWith("stuck-one is stuck, late by ")
                .contains("thread dump");
        assertThat(result.getMessage()).doesNotContain("well is");
        goesOn.countDown();
        stuck.join(60_000);
        well.stop(60_000);
    }
}
