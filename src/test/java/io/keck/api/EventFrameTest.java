package io.keck.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.crdt.Allocations;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.StringJoiner;
import org.junit.jupiter.api.Test;

/** Events are written in pieces, and the numbers of an update are never in memory as a whole. */
class EventFrameTest {
    private static String read(EventFrame frame) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        EventFrame.Reader reader = new EventFrame.Reader(frame);
        while (!reader.isDone()) {
            byte[] piece = reader.next();
            assertThat(piece.length).isLessThanOrEqualTo(4 * EventFrame.PIECE);
            out.writeBytes(piece);
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    private static String numbers(byte[] bytes) {
        StringJoiner out = new StringJoiner(",");
        for (byte b : bytes) {
            out.add(Integer.toString(b & 0xff));
        }
        return out.toString();
    }

    @Test
    void anyNumberOfBytes_isWrittenAsTheArrayOfItsNumbers() {
        Random random = new Random(1);
        int piece = EventFrame.PIECE;
        for (int length : new int[] {0, 1, 2, 300, piece - 1, piece, piece + 1, 2 * piece, 5 * piece + 7}) {
            byte[] update = new byte[length];
            random.nextBytes(update);
            assertThat(read(EventFrame.of("h\u00e9[", update, "]t"))).isEqualTo("h\u00e9[" + numbers(update) + "]t");
        }
        assertThat(read(EventFrame.of(":\n\n"))).isEqualTo(":\n\n");
    }

    /** The twin makes the text as a whole. */
    @Test
    void memory_ofALargeUpdate_isThatOfTheUpdate_whereTheWholeTextIsManyTimesThat() {
        byte[] update = new byte[4 << 20];
        new Random(2).nextBytes(update);
        long kept = Allocations.of(() -> {
            EventFrame frame = EventFrame.of("[", update, "]");
            assertThat(frame.memory()).isBetween((long) update.length, update.length + 1_000L);
        });
        assertThat(kept).isLessThan(1 << 20);
        assertThat(Allocations.of(() -> numbers(update))).isGreaterThan(3L * update.length);
    }
}
