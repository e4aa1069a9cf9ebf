package io.keck.heap;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.heap.AddressShares.Answer;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressesTest {
    @ParameterizedTest
    @CsvSource({
        "1.2.3.4, 1.2.3.4",
        "::ffff:1.2.3.4, 1.2.3.4",
        "0:0:0:0:0:ffff:102:304, 1.2.3.4",
        "[2001:DB8::1], 2001:db8:0:0::/64",
        "2001:db8:0:0:1:2:3:4, 2001:db8:0:0::/64",
        "2001:db8:0:1::, 2001:db8:0:1::/64",
        "fe80::1%eth0, fe80:0:0:0::/64",
        "::1, 0:0:0:0::/64",
        "unknown, unknown",
        "1:2:3, 1:2:3",
        "zz::1, zz::1"
    })
    void network_isWhoCanHaveTheAddress(String address, String network) {
        assertThat(Addresses.network(address)).isEqualTo(network);
    }

    @Test
    void oneAddress_getsItsPart_allGetTheLimit() {
        AddressShares shares = new AddressShares(4, 2);
        assertThat(shares.enter("1.1.1.1")).isEqualTo(Answer.TAKEN);
        assertThat(shares.enter("1.1.1.1")).isEqualTo(Answer.TAKEN);
        assertThat(shares.free("1.1.1.1")).isEqualTo(Answer.ADDRESS_FULL);
        assertThat(shares.enter("1.1.1.1")).isEqualTo(Answer.ADDRESS_FULL);
        assertThat(shares.enter("2001:db8::1")).isEqualTo(Answer.TAKEN);
        assertThat(shares.enter("2001:db8::2")).isEqualTo(Answer.TAKEN);
        assertThat(shares.enter("3.3.3.3")).isEqualTo(Answer.FULL);
        shares.leave("2001:db8::3");
        assertThat(shares.enter("3.3.3.3")).isEqualTo(Answer.TAKEN);
        shares.leave("3.3.3.3");
        shares.leave("2001:db8::1");
        shares.leave("1.1.1.1");
        shares.leave("1.1.1.1");
        assertThat(shares.taken()).isZero();
        assertThat(shares.addresses()).isZero();
    }

    /** The twin: with the whole limit for each address, one of them locks all others out. */
    @Test
    void twin_withoutShares_oneAddressTakesAll() {
        AddressShares shares = new AddressShares(4, 4);
        for (int i = 0; i < 4; i++) {
            assertThat(shares.enter("6.6.6.6")).isEqualTo(Answer.TAKEN);
        }
        assertThat(shares.enter("1.1.1.1")).isEqualTo(Answer.FULL);
    }

    @Test
    void rates_refillWithTime_eachForItself() {
        AtomicLong now = new AtomicLong();
        AddressRates rates = new AddressRates(10, 20, now::get);
        for (int i = 0; i < 20; i++) {
            assertThat(rates.take("1.1.1.1")).isTrue();
        }
        assertThat(rates.take("1.1.1.1")).isFalse();
        assertThat(rates.take("2.2.2.2")).isTrue();
        now.set(100);
        assertThat(rates.take("1.1.1.1")).isTrue();
        assertThat(rates.take("1.1.1.1")).isFalse();
    }

    @Test
    void sockets_stayBelowTheLimitOfFiles() {
        assertThat(OpenFiles.sockets(1_024)).isLessThan(700);
        assertThat(OpenFiles.sockets(65_536)).isBetween(50_000, 53_000);
        assertThat(OpenFiles.sockets(10)).isPositive();
        assertThat(OpenFiles.limit()).isPositive();
    }
}
