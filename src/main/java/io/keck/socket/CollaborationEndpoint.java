package io.keck.socket;

import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.crdt.lib0.DecodeException;
import io.keck.metrics.ConnectionMetrics;
import io.keck.metrics.ConnectionMetrics.Ignored;
import io.keck.protocol.AwarenessState;
import io.keck.protocol.CloseReason;
import io.keck.protocol.HocuspocusFrame;
import io.keck.protocol.Message;
import io.keck.room.Seat;
import io.keck.thread.OutOfMemory;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.Session;
import java.util.List;
import java.util.Objects;
import org.eclipse.jetty.ee10.websocket.jakarta.common.JakartaWebSocketSession;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One WebSocket: takes a seat in its room, decodes frames into messages, and leaves. Public only because Jetty requires it.
 */
public final class CollaborationEndpoint extends Endpoint {
    private static final Logger LOG = LoggerFactory.getLogger(CollaborationEndpoint.class);

    /** Session property: the room name. */
    static final String ROOM = "io.keck.room";
    /** Session property: the peer's address. */
    static final String ADDRESS = "io.keck.address";
    /** Session property: the {@link Door} by which the peer came. */
    static final String DOOR = "io.keck.door";

    /** Above this backlog in bytes, a client is no longer told of each refused update. */
    private static final long MAX_DENIALS = 64 << 10;

    /** The largest frame, in bytes, that is decoded by the thread that reads from all sockets. */
    static final int BRIEF_BYTES = 4 << 10;

    private final Sockets sockets;
    private long id;
    private String room = "";
    private String address = "";
    private @Nullable SocketConnection connection;
    private volatile @Nullable Seat seat;
    private Clearance clearance = Clearance.refused(Fault.MISSING);
    private Runnable unfollow = () -> {};
    private Wishes wishes = Wishes.NONE;
    private @Nullable Renewal renewal;
    private @Nullable Speech speech;
    private boolean anyFrameCame;
    private boolean dropWasLogged;

    CollaborationEndpoint(Sockets sockets) {
        this.sockets = sockets;
    }

    @Override
    public void onOpen(Session session, EndpointConfig config) {
        room = String.valueOf(session.getUserProperties().get(ROOM));
        address = String.valueOf(session.getUserProperties().get(ADDRESS));
        Door door = Objects.requireNonNull((Door) session.getUserProperties().get(DOOR));
        ConnectionMetrics metrics = sockets.metrics().of(door.dialect());
        ReadGate gate = ReadGate.of(((JakartaWebSocketSession) session).getCoreSession());
        SocketConnection opened = new SocketConnection(
                room,
                address,
                gate,
                sockets.clock(),
                sockets.roomSettings().maxBacklog(),
                metrics,
                sockets.ledger(),
                sockets.shares());
        gate.clock(sockets.clock());
        wishes = Wishes.of(session.getQueryString());
        opened.wishes(wishes);
        session.setMaxIdleTimeout(0); // SocketConnection.tick handles silent peers
        Speech spoken = Speech.of(
                door,
                new Speech.Line(
                        opened,
                        sockets,
                        frame -> deal(opened, frame),
                        text -> tell(text, opened),
                        reason -> offend(opened, reason)));
        speech = spoken;
        opened.speaks(spoken);
        SocketListener.listen(
                session,
                gate,
                opened,
                sockets,
                CollaborationEndpoint::isBrief,
                frame -> receive(opened, frame),
                spoken::text,
                this::offend);
        connection = opened;
        id = sockets.opened(opened);
        LOG.debug("Connection {} of room {}: opened by {}", id, room, address);
        admit(opened, gate.frames().clearance());
    }

    /** Seats a connection in its room, or closes it with the reason why not. */
    private void admit(SocketConnection opened, Clearance admitted) {
        CloseReason refusal = admitted.refusal();
        if (refusal != null) {
            opened.close(refusal);
            return;
        }
        clearance = admitted;
        opened.clearance(admitted);
        Grant grant = admitted.grant();
        if (grant == null) { // refused, or closed with a reason; without a grant no connection is admitted
            opened.close(Clearance.reason(Fault.MISSING));
            return;
        }
        if (wishes.epoch() == Wishes.NO_NUMBER) {
            opened.close(CloseReason.malformed("epoch is a whole number, or empty"));
            return;
        }
        if (wishes.epoch() >= 0) {
            opened.follows(() -> sockets.rooms().epoch(grant));
        }
        Seat taken = sockets.rooms().join(grant, opened);
        seat = taken;
        opened.seat(taken);
        unfollow = admitted.follow(reason -> end(opened, reason), opened::send);
    }

    /** Closes the connection because its grant ended. */
    private void end(SocketConnection ended, CloseReason reason) {
        Seat taken = seat;
        if (taken != null) {
            taken.leave();
        }
        ended.close(reason);
    }

    /** Large messages take long to decode, and a credential may have to be judged by a back end. */
    private static boolean isBrief(byte[] frame) {
        return frame.length <= BRIEF_BYTES && ConnectionMetrics.Kind.of(frame) != ConnectionMetrics.Kind.OTHER;
    }

    private void receive(SocketConnection from, byte[] frame) {
        Speech spoken = speech;
        from.received(frame.length);
        byte[] ordinary = spoken == null ? null : spoken.binary(frame);
        if (ordinary != null) {
            deal(from, ordinary);
        }
    }

    /** Handles a message of y-websocket. */
    private void deal(SocketConnection from, byte[] frame) {
        from.metrics().received(ConnectionMetrics.Kind.of(frame), frame.length);
        boolean first = !anyFrameCame;
        anyFrameCame = true;
        List<Message> messages;
        try {
            messages = Message.readAll(
                    frame, sockets.limits().decode(), sockets.limits().states());
        } catch (DecodeException e) {
            LOG.debug("Connection {} of room {}: malformed message of {}: {}", id, room, address, e.getMessage());
            offend(
                    from,
                    first && HocuspocusFrame.isFirst(frame)
                            ? CloseReason.hocuspocus()
                            : CloseReason.malformed(String.valueOf(e.getMessage())));
            return;
        }
        Message last = messages.get(messages.size() - 1);
        if (last instanceof Message.Unknown unknown) {
            if (first && HocuspocusFrame.isFirst(frame)) {
                offend(from, CloseReason.hocuspocus());
                return;
            }
            sockets.metrics().ignored(ignored(unknown.kind()));
            messages = messages.subList(0, messages.size() - 1);
        }
        messages = withoutCredential(from, messages);
        Speech spoken = speech;
        if (wishes.saved()) {
            messages = clearance.counted(messages, refusal -> deny(from, refusal));
        } else if (spoken != null && spoken.hearsOfSaved()) {
            messages = clearance.counted(messages);
        }
        messages = clearance.allowed(messages, refusal -> deny(from, refusal));
        messages.forEach(this::countDropped);
        Seat taken = seat;
        if (taken != null && !messages.isEmpty()) {
            if (spoken != null) {
                spoken.given(messages);
            }
            taken.receive(messages, frame.length);
        }
    }

    /** Passes a message of the application on to back ends, if the grant allows it. */
    private void tell(String text, SocketConnection from) {
        Seat taken = seat;
        List<Message> allowed =
                clearance.allowed(List.of(new Message.ClientMessage(text)), refusal -> deny(from, refusal));
        if (taken != null && !allowed.isEmpty() && sockets.mayTell(address, text)) {
            taken.receive(allowed, text.length());
        }
    }

    /** Judges the credential at the beginning of a frame, if there is one. Credentials elsewhere in the frame are ignored. */
    private List<Message> withoutCredential(SocketConnection from, List<Message> messages) {
        if (messages.stream().noneMatch(Message.Credential.class::isInstance)) {
            return messages;
        }
        if (messages.get(0) instanceof Message.Credential shown && seat != null) {
            Renewal own = renewal == null ? new Renewal(sockets, room, address) : renewal;
            renewal = own;
            own.show(clearance, shown.text(), from::send, frame -> deny(from, frame));
        } else {
            sockets.metrics().ignored(Ignored.AUTH);
        }
        return messages.stream()
                .filter(message -> !(message instanceof Message.Credential))
                .toList();
    }

    /** Tells a client that its update was refused, unless too much already waits to be sent to it. */
    private void deny(SocketConnection from, byte[] message) {
        Speech spoken = speech;
        if (spoken != null) {
            spoken.refused();
        }
        if (from.backlog() < MAX_DENIALS) {
            from.send(message);
        }
    }

    private static Ignored ignored(Message.Unknown.Kind kind) {
        return switch (kind) {
            case TYPE -> Ignored.TYPE;
            case SYNC -> Ignored.SYNC;
            case AUTH -> Ignored.AUTH;
        };
    }

    private void countDropped(Message message) {
        if (message instanceof Message.AwarenessUpdate awareness) {
            for (AwarenessState.Dropped dropped : awareness.dropped()) {
                sockets.metrics().awarenessDropped(dropped.fault());
                if (!dropWasLogged && sockets.mayLogDrop()) {
                    dropWasLogged = true;
                    LOG.info(
                            "Connection {} of room {}: dropped an awareness state of {} ({}); the last good one stays",
                            id,
                            room,
                            address,
                            dropped.fault());
                }
            }
        }
    }

    /** Closes the connection for what it sent. Each repeated offence of a peer delays the close further. */
    private void offend(SocketConnection offender, CloseReason reason) {
        Seat taken = seat;
        if (taken != null) {
            taken.leave(); // its cursor and seat must not stay while the close is delayed
        }
        sockets.end(offender, reason, sockets.strikes().offence(address, room));
    }

    @Override
    public void onError(Session session, Throwable error) {
        OutOfMemory.check(error); // Jetty logs only the error's class name
        LOG.debug("Connection {} of room {}: failed: {}", id, room, String.valueOf(error));
    }

    @Override
    public void onClose(Session session, jakarta.websocket.CloseReason reason) {
        SocketConnection closed = connection;
        Seat taken = seat;
        unfollow.run();
        if (taken != null) {
            taken.leave();
        }
        Speech spoken = speech;
        if (spoken != null) {
            spoken.ended();
        }
        if (closed != null) {
            closed.ended();
            CloseReason why = closed.closedWith();
            int code = why != null ? why.code() : reason.getCloseCode().getCode();
            sockets.closed(closed, code);
            LOG.debug("Connection {} of room {}: ended with {}", id, room, code);
        }
    }
}
