package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.socket.MessageParts.State;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MessagePartsTest {
    private final MessageParts parts = new MessageParts(1_000);

    @Test
    void onePart_isTheMessageItself() {
        byte[] part = {1, 2, 3};
        assertThat(parts.add(part, true)).isEqualTo(State.WHOLE);
        assertThat(parts.take()).isSameAs(part);
    }

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
                assertThat(parts.add(Arrays.copyOfRange(message, at, to), false))
                        .isEqualTo(State.OPEN);
                at = to;
            }
            assertThat(parts.add(new byte[0], true)).isEqualTo(State.WHOLE);
            assertThat(parts.take()).as("seed %d, round %d", seed, round).isEqualTo(message);
        }
    }

    @Test
    void largestMessage_isTaken_oneByteMoreIsNot() {
        assertThat(parts.add(new byte[1_000], true)).isEqualTo(State.WHOLE);
        parts.take();
        assertThat(parts.add(new byte[1_001], true)).isEqualTo(State.TOO_LARGE);
        assertThat(parts.add(new byte[600], false)).isEqualTo(State.OPEN);
        assertThat(parts.add(new byte[401], false)).isEqualTo(State.TOO_LARGE);
        assertThat(parts.add(new byte[] {5}, true)).isEqualTo(State.WHOLE);
        assertThat(parts.take()).containsExactly(5);
    }
}
