package io.keck.protocol;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.Update;
import java.util.ArrayList;
import java.util.List;

/**
 * One message of the y-websocket protocol, decoded and checked. Immutable. Source: y-protocols {@code sync.js},
 * {@code awareness.js}, {@code auth.js}; y-websocket.
 *
 * <p>Applications add messages of their own ({@code provider.messageHandlers} of y-websocket), and the reference server
 * ignores what it does not know. Reading does the same: a message of an unknown type is an {@link Unknown}. Only a malformed
 * sync message is an error, since only that is certainly its sender's own work. A client passes on what others said of
 * themselves: of a malformed awareness message all that can be read counts, and other messages that are malformed are
 * dropped with the rest of their frame.
 */
public sealed interface Message {
    /** Calls the handler's method for this kind of message. */
    <P> void tell(P peer, Handler<P> handler);

    /**
     * Deals with each kind of message: a new kind does not compile before every handler has an answer to it.
     *
     * @param <P> the peer that sent the message; handed through, so that one handler serves all peers
     */
    interface Handler<P> {
        void syncStep1(P peer, SyncStep1 message);

        void syncStep2(P peer, SyncStep2 message);

        void syncUpdate(P peer, SyncUpdate message);

        void awarenessUpdate(P peer, AwarenessUpdate message);

        void auth(P peer, Auth message);

        void unknown(P peer, Unknown message);

        void queryAwareness(P peer, QueryAwareness message);
    }

    /** A peer tells how far it is and asks for the rest. */
    record SyncStep1(StateVector stateVector) implements Message {
        @Override
        public <P> void tell(P peer, Handler<P> handler) {
            handler.syncStep1(peer, this);
        }
    }

    /** A peer answers a step 1: what we lack. */
    record SyncStep2(Update update) implements Message {
        @Override
        public <P> void tell(P peer, Handler<P> handler) {
            handler.syncStep2(peer, this);
        }
    }

    /** A peer changed the document. */
    record SyncUpdate(Update update) implements Message {
        @Override
        public <P> void tell(P peer, Handler<P> handler) {
            handler.syncUpdate(peer, this);
        }
    }

    /**
     * States of clients.
     *
     * @param states those that can be used
     * @param dropped what else the message contained
     */
    record AwarenessUpdate(List<AwarenessState> states, List<AwarenessState.Dropped> dropped) implements Message {
        /** Keeps copies. */
        public AwarenessUpdate {
            states = List.copyOf(states);
            dropped = List.copyOf(dropped);
        }

        /** A message of which nothing is dropped. */
        public AwarenessUpdate(List<AwarenessState> states) {
            this(states, List.of());
        }

        @Override
        public <P> void tell(P peer, Handler<P> handler) {
            handler.awarenessUpdate(peer, this);
        }
    }

    /** Refused by the other side; a server has no use for it. */
    record Auth() implements Message {
        @Override
        public <P> void tell(P peer, Handler<P> handler) {
            handler.auth(peer, this);
        }
    }

    /**
     * A message that this protocol does not know. Its length is not known either, so it is the last one of its frame.
     *
     * @param kind what is not known of it
     */
    record Unknown(Kind kind) implements Message {
        /** What is not known of a message. */
        public enum Kind {
            /** Its type. */
            TYPE,
            /** The step of a sync message. */
            SYNC,
            /** The kind of an auth message. */
            AUTH
        }

        @Override
        public <P> void tell(P peer, Handler<P> handler) {
            handler.unknown(peer, this);
        }
    }

    /** A peer asks for all awareness states. */
    record QueryAwareness() implements Message {
        @Override
        public <P> void tell(P peer, Handler<P> handler) {
            handler.queryAwareness(peer, this);
        }
    }

    /** Message type of sync messages. */
    int SYNC = 0;
    /** Message type of awareness messages. */
    int AWARENESS = 1;
    /** Message type of auth messages. */
    int AUTH = 2;
    /** Message type of awareness queries. */
    int QUERY_AWARENESS = 3;

    /**
     * Reads all messages of one frame. An {@link Unknown} one is the last of them, and all bytes after its type are ignored.
     *
     * @throws DecodeException if a sync message is malformed, or there is no message
     */
    static List<Message> readAll(byte[] frame, DecodeLimits limits) {
        return readAll(frame, limits, AwarenessState.Limits.NONE);
    }

    /**
     * The same for a peer whose awareness states are limited.
     *
     * @throws DecodeException if a sync message is malformed, or there is no message
     */
    static List<Message> readAll(byte[] frame, DecodeLimits limits, AwarenessState.Limits states) {
        Decoder in = new Decoder(frame);
        Message first = read(in, limits, states);
        if (first instanceof Unknown || !in.hasRemaining()) {
            return List.of(first);
        }
        List<Message> all = new ArrayList<>();
        all.add(first);
        Message last = first;
        while (in.hasRemaining() && !(last instanceof Unknown)) {
            last = read(in, limits, states);
            all.add(last);
        }
        return all;
    }

    private static Message read(Decoder in, DecodeLimits limits, AwarenessState.Limits states) {
        long type = in.readVarUint();
        if (type == SYNC) {
            return readSync(in, limits);
        } else if (type == AWARENESS) {
            return readAwareness(in, states);
        } else if (type == AUTH) {
            return readAuth(in);
        } else if (type == QUERY_AWARENESS) {
            return new QueryAwareness();
        }
        return new Unknown(Unknown.Kind.TYPE);
    }

    private static Message readAwareness(Decoder in, AwarenessState.Limits states) {
        byte[] body;
        try {
            body = in.readVarUint8Array();
        } catch (DecodeException e) {
            in.skip(in.remaining()); // where the message ends is not known
            return new AwarenessUpdate(List.of(), List.of(AwarenessState.Dropped.rest(AwarenessState.Fault.MALFORMED)));
        }
        return AwarenessState.readLeniently(body, states);
    }

    private static Message readAuth(Decoder in) {
        try {
            if (in.readVarUint() == 0) {
                in.skipVarString();
                return new Auth();
            }
        } catch (DecodeException e) {
            return new Unknown(Unknown.Kind.AUTH); // a server has no use for it
        }
        return new Unknown(Unknown.Kind.AUTH);
    }

    private static Message readSync(Decoder in, DecodeLimits limits) {
        long step = in.readVarUint();
        if (step > 2) {
            return new Unknown(Unknown.Kind.SYNC);
        }
        byte[] body = in.readVarUint8Array();
        if (step == 0) {
            return new SyncStep1(StateVector.decode(body));
        }
        Update update = Update.decode(body, limits);
        return step == 1 ? new SyncStep2(update) : new SyncUpdate(update);
    }

    /** The frame of a sync step 1. */
    static byte[] step1(StateVector ours) {
        return sync(0, ours.encode());
    }

    /** The frame of a sync step 2 with an update in wire format V1. */
    static byte[] step2(byte[] update) {
        return sync(1, update);
    }

    /** The frame of an update in wire format V1. */
    static byte[] update(byte[] update) {
        return sync(2, update);
    }

    private static byte[] sync(int step, byte[] body) {
        Encoder out = new Encoder(body.length + 8);
        out.writeUint8(SYNC);
        out.writeUint8(step);
        out.writeVarUint8Array(body);
        return out.toByteArray();
    }

    /**
     * The frame that tells a peer that something was not taken. y-websocket writes the reason to the console and stays.
     * Source: y-protocols {@code auth.js} {@code writePermissionDenied}.
     */
    static byte[] denied(String reason) {
        Encoder out = new Encoder(reason.length() + 8);
        out.writeUint8(AUTH);
        out.writeUint8(0);
        out.writeVarString(reason);
        return out.toByteArray();
    }

    /** Message type of conflicts; only peers that asked for them get any. */
    int CONFLICT = 111;

    /**
     * Ids under which a peer said something else than the room has; the room keeps what it has.
     *
     * @param from the first clock
     * @param length how many clocks
     * @param isPlace whether only origin or parent differ; else the content
     */
    record Conflict(long client, long from, long length, boolean isPlace) {}

    /**
     * The frame of conflicts: the type 111, how many, and of each client, first clock and length as varUint and one byte, 0 for
     * another content and 1 for another place.
     */
    static byte[] conflicts(List<Conflict> conflicts) {
        Encoder out = new Encoder(16 + 16 * conflicts.size());
        out.writeVarUint(CONFLICT);
        out.writeVarUint(conflicts.size());
        for (Conflict c : conflicts) {
            out.writeVarUint(c.client());
            out.writeVarUint(c.from());
            out.writeVarUint(c.length());
            out.writeUint8(c.isPlace() ? 1 : 0);
        }
        return out.toByteArray();
    }

    /** The frame of these awareness states; an empty one only shows that the server is alive. */
    static byte[] awareness(List<AwarenessState> states) {
        byte[] body = AwarenessState.encode(states);
        Encoder out = new Encoder(body.length + 8);
        out.writeUint8(AWARENESS);
        out.writeVarUint8Array(body);
        return out.toByteArray();
    }
}
