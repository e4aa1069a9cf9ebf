package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.heap.AddressRates;
import io.keck.heap.AddressShares;
import org.junit.jupiter.api.Test;

class SocketSharesTest {
    private static SocketShares shares(int all, int each, int perSecond) {
        return new SocketShares(
                new AddressShares(all, each),
                new AddressRates(perSecond, perSecond, () -> 0),
                new AddressRates(perSecond, perSecond, () -> 0));
    }

    @Test
    void oneAddress_getsItsPart_othersGetIn() {
        SocketShares shares = shares(4, 2, 100);
        shares.opened("6.6.6.6");
        shares.opened("6.6.6.6");
        assertThat(shares.judge("6.6.6.6"))
                .satisfies(refused -> assertThat(refused.status()).isEqualTo(429));
        assertThat(shares.judge("1.1.1.1")).isNull();
        shares.closed("6.6.6.6");
        assertThat(shares.judge("6.6.6.6")).isNull();
        assertThat(shares.refused()).isEqualTo(1);
    }

    @Test
    void fullNode_says503() {
        SocketShares shares = shares(2, 2, 100);
        shares.opened("1.1.1.1");
        shares.opened("2.2.2.2");
        assertThat(shares.judge("3.3.3.3"))
                .satisfies(refused -> assertThat(refused.status()).isEqualTo(503));
    }

    /** The twin: with the whole limit for each address, the first one that comes locks the others out. */
    @Test
    void twin_withoutAShare_oneAddressTakesAll() {
        SocketShares shares = shares(3, 3, 100);
        for (int i = 0; i < 3; i++) {
            assertThat(shares.judge("6.6.6.6")).isNull();
            shares.opened("6.6.6.6");
        }
        assertThat(shares.judge("1.1.1.1")).isNotNull();
    }

    @Test
    void tooQuick_says429() {
        SocketShares shares = shares(100, 100, 3);
        for (int i = 0; i < 3; i++) {
            assertThat(shares.judge("6.6.6.6")).isNull();
        }
        assertThat(shares.judge("6.6.6.6"))
                .satisfies(refused -> assertThat(refused.status()).isEqualTo(429));
        assertThat(shares.judge("1.1.1.1")).isNull();
    }
}
