package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.heap.AddressRates;
import io.keck.heap.AddressShares;
import org.junit.jupiter.api.Test;

class AdmissionTest {
    private static Admission admission(int all, int each, int perSecond) {
        return new Admission(new AddressShares(all, each), new AddressRates(perSecond, perSecond, () -> 0));
    }

    @Test
    void oneAddress_getsItsPart_othersGetIn() {
        Admission admission = admission(4, 2, 100);
        admission.opened("6.6.6.6");
        admission.opened("6.6.6.6");
        assertThat(admission.judge("6.6.6.6"))
                .satisfies(refused -> assertThat(refused.status()).isEqualTo(429));
        assertThat(admission.judge("1.1.1.1")).isNull();
        admission.closed("6.6.6.6");
        assertThat(admission.judge("6.6.6.6")).isNull();
        assertThat(admission.refused()).isEqualTo(1);
    }

    @Test
    void fullNode_says503() {
        Admission admission = admission(2, 2, 100);
        admission.opened("1.1.1.1");
        admission.opened("2.2.2.2");
        assertThat(admission.judge("3.3.3.3"))
                .satisfies(refused -> assertThat(refused.status()).isEqualTo(503));
    }

    /** The twin: with the whole limit for each address, the first one that comes locks the others out. */
    @Test
    void twin_withoutAShare_oneAddressTakesAll() {
        Admission admission = admission(3, 3, 100);
        for (int i = 0; i < 3; i++) {
            assertThat(admission.judge("6.6.6.6")).isNull();
            admission.opened("6.6.6.6");
        }
        assertThat(admission.judge("1.1.1.1")).isNotNull();
    }

    @Test
    void tooQuick_says429() {
        Admission admission = admission(100, 100, 3);
        for (int i = 0; i < 3; i++) {
            assertThat(admission.judge("6.6.6.6")).isNull();
        }
        assertThat(admission.judge("6.6.6.6"))
                .satisfies(refused -> assertThat(refused.status()).isEqualTo(429));
        assertThat(admission.judge("1.1.1.1")).isNull();
    }
}
