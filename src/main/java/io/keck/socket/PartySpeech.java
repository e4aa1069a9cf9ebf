package io.keck.socket;

import io.keck.metrics.ConnectionMetrics.Ignored;
import io.keck.protocol.CloseReason;
import io.keck.protocol.PartyMarker;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What y-partykit adds to y-websocket: messages in parts between two text messages. The parts count as the fragments of one
 * binary message, with the same bounds in bytes, memory and time.
 */
final class PartySpeech implements Speech {
    /** The least size in bytes of a part that is not the last; parts of y-partykit have a million bytes. */
    static final int LEAST_PART = 1 << 10;

    private final Line line;
    private final MessageParts parts;
    /** The marker of the message whose parts are arriving; null outside of such a message. */
    private volatile @Nullable PartyMarker open;

    private int count;
    private long since;

    PartySpeech(Line line) {
        this.line = line;
        this.parts = new MessageParts(line.sockets().limits().maxMessageBytes());
    }

    @Override
    public void text(String text) {
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

    private void begin(PartyMarker marker) {
        if (marker.size() > line.sockets().limits().maxMessageBytes()) {
            line.offences()
                    .accept(CloseReason.tooLarge(
                            "a message may have " + line.sockets().limits().maxMessageBytes() + " bytes at most"));
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
