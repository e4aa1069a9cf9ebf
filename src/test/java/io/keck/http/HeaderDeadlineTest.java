package io.keck.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.heap.AddressShares;
import org.eclipse.jetty.io.ByteArrayEndPoint;
import org.junit.jupiter.api.Test;

class HeaderDeadlineTest {
    private static final long IDLE_MS = 30_000;

    private long now;
    private final AddressShares places = new AddressShares(3, 2);
    private final HeaderDeadline deadline = new HeaderDeadline(() -> now, places);
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

    /** Files of the process are limited: connections that say nothing must not take them all. */
    @Test
    void connectionsThatWait_haveAShare_thoseUnderWayDoNotCount() {
        HeaderDeadline.Watched first = watch();
        HeaderDeadline.Watched second = watch();
        assertThat(first.isAdmitted() && second.isAdmitted()).isTrue();
        HeaderDeadline.Watched third = watch();
        assertThat(third.isAdmitted()).isFalse();
        third.ended();
        assertThat(places.taken()).isEqualTo(2);

        first.began();
        HeaderDeadline.Watched fourth = watch();
        assertThat(fourth.isAdmitted()).isTrue();
        first.answered();
        assertThat(places.taken())
                .as("one that has served is never turned away")
                .isEqualTo(3);

        first.ended();
        first.answered();
        second.began();
        second.ended();
        fourth.ended();
        assertThat(places.taken()).isZero();
    }
}
