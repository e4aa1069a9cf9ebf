package io.keck.socket;

import io.keck.crdt.lib0.DecodeException;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Message;
import io.keck.room.ConnectionMetrics;
import io.keck.room.Seat;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.PongMessage;
import jakarta.websocket.Session;
import java.util.List;
import org.eclipse.jetty.ee10.websocket.jakarta.common.JakartaWebSocketSession;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One WebSocket: takes a seat in its room, turns frames into messages, leaves. Public only because Jetty demands it. */
public final class CollaborationEndpoint extends Endpoint {
    private static final Logger LOG = LoggerFactory.getLogger(CollaborationEndpoint.class);

    /** Session property: the name of the room. */
    static final String ROOM = "io.keck.room";
    /** Session property: where the peer is. */
    static final String ADDRESS = "io.keck.address";

    private final Sockets sockets;
    private long id;
    private String room = "";
    private String address = "";
    private @Nullable SocketConnection connection;
    private @Nullable Seat seat;

    CollaborationEndpoint(Sockets sockets) {
        this.sockets = sockets;
    }

    @Override
    public void onOpen(Session session, EndpointConfig config) {
        room = String.valueOf(session.getUserProperties().get(ROOM));
        address = String.valueOf(session.getUserProperties().get(ADDRESS));
        ReadGate gate = ReadGate.of(((JakartaWebSocketSession) session).getCoreSession());
        SocketConnection opened = new SocketConnection(
                room, address, gate, sockets.clock(), sockets.roomSettings().maxBacklog(), sockets.metrics());
        session.setMaxBinaryMessageBufferSize(sockets.limits().maxMessageBytes());
        session.setMaxIdleTimeout(0); // silence is judged in SocketConnection.tick
        session.addMessageHandler(new MessageHandler.Whole<byte[]>() {
            @Override
            public void onMessage(byte[] frame) {
                opened.heard();
                sockets.metrics().received(ConnectionMetrics.Kind.of(frame), frame.length);
                receive(opened, frame);
            }
        });
        session.addMessageHandler(new MessageHandler.Partial<String>() {
            @Override
            public void onMessage(String part, boolean last) {
                opened.close(CloseReason.textFrame());
            }
        });
        session.addMessageHandler(new MessageHandler.Whole<PongMessage>() {
            @Override
            public void onMessage(PongMessage pong) {
                opened.heard();
            }
        });
        connection = opened;
        id = sockets.opened(opened);
        LOG.debug("Connection {} of room {}: opened by {}", id, room, address);
        Seat taken = sockets.rooms().join(room, opened);
        seat = taken;
        opened.seat(taken);
    }

    private void receive(SocketConnection from, byte[] frame) {
        Seat taken = seat;
        if (taken == null || from.closedWith() != null) {
            return;
        }
        List<Message> messages;
        try {
            messages = Message.readAll(frame, sockets.limits().decode());
        } catch (DecodeException e) {
            LOG.debug("Connection {} of room {}: malformed message of {}: {}", id, room, address, e.getMessage());
            from.close(CloseReason.malformed(String.valueOf(e.getMessage())));
            return;
        }
        taken.receive(messages, frame.length);
    }

    @Override
    public void onError(Session session, Throwable error) {
        LOG.debug("Connection {} of room {}: failed: {}", id, room, String.valueOf(error));
    }

    @Override
    public void onClose(Session session, jakarta.websocket.CloseReason reason) {
        SocketConnection closed = connection;
        Seat taken = seat;
        if (taken != null) {
            taken.leave();
        }
        if (closed != null) {
            CloseReason why = closed.closedWith();
            if (why != null && why.isFinal()) {
                sockets.strikes().closed(address, room, why.code());
            }
            int code = why != null ? why.code() : reason.getCloseCode().getCode();
            sockets.closed(closed, code);
            LOG.debug("Connection {} of room {}: ended with {}", id, room, code);
        }
    }
}
