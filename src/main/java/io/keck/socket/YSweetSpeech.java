package io.keck.socket;

import io.keck.metrics.ConnectionMetrics.Ignored;
import io.keck.protocol.Message;
import io.keck.protocol.YSweetMessage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code @y-sweet/client} adds to y-websocket: the sync status. Every status is answered at once, because the client closes
 * a connection on which it hears nothing for 3 s afterwards. The answer is the version that is saved or, if none is, an empty
 * awareness message.
 */
final class YSweetSpeech implements Speech {
    /** Above this backlog in bytes no answer is sent: other messages are on their way and keep the connection alive. */
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
            return QUERY.clone(); // this client appends its awareness states, which the room knows already
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
