package io.keck.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class YSweetMessageTest {
    /** As {@code @y-sweet/client} sends it: the type, the length, the version. */
    @Test
    void status_isReadAsTheClientWritesIt() {
        assertThat(YSweetMessage.version(new byte[] {102, 1, 5})).isEqualTo(5);
        assertThat(YSweetMessage.version(new byte[] {102, 2, (byte) 0xac, 2})).isEqualTo(300);
        assertThat(YSweetMessage.status(300)).isEqualTo(new byte[] {102, 2, (byte) 0xac, 2});
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 127, 128, 16_384, (1L << 53) - 1})
    void version_comesBack(long version) {
        assertThat(YSweetMessage.version(YSweetMessage.status(version))).isEqualTo(version);
    }

    @Test
    void malformedStatus_hasNoVersion() {
        for (byte[] frame : new byte[][] {
            {}, {102}, {102, 0}, {102, 2, 1}, {102, 1, (byte) 0x80}, {102, 1, 1, 1}, {102, 2, 1, 1}, {101, 1, 1}
        }) {
            assertThat(YSweetMessage.version(frame)).isEqualTo(YSweetMessage.NONE);
        }
    }
}
