package io.keck.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NewRoomsTest {
    private final Set<String> there = new HashSet<>();
    private long now = 5_000;
    private final NewRooms rooms = new NewRooms(60, () -> now, (address, name) -> there.contains(name));

    @Test
    void addressThatBeganItsShare_mayUseWhatIsThere_andBeginsMoreLater() {
        there.add("old");
        for (int i = 0; i < 60; i++) {
            assertThat(rooms.accepts("192.0.2.1", "new")).isTrue();
            rooms.began("192.0.2.1");
        }
        assertThat(rooms.accepts("192.0.2.1", "new")).isFalse();
        assertThat(rooms.accepts("192.0.2.1", "old")).isTrue();
        assertThat(rooms.accepts("192.0.2.2", "new")).as("another address").isTrue();
        now += 59_000;
        assertThat(rooms.accepts("192.0.2.1", "new")).isFalse();
        now += 2_000;
        assertThat(rooms.accepts("192.0.2.1", "new")).isTrue();
    }

    @Test
    void addressesOfOneCustomer_countAsOne() {
        assertThat(NewRooms.key("2001:db8:1:2:3:4:5:6"))
                .isEqualTo(NewRooms.key("[2001:db8:1:2::9]"))
                .isNotEqualTo(NewRooms.key("2001:db8:1:3::9"));
        assertThat(NewRooms.key("2001:db8::1")).isEqualTo(NewRooms.key("2001:db8:0:0:7::"));
        assertThat(NewRooms.key("::1")).isEqualTo(NewRooms.key("::2"));
        assertThat(NewRooms.key("fe80::1%eth0")).isEqualTo("fe80:0:0:0:");
        assertThat(NewRooms.key("192.0.2.1")).isEqualTo("192.0.2.1");
    }

    @Test
    void memory_isBounded() {
        for (int i = 0; i < 3 * NewRooms.MAX_ENTRIES; i++) {
            rooms.began("10.0." + i / 256 + "." + i % 256);
        }
        assertThat(rooms.accepts("10.0.0.0", "new")).isTrue();
    }
}
