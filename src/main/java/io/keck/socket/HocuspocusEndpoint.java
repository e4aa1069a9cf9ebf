package io.keck.socket;

import io.keck.access.Decision;
import io.keck.access.Fault;
import io.keck.access.Grant;
import io.keck.access.Purpose;
import io.keck.access.Visit;
import io.keck.crdt.lib0.DecodeException;
import io.keck.metrics.ConnectionMetrics;
import io.keck.metrics.ConnectionMetrics.Ignored;
import io.keck.protocol.CloseReason;
import io.keck.protocol.Dialect;
import io.keck.protocol.HocuspocusMessage;
import io.keck.protocol.Message;
import io.keck.protocol.RoomName;
import io.keck.room.Connection;
import io.keck.room.Seat;
import io.keck.thread.OutOfMemory;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.Session;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import org.eclipse.jetty.ee10.websocket.jakarta.common.JakartaWebSocketSession;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One WebSocket of {@code @hocuspocus/provider} with many documents, each a {@link HocuspocusChannel}. Messages of a document
 * are ignored until an auth message has opened it; those that arrive while its credential is judged wait
 * ({@link DocumentAdmissions}). Public only because Jetty requires it.
 */
public final class HocuspocusEndpoint extends Endpoint implements HocuspocusChannel.Host {
    private static final Logger LOG = LoggerFactory.getLogger(HocuspocusEndpoint.class);
    /** The path of the endpoint. */
    static final String PATH = "/hocuspocus";

    /** Largest number of open documents, and of refused ones, on a socket. */
    static final int MAX_DOCUMENTS = 1_000;
    /** Number of documents that a socket may be opening; while there are more, it is not read. */
    private static final int MAX_OPENING = 8;

    /** How many times the backlog of one document may wait on the whole socket before none of its documents gets more. */
    static final long BACKLOGS = 4;

    /** Heap in bytes for the name of a refused document, without its characters. */
    private static final int REFUSED = 100;

    private static final byte[] NO_PREFIX = {};

    private final Sockets sockets;
    private final Map<String, HocuspocusChannel> channels = new ConcurrentHashMap<>();
    private final OpeningBound<Object> reading = new OpeningBound<>(MAX_OPENING, this::pause, this::resume);

    /** Refused documents, which only another credential can open. */
    private final Set<String> refused = ConcurrentHashMap.newKeySet();

    /** The document that a message came for last. Used by the thread that reads alone. */
    private @Nullable HocuspocusChannel latest;

    private String address = "";
    private long number;
    private Visit visit = Visit.REFUSED;
    private @Nullable SocketConnection connection;
    private @Nullable HocuspocusAnswers answers;
    private @Nullable DocumentAdmissions admissions;
    private volatile boolean hasEnded;

    HocuspocusEndpoint(Sockets sockets) {
        this.sockets = sockets;
    }

    @Override
    public void onOpen(Session session, EndpointConfig config) {
        address = String.valueOf(session.getUserProperties().get(CollaborationEndpoint.ADDRESS));
        ReadGate gate = ReadGate.of(((JakartaWebSocketSession) session).getCoreSession());
        gate.clock(sockets.clock());
        SocketConnection opened = new SocketConnection(
                "",
                address,
                gate,
                sockets.clock(),
                BACKLOGS * sockets.roomSettings().maxBacklog(),
                spoken(),
                sockets.ledger(),
                sockets.shares());
        opened.seat(new Drained());
        answers = new HocuspocusAnswers(opened, sockets.roomSettings().maxBacklog());
        admissions = new DocumentAdmissions(
                sockets.judgePlaces(),
                gate.frames().executor(),
                reading,
                opened.inbound(),
                sockets.roomSettings().maxInbound(),
                error -> failed(opened, error));
        session.setMaxIdleTimeout(0); // SocketConnection.tick handles silent peers
        connection = opened;
        visit = gate.frames().clearance().visit();
        SocketListener.listen(
                session,
                gate,
                opened,
                sockets,
                this::isBrief,
                frame -> receive(opened, frame),
                text -> sockets.metrics().ignored(Ignored.TEXT),
                this::offend);
        number = sockets.opened(opened);
        if (Wishes.of(session.getQueryString()).epoch() != Connection.NO_EPOCH) {
            // an epoch is the life of one document and this socket carries many, so it could not be compared
            opened.close(CloseReason.epochOfMany());
        }
        LOG.debug("Connection {} of Hocuspocus: opened by {}", number, address);
    }

    /** Notifies all documents when the backlog of the socket has drained. */
    private final class Drained implements Seat {
        @Override
        public void receive(List<Message> messages, int bytes) {
            throw new UnsupportedOperationException("messages go to the seats of the documents");
        }

        @Override
        public void drained() {
            channels.values().forEach(HocuspocusChannel::drained);
        }

        @Override
        public void leave() {
            channels.values().forEach(HocuspocusChannel::leave);
        }
    }

    /** A token may have to be judged by a back end, a step 1 may open a document, and large messages take long to decode. */
    private boolean isBrief(byte[] frame) {
        HocuspocusChannel about = frame.length > CollaborationEndpoint.BRIEF_BYTES ? null : about(frame);
        return about != null && HocuspocusMessage.isBrief(frame, about.prefix().length);
    }

    /** Returns the open document that a frame is about; null if there is none. */
    private @Nullable HocuspocusChannel about(byte[] frame) {
        HocuspocusChannel last = latest;
        if (last != null && last.isAbout(frame)) {
            return last;
        }
        HocuspocusChannel found = channels.get(HocuspocusMessage.keyOf(frame));
        latest = found != null && found.isAbout(frame) ? found : null;
        return latest;
    }

    private void receive(SocketConnection from, byte[] frame) {
        HocuspocusMessage message;
        HocuspocusChannel last = latest;
        try {
            message = last != null && last.isAbout(frame)
                    ? HocuspocusMessage.read(
                            frame,
                            last.key(),
                            last.prefix(),
                            sockets.limits().decode(),
                            sockets.limits().states())
                    : HocuspocusMessage.read(
                            frame, sockets.limits().decode(), sockets.limits().states());
        } catch (DecodeException e) {
            LOG.debug("Connection {} of Hocuspocus: malformed message of {}: {}", number, address, e.getMessage());
            offend(from, CloseReason.malformed(String.valueOf(e.getMessage())));
            return;
        }
        message.tell(new Arrival(frame.length));
    }

    /** A judgement or what waited behind it has failed. */
    private void failed(SocketConnection here, Throwable error) {
        OutOfMemory.check(error);
        if (error instanceof RejectedExecutionException) {
            here.close(CloseReason.restart());
        } else {
            LOG.error("Connection {} of Hocuspocus: closing it since a document could not be opened", number, error);
            here.close(CloseReason.overload("this node could not open a document, please try again"));
        }
    }

    private ConnectionMetrics spoken() {
        return sockets.metrics().of(Dialect.HOCUSPOCUS);
    }

    // ------------------------------------------------------------------ messages

    /** Deals with one message of the client. */
    private final class Arrival implements HocuspocusMessage.Handler {
        /** The size of the frame. */
        private final int bytes;
        /** Whether the message has waited for the judgement of a credential, and is dealt with now. */
        private boolean hasWaited;

        Arrival(int bytes) {
            this.bytes = bytes;
        }

        /** Whether the message has to wait until the credential for its document has been judged; then it is told again. */
        private boolean waits(String key, HocuspocusMessage message) {
            return !hasWaited
                    && admissions().waits(key, bytes, () -> {
                        hasWaited = true;
                        message.tell(this);
                    });
        }

        @Override
        public void ordinary(HocuspocusMessage.Ordinary message) {
            if (waits(message.key(), message)) {
                return;
            }
            HocuspocusChannel channel = channels.get(message.key());
            if (channel == null && !hasWaited && beginsWithoutToken(message)) {
                admit(message.key(), "");
                if (waits(message.key(), message)) {
                    return;
                }
                channel = channels.get(message.key()); // judged already
            }
            for (Message one : message.messages()) {
                spoken().received(
                                SocketListener.kind(one),
                                bytes / message.messages().size());
                SocketListener.countDropped(one, sockets);
            }
            if (channel == null) {
                sockets.metrics().ignored(Ignored.OUTSIDE);
            } else {
                channel.receive(message.messages(), bytes);
            }
        }

        @Override
        public void token(HocuspocusMessage.Token message) {
            if (!waits(message.key(), message)) {
                spoken().received(ConnectionMetrics.Kind.OTHER, bytes);
                admit(message.key(), message.token());
            }
        }

        @Override
        public void leave(HocuspocusMessage.Leave message) {
            HocuspocusChannel channel = waits(message.key(), message) ? null : channels.get(message.key());
            if (channel != null) {
                channel.leave();
            }
        }

        /** Passes a message on to back ends. One for all clients is dropped; otherwise every reader could send messages to all others. */
        @Override
        public void stateless(HocuspocusMessage.Stateless message) {
            if (waits(message.key(), message)) {
                return;
            }
            spoken().received(ConnectionMetrics.Kind.OTHER, bytes);
            HocuspocusChannel channel = channels.get(message.key());
            if (message.isForAll()) {
                sockets.metrics().ignored(Ignored.BROADCAST);
            } else if (channel == null) {
                sockets.metrics().ignored(Ignored.OUTSIDE);
            } else if (sockets.mayTell(address, message.text())) {
                channel.receive(List.of(new Message.ClientMessage(message.text())), bytes);
            }
        }

        @Override
        public void ping(HocuspocusMessage.Ping message) {
            SocketConnection here = connection;
            if (here != null) {
                answer(here, NO_PREFIX, HocuspocusMessage.pong());
            }
        }

        @Override
        public void pong(HocuspocusMessage.Pong message) {} // SocketConnection.heard has noted the arrival

        @Override
        public void other(HocuspocusMessage.Other message) {
            sockets.metrics().ignored(Ignored.TYPE);
        }
    }

    /** Whether the client is version 2, which sends no auth message without a token and begins with step 1. */
    private boolean beginsWithoutToken(HocuspocusMessage.Ordinary message) {
        return message.messages().get(0) instanceof Message.SyncStep1
                && !refused.contains(message.key())
                && refused.size() < MAX_DOCUMENTS;
    }

    private DocumentAdmissions admissions() {
        return Objects.requireNonNull(admissions);
    }

    /** Opens a document or, if it is open, renews its rights, if the credential allows it. */
    private void admit(String key, String token) {
        SocketConnection here = connection;
        if (here == null || here.closedWith() != null) {
            return;
        }
        String name = HocuspocusMessage.nameOf(key);
        HocuspocusChannel present = channels.get(key);
        Optional<String> problem = RoomName.problem(name);
        if (problem.isPresent()) {
            deny(here, key, problem.get());
            return;
        }
        if (present == null && isFull(here, key)) {
            return;
        }
        if (!sockets.shares().mayJoin(address)) {
            here.close(CloseReason.overload("this address opens documents too quickly"));
            return;
        }
        Visit shown = token.isEmpty() ? visit : visit.showing(token);
        admissions()
                .judge(
                        key,
                        () -> present == null
                                ? sockets.admission().judge(shown, name, Purpose.SOCKET)
                                : sockets.admission().judgeAgain(shown, name, Purpose.SOCKET),
                        decision -> judged(here, key, present, shown, decision));
    }

    /** Denies another document if the socket has as many as it may have. */
    private boolean isFull(SocketConnection here, String key) {
        boolean isFull = channels.size() >= MAX_DOCUMENTS;
        if (isFull) {
            deny(here, key, "A socket may have " + MAX_DOCUMENTS + " documents at most.");
        }
        return isFull;
    }

    private void judged(
            SocketConnection here, String key, @Nullable HocuspocusChannel present, Visit shown, Decision decision) {
        if (here.closedWith() != null) {
            return;
        }
        if (decision instanceof Decision.Refused no) {
            refuse(here, key, present, no.fault());
        } else if (decision instanceof Decision.Admitted admitted) {
            if (refused.remove(key)) {
                here.waits(-REFUSED - 2L * key.length());
            }
            if (present != null && present.isOf(admitted.grant().principal())) {
                present.renew(shown, admitted.grant());
                return;
            }
            if (present != null) {
                present.leave(); // later messages belong to another principal
            }
            if (!isFull(here, key)) { // others have been opened since the message came
                open(here, key, Clearance.of(shown, admitted.grant()), admitted.grant(), present != null);
            }
        }
    }

    private void refuse(SocketConnection here, String key, @Nullable HocuspocusChannel present, Fault fault) {
        CloseReason reason = Clearance.reason(fault);
        boolean isFull =
                fault == Fault.LIMIT || fault == Fault.QUOTA; // only this document is refused; the others stay open
        if (!reason.isFinal() && !isFull) {
            here.close(reason);
        } else if (present != null && !isFull) {
            present.end(reason);
        } else {
            deny(here, key, fault.sentence());
        }
    }

    private void open(SocketConnection here, String key, Clearance clearance, Grant grant, boolean isSuccessor) {
        Admission.Refusal refusal = sockets.admission().refusal(address, HocuspocusMessage.nameOf(key));
        if (refusal == null) {
            HocuspocusChannel channel = new HocuspocusChannel(
                    this, sockets.rooms()::join, here, Objects.requireNonNull(answers), sockets, key, clearance);
            channels.put(key, channel);
            sockets.joined(channel);
            reading.opens(channel);
            channel.open(grant, isSuccessor);
            if (hasEnded) {
                channel.leave(); // the socket has ended meanwhile and knows nothing of it
            }
        } else if (refusal.status() == Admission.UNAVAILABLE) {
            here.close(CloseReason.overload(refusal.sentence()));
        } else {
            deny(here, key, refusal.sentence());
        }
    }

    private void deny(SocketConnection here, String key, String why) {
        if (refused.size() < MAX_DOCUMENTS && refused.add(key)) {
            here.waits(REFUSED + 2L * key.length());
        }
        answer(here, HocuspocusMessage.prefix(key), HocuspocusMessage.denied(why));
    }

    private void answer(SocketConnection here, byte[] prefix, byte[] body) {
        HocuspocusAnswers sent = answers;
        if (sent != null) {
            sent.send(prefix, body, here.outbound());
        }
    }

    // ------------------------------------------------------------------ the documents

    @Override
    public void hold(HocuspocusChannel channel) {
        reading.hold(channel);
    }

    @Override
    public void release(HocuspocusChannel channel) {
        reading.release(channel);
    }

    private void pause() {
        SocketConnection here = connection;
        if (here != null) {
            here.pause();
        }
    }

    private void resume() {
        SocketConnection here = connection;
        if (here != null) {
            here.resume();
        }
    }

    @Override
    public void gone(HocuspocusChannel channel) {
        channels.remove(channel.key(), channel);
        sockets.left(channel);
        release(channel);
    }

    private void offend(SocketConnection offender, CloseReason reason) {
        channels.values().forEach(HocuspocusChannel::leave);
        sockets.end(offender, reason, sockets.strikes().offence(address, PATH));
    }

    @Override
    public void onError(Session session, Throwable error) {
        OutOfMemory.check(error); // Jetty logs only the error's class name
        LOG.debug("Connection {} of Hocuspocus: failed: {}", number, String.valueOf(error));
    }

    @Override
    public void onClose(Session session, jakarta.websocket.CloseReason reason) {
        hasEnded = true;
        admissions().close();
        channels.values().forEach(HocuspocusChannel::leave);
        SocketConnection closed = connection;
        if (closed != null) {
            closed.ended();
            CloseReason why = closed.closedWith();
            int code = why != null ? why.code() : reason.getCloseCode().getCode();
            sockets.closed(closed, code);
            LOG.debug("Connection {} of Hocuspocus: ended with {}", number, code);
        }
    }
}
