package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MessagePartsTest {
    private final MessageParts parts = new MessageParts(1_000);

    @Test
    void anyCut_givesTheSameMessage_alsoAfterOthers() {
        long seed = 7;
        Random random = new Random(seed);
        for (int round = 0; round < 500; round++) {
            byte[] message = new byte[random.nextInt(1_001)];
            random.nextBytes(message);
            int at = 0;
            while (at < message.length) {
                int to = Math.min(message.length, at + random.nextInt(1 + random.nextInt(400)));
                int before = parts.heap();
                int growth = parts.growth(to - at);
                parts.add(ByteBuffer.wrap(message, at, to - at));
                assertThat(parts.heap()).isEqualTo(before + growth).isLessThanOrEqualTo(1_000);
                at = to;
            }
            assertThat(parts.length()).isEqualTo(message.length);
            assertThat(parts.take()).as("seed %d, round %d", seed, round).isEqualTo(message);
            assertThat(parts.heap()).isZero();
        }
    }

    @Test
    void onePart_takesItsBytesAndNoMore() {
        parts.add(ByteBuffer.wrap(new byte[] {1, 2, 3}));
        assertThat(parts.heap()).isEqualTo(3);
        assertThat(parts.take()).containsExactly(1, 2, 3);
    }

    @Test
    void largestMessage_isTaken_oneByteMoreIsNot() {
        assertThat(parts.isTooLargeWith(1_000)).isFalse();
        assertThat(parts.isTooLargeWith(1_001)).isTrue();
        parts.add(ByteBuffer.allocate(600));
        assertThat(parts.isTooLargeWith(400)).isFalse();
        assertThat(parts.isTooLargeWith(401)).isTrue();
        parts.forget();
        assertThat(parts.isTooLargeWith(1_000)).isFalse();
    }

    @Test
    void manySmallParts_takeAtMostTwiceTheirBytes() {
        for (int i = 1; i <= 900; i++) {
            parts.add(ByteBuffer.wrap(new byte[] {(byte) i}));
            assertThat(parts.heap()).isLessThanOrEqualTo(Math.max(2, 2 * i));
        }
    }
}
