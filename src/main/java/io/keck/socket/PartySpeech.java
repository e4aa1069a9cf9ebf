package io.keck.socket;

import io.keck.metrics.ConnectionMetrics.Ignored;
import io.keck.protocol.CloseReason;
import io.keck.protocol.PartyMarker;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What y-partyserver and y-partykit add to y-websocket. y-partyserver has custom messages of applications, which are text.
 * y-partykit sends large messages in parts between two text messages. The parts count as the fragments of one binary message,
 * with the same bounds in bytes, memory and time.
 */
final class PartySpeech implements Speech {
    /** The least size in bytes of a part that is not the last; parts of y-partykit have a million bytes. */
    static final int LEAST_PART = 1 << 10;

    /** Custom messages of y-partyserver begin so, in both directions. Source: y-partyserver 2.2, {@code provider/index}. */
    private static final String CUSTOM = "__YPS:";

    private final Line line;
    private final boolean takesText;
    private final MessageParts parts;
    /** The marker of the message whose parts are arriving; null outside of such a message. */
    private volatile @Nullable PartyMarker open;

    private int count;
    private long since;

    /**
     * No message in parts is under way.
     *
     * @param takesText whether its client takes text messages; that of y-websocket fails on one
     */
    PartySpeech(Line line, boolean takesText) {
        this.line = line;
        this.takesText = takesText;
        this.parts = new MessageParts(line.sockets().limits().maxMessageSize());
    }

    @Override
    public void text(String text) {
        if (text.startsWith(CUSTOM)) {
            line.received(text.length());
            line.messages().accept(text.substring(CUSTOM.length()));
            return;
        }
        if (!text.startsWith(PartyMarker.PREFIX)) {
            line.ignored(Ignored.TEXT);
            return;
        }
        PartyMarker marker = PartyMarker.of(text);
        PartyMarker begun = open;
        if (marker == null || marker.isEnd() == (begun == null)) {
            malformed("a message in parts has a malformed or misplaced marker");
        } else if (begun == null) {
            begin(marker);
        } else {
            end(begun, marker);
        }
    }

    @Override
    public void tell(String text) {
        if (takesText) {
            line.connection().sendText(CUSTOM + text);
        }
    }

    private void begin(PartyMarker marker) {
        if (marker.size() > line.sockets().limits().maxMessageSize()) {
            line.offences()
                    .accept(CloseReason.tooLarge(
                            "a message may have " + line.sockets().limits().maxMessageSize() + " bytes at most"));
        } else if (marker.count() > 2 + marker.size() / LEAST_PART) {
            malformed("a message has too many parts");
        } else {
            count = 0;
            since = line.sockets().clock().getAsLong();
            open = marker;
        }
    }

    private void end(PartyMarker begun, PartyMarker marker) {
        boolean isWhole = begun.id().equals(marker.id())
                && parts.length() == begun.size()
                && parts.length() == marker.size()
                && count == begun.count()
                && count == marker.count();
        if (!isWhole) {
            malformed("a message has fewer or more parts than its marker says");
            return;
        }
        int heap = parts.heap();
        byte[] whole = parts.take();
        line.connection().inbound().add(-heap);
        open = null;
        if (whole.length > 0) {
            line.frames().accept(whole);
        }
    }

    @Override
    public byte @Nullable [] binary(byte[] frame) {
        PartyMarker begun = open;
        if (begun == null) {
            return frame;
        }
        count++;
        if (count > begun.count() || parts.length() + (long) frame.length > begun.size()) {
            malformed("a message has fewer or more parts than its marker says");
            return null;
        }
        int growth = parts.growth(frame.length);
        if (growth > 0 && !line.connection().inbound().reserve(growth)) {
            forget();
            line.connection().close(CloseReason.overload("no memory for this message now, please try again"));
            return null;
        }
        parts.add(ByteBuffer.wrap(frame));
        return null;
    }

    private void malformed(String why) {
        forget();
        line.offences().accept(CloseReason.malformed(why));
    }

    private void forget() {
        line.connection().inbound().add(-parts.heap());
        parts.forget();
        open = null;
    }

    @Override
    public boolean isLate(long now) {
        PartyMarker begun = open;
        return begun != null
                && now - since > FrameAssembly.GRACE_MS + begun.size() * 1_000 / FrameAssembly.BYTES_PER_SECOND;
    }

    @Override
    public void ended() {
        forget();
    }
}
