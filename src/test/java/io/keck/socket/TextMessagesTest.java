package io.keck.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.keck.heap.HeapLedger;
import io.keck.heap.Tally;
import io.keck.metrics.ConnectionMetrics.Ignored;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Text messages in parts: put together, bounded, and counted in the ledger while they wait for their end. */
class TextMessagesTest {
    private final HeapLedger ledger = HeapLedger.unlimited();
    private final Tally inbound = ledger.open(HeapLedger.Kind.INBOUND, "room", "192.0.2.1", null);
    private final List<Ignored> ignored = new ArrayList<>();
    private final List<String> messages = new ArrayList<>();
    private final TextMessages text = new TextMessages(inbound, ignored::add, messages::add);

    private long held() {
        return ledger.ofRoom("room");
    }

    @Test
    void parts_becomeOneMessage_andAreCountedUntilThen() {
        long idle = held();
        text.onMessage("one", true);
        String large = "x".repeat(20_000);
        text.onMessage(large, false);
        text.onMessage("", false);
        text.onMessage("b", false);
        assertThat(held()).isGreaterThan(idle + 30_000);
        text.onMessage("c", true);
        text.onMessage("", true);
        assertThat(messages).containsExactly("one", large + "bc", "");
        assertThat(held()).isEqualTo(idle);
        assertThat(ignored).isEmpty();
    }

    @Test
    void longestMessage_isTaken_andALongerOneIsIgnoredOnce() {
        long idle = held();
        String half = "x".repeat(TextMessages.MAX / 2);
        text.onMessage(half + half, true);
        text.onMessage(half, false);
        text.onMessage(half, true);
        assertThat(messages).containsExactly(half + half, half + half);
        messages.clear();

        text.onMessage(half + half + "x", true);
        assertThat(ignored).hasSize(1);
        text.onMessage(half, false);
        text.onMessage(half, false);
        text.onMessage("x", false);
        assertThat(held()).as("what is ignored is not kept").isEqualTo(idle);
        for (int i = 0; i < 10; i++) {
            text.onMessage(half, false);
        }
        assertThat(held()).isEqualTo(idle);
        text.onMessage("end", true);
        assertThat(ignored).containsExactly(Ignored.TEXT, Ignored.TEXT);
        assertThat(messages).isEmpty();
        text.onMessage("next", true);
        assertThat(messages).containsExactly("next");
    }

    /** A part that finds no memory ends its message, whose later parts are not taken for another one. */
    @Test
    void messageWithoutMemory_isIgnored() {
        HeapLedger small = new HeapLedger(1 << 20);
        Tally full = small.open(HeapLedger.Kind.INBOUND, "room", "192.0.2.1", null);
        full.add(1 << 20);
        TextMessages crowded = new TextMessages(full, ignored::add, messages::add);
        crowded.onMessage("x".repeat(TextMessages.MAX - 4), false);
        crowded.onMessage("tail", true);
        assertThat(messages).isEmpty();
        assertThat(ignored).containsExactly(Ignored.TEXT);
        full.add(-(1 << 20));
        crowded.onMessage("a", false);
        crowded.onMessage("b", true);
        assertThat(messages).containsExactly("ab");
        assertThat(small.ofRoom("room")).isZero();
    }
}
