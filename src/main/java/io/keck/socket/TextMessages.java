package io.keck.socket;

import io.keck.heap.Tally;
import io.keck.metrics.ConnectionMetrics.Ignored;
import jakarta.websocket.MessageHandler;
import java.util.function.Consumer;

/**
 * Assembles the text messages of one WebSocket up to a size limit; longer ones are counted and ignored. Not thread-safe: used
 * by the thread that reads the connection.
 */
final class TextMessages implements MessageHandler.Partial<String> {
    /** The longest text message that is processed, in UTF-16 code units. */
    static final int MAX = 64 << 10;

    private final Tally inbound;
    private final Consumer<Ignored> ignored;
    private final Consumer<String> messages;
    private final StringBuilder text = new StringBuilder();
    private boolean isTooLong;

    /** @param inbound counts the bytes of incomplete messages */
    TextMessages(Tally inbound, Consumer<Ignored> ignored, Consumer<String> messages) {
        this.inbound = inbound;
        this.ignored = ignored;
        this.messages = messages;
    }

    @Override
    public void onMessage(String part, boolean last) {
        if (last && text.isEmpty() && !isTooLong && part.length() <= MAX) {
            messages.accept(part);
            return;
        }
        if (!isTooLong && (text.length() + part.length() > MAX || !inbound.reserve(2L * part.length()))) {
            forget();
            isTooLong = true;
        }
        if (!isTooLong) {
            text.append(part);
        }
        if (last) {
            if (isTooLong) {
                isTooLong = false;
                ignored.accept(Ignored.TEXT);
            } else {
                String whole = text.toString();
                forget();
                messages.accept(whole);
            }
        }
    }

    private void forget() {
        inbound.add(-2L * text.length());
        text.setLength(0);
        text.trimToSize();
    }
}
