package io.keck.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;

class OwnAddressTest {
    private static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aNameOfSeveralMachines_standsForTheOwnAddress() {
        List<InetAddress> all = List.of(address("10.0.0.1"), address("10.0.0.2"), address("10.0.0.3"));
        assertThat(OwnAddress.among("for-clients", all, address("10.0.0.2")::equals))
                .isEqualTo("10.0.0.2");
    }

    @Test
    void aNameOfOneMachine_staysAsItIs() {
        assertThat(OwnAddress.among("one", List.of(address("10.0.0.1")), address -> true))
                .isEqualTo("one");
    }

    @Test
    void aNameOfOthers_staysAsItIs() {
        List<InetAddress> all = List.of(address("10.0.0.1"), address("10.0.0.2"));
        assertThat(OwnAddress.among("others", all, address -> false)).isEqualTo("others");
    }

    @Test
    void addressesAndAllInterfaces_stayAsTheyAre() {
        assertThat(OwnAddress.of(null)).isNull();
        assertThat(OwnAddress.of("")).isEmpty();
        assertThat(OwnAddress.of("0.0.0.0")).isEqualTo("0.0.0.0");
        assertThat(OwnAddress.of("127.0.0.1")).isEqualTo("127.0.0.1");
        assertThat(OwnAddress.of("192.0.2.1")).isEqualTo("192.0.2.1"); // nobody's: kept for documentation
    }
}
