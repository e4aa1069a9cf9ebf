package io.keck.socket;

import io.keck.metrics.ConnectionMetrics.Ignored;
import io.keck.protocol.Message;
import io.keck.protocol.YSweetMessage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code @y-sweet/client} says beyond y-websocket: the sync status. Each is answered at once, since the client ends a
 * connection on which nothing comes for 3 s after it: with the version that is saved, or with an empty awareness message while
 * none is.
 */
final class YSweetSpeech implements Speech {
    /** Above this backlog in bytes no answer is added: the client has enough to read. */
    private static final long MAX_BACKLOG = 64 << 10;

    private static final byte[] ALIVE = Message.awareness(List.of());
    private static final byte[] QUERY = {Message.QUERY_AWARENESS};

    private final Line line;
    private final YSweetVersions versions = new YSweetVersions();

    YSweetSpeech(Line line) {
        this.line = line;
    }

    @Override
    public byte @Nullable [] binary(byte[] frame) {
        if (frame.length > 0 && frame[0] == Message.QUERY_AWARENESS) {
            return QUERY.clone(); // this client appends its states, which the room has
        }
        if (frame.length == 0 || frame[0] != YSweetMessage.SYNC_STATUS) {
            return frame;
        }
        line.received(frame.length);
        long version = YSweetMessage.version(frame);
        if (version == YSweetMessage.NONE) {
            line.ignored(Ignored.TYPE);
        } else {
            answer(versions.came(version));
        }
        return null;
    }

    private void answer(long version) {
        if (line.connection().backlog() < MAX_BACKLOG) {
            line.connection().send(version == YSweetMessage.NONE ? ALIVE : YSweetMessage.status(version));
        }
    }

    @Override
    public void text(String text) {
        line.ignored(Ignored.TEXT);
    }

    @Override
    public void given(List<Message> messages) {
        for (Message message : messages) {
            if (message instanceof Message.SyncUpdate) {
                versions.update();
            } else if (message instanceof Message.SyncStep2 || message instanceof Message.SyncRepeat) {
                versions.step2();
            }
        }
    }

    @Override
    public void refused() {
        versions.refused();
    }

    @Override
    public boolean hearsOfSaved() {
        return true;
    }

    @Override
    public void saved(long position) {
        long version = versions.saved(position);
        if (version != YSweetMessage.NONE) {
            line.connection().send(YSweetMessage.status(version));
        }
    }
}
