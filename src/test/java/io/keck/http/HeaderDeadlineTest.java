package io.keck.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.eclipse.jetty.io.ByteArrayEndPoint;
import org.junit.jupiter.api.Test;

class HeaderDeadlineTest {
    private static final long IDLE_MS = 30_000;

    private long now;
    private final HeaderDeadline deadline = new HeaderDeadline(() -> now);
    private final ByteArrayEndPoint endPoint = new ByteArrayEndPoint();

    private HeaderDeadline.Watched watch() {
        endPoint.setIdleTimeout(IDLE_MS);
        return deadline.watch(endPoint);
    }

    private void pass(long millis) {
        now += millis;
        deadline.tick();
    }

    /** A byte each 20 s keeps a connection from being silent; only this deadline ends it. */
    @Test
    void headersThatDrip_endTheConnection() {
        watch();
        for (int i = 0; i < 4; i++) {
            pass(10_000);
            assertThat(endPoint.isOpen()).isTrue();
        }
        pass(1);
        assertThat(endPoint.isOpen()).isFalse();
        assertThat(deadline.size()).isZero();
    }

    @Test
    void requestUnderWay_mayTakeAnyTime_theNextHasItsOwn() {
        HeaderDeadline.Watched connection = watch();
        pass(IDLE_MS);
        connection.began();
        pass(1_000_000);
        assertThat(endPoint.isOpen()).isTrue();
        connection.answered();
        pass(IDLE_MS + HeaderDeadline.HEADERS_MS);
        assertThat(endPoint.isOpen()).isTrue();
        pass(1);
        assertThat(endPoint.isOpen()).isFalse();
    }

    @Test
    void connectionThatEnds_isForgotten() {
        watch().ended();
        assertThat(deadline.size()).isZero();
        pass(1_000_000);
        assertThat(endPoint.isOpen()).isTrue();
    }
}
