package io.keck.heap;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AddressFlowTest {
    private static final String US = "192.0.2.1";
    private final AtomicLong clock = new AtomicLong();
    private final AddressFlow flow = new AddressFlow(1_000, clock::get);

    @Test
    void aBurstPasses_andWhatIsBeyondHasToBePaidFor() {
        assertThat(flow.pass(US, 10_000)).isZero();
        assertThat(flow.pass(US, 500)).isEqualTo(500);
        assertThat(flow.held()).isEqualTo(500);
        clock.addAndGet(499);
        assertThat(flow.wait(US)).isEqualTo(1);
        clock.addAndGet(1);
        assertThat(flow.wait(US)).isZero();
    }

    @Test
    void whatIsLargerThanTheBucket_passesToo_andOnlyWhatIsBeyondCountsAsHeld() {
        assertThat(flow.pass(US, 64_000)).isEqualTo(54_000);
        assertThat(flow.pass(US, 10)).isEqualTo(54_010);
        assertThat(flow.held()).isEqualTo(54_010);
    }

    @Test
    void addressesDoNotKnowEachOther_butThoseOfOneNetworkDo() {
        flow.pass(US, 64_000);
        assertThat(flow.wait("192.0.2.2")).isZero();
        flow.pass("2001:db8::1", 64_000);
        assertThat(flow.wait("2001:db8::2")).isPositive();
        assertThat(flow.wait("2001:db8:0:1::1")).isZero();
    }

    @Test
    void aPause_fillsNoMoreThanABurst() {
        clock.addAndGet(1_000_000_000);
        assertThat(flow.pass(US, 10_001)).isEqualTo(1);
    }

    /** The twin: without a rate nobody waits. */
    @Test
    void withoutARate_nobodyWaits() {
        AddressFlow unlimited = AddressFlow.unlimited();
        assertThat(unlimited.pass(US, Long.MAX_VALUE / 2)).isZero();
        assertThat(unlimited.wait(US)).isZero();
        assertThat(unlimited.held()).isZero();
        assertThat(unlimited.isLimited()).isFalse();
    }
}
