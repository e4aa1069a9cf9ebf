package io.keck.socket;

import io.keck.metrics.ConnectionMetrics;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import jakarta.websocket.Session;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Receives the messages of one WebSocket, whatever protocol it speaks, and enforces the limits on them. */
final class SocketListener implements FrameAssembly.Listener {
    private final SocketConnection opened;
    private final Sockets sockets;
    private final Predicate<byte[]> brief;
    private final Consumer<byte[]> messages;
    private final BiConsumer<SocketConnection, CloseReason> offences;

    private SocketListener(
            SocketConnection opened,
            Sockets sockets,
            Predicate<byte[]> brief,
            Consumer<byte[]> messages,
            BiConsumer<SocketConnection, CloseReason> offences) {
        this.opened = opened;
        this.sockets = sockets;
        this.brief = brief;
        this.messages = messages;
        this.offences = offences;
    }

    /**
     * Starts listening.
     *
     * @param brief says which messages are dealt with quickly and wait for nothing
     * @param messages receives each binary message, on a thread that reads
     * @param texts receives each text message below the size limit
     * @param offences ends the connection for a message that is not allowed
     */
    static void listen(
            Session session,
            ReadGate gate,
            SocketConnection opened,
            Sockets sockets,
            Predicate<byte[]> brief,
            Consumer<byte[]> messages,
            Consumer<String> texts,
            BiConsumer<SocketConnection, CloseReason> offences) {
        gate.frames().listen(new SocketListener(opened, sockets, brief, messages, offences));
        Consumer<String> whileOpen = text -> {
            if (opened.closedWith() == null) {
                texts.accept(text);
            }
        };
        session.addMessageHandler(new TextMessages(opened.inbound(), sockets.metrics()::ignored, whileOpen));
    }

    @Override
    public int maxBytes() {
        return sockets.limits().maxMessageSize();
    }

    @Override
    public boolean mayGrow(long bytes) {
        return opened.inbound().reserve(bytes);
    }

    @Override
    public void shrunk(long bytes) {
        opened.inbound().add(-bytes);
    }

    @Override
    public void heard(int bytes) {
        opened.heard(bytes);
    }

    @Override
    public boolean isClosing() {
        return opened.closedWith() != null;
    }

    @Override
    public boolean isBrief(byte[] message) {
        return brief.test(message);
    }

    @Override
    public void message(byte[] message) {
        messages.accept(message);
    }

    @Override
    public void refused(FrameAssembly.Fault fault) {
        switch (fault) {
            case TOO_LARGE ->
                offences.accept(
                        opened,
                        CloseReason.tooLarge(
                                "a message may have " + sockets.limits().maxMessageSize() + " bytes at most"));
            case TOO_MANY_FRAGMENTS ->
                offences.accept(opened, CloseReason.malformed("a message came in too many fragments"));
            case NO_MEMORY -> opened.close(CloseReason.overload("no memory for this message now, please try again"));
        }
    }

    /** Returns the kind under which a message is counted. */
    static ConnectionMetrics.Kind kind(Message message) {
        if (message instanceof Message.SyncStep1) {
            return ConnectionMetrics.Kind.STEP1;
        } else if (message instanceof Message.SyncStep2) {
            return ConnectionMetrics.Kind.STEP2;
        } else if (message instanceof Message.SyncUpdate) {
            return ConnectionMetrics.Kind.UPDATE;
        }
        return message instanceof Message.AwarenessUpdate
                ? ConnectionMetrics.Kind.AWARENESS
                : ConnectionMetrics.Kind.OTHER;
    }

    /** Counts the dropped states of an awareness message. */
    static void countDropped(Message message, Sockets sockets) {
        if (message instanceof Message.AwarenessUpdate awareness) {
            awareness.dropped().forEach(dropped -> sockets.metrics().awarenessDropped(dropped.fault()));
        }
    }
}
