package io.keck.protocol;

import io.keck.crdt.lib0.DecodeException;
import io.keck.crdt.lib0.Decoder;
import io.keck.crdt.lib0.Encoder;
import io.keck.crdt.store.DecodeLimits;
import io.keck.crdt.store.StateVector;
import io.keck.crdt.store.Update;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * One message of the y-websocket protocol, decoded and checked. Immutable. Source: y-protocols {@code sync.js},
 * {@code awareness.js}, {@code auth.js}; y-websocket.
 *
 * <p>Applications add message types of their own ({@code provider.messageHandlers} of y-websocket), and the reference server
 * ignores unknown types. So does Keck: a message of an unknown type becomes an {@link Unknown}. Only a malformed sync
 * message is an error, because only that is certainly the fault of its sender. Clients pass on the awareness states of
 * others, so the valid states of a malformed awareness message are used. Any other malformed message is dropped with the
 * rest of its frame.
 */
public sealed interface Message {
    /** Calls the method of the handler for this type of message. */
    <P> void tell(P peer, Handler<P> handler);

    /**
     * Handles each type of message. A new type does not compile until every handler has a method for it.
     *
     * @param <P> the peer that sent the message; passed through, so that one handler serves all peers
     */
    interface Handler<P> {
        void syncStep1(P peer, SyncStep1 message);

        void syncStep2(P peer, SyncStep2 message);

        void syncUpdate(P peer, SyncUpdate message);

        void syncRepeat(P peer, SyncRepeat message);

        void awarenessUpdate(P peer, AwarenessUpdate message);

        void auth(P peer, Auth message);

        void unknown(P peer, Unknown message);

        void queryAwareness(P peer, QueryAwareness message);

        void credential(P peer, Credential message);

        void clientMessage(P peer, ClientMessage message);
    }

    /** A peer sends its state vector and asks for what it lacks. */
    record SyncStep1(StateVector stateVector) implements Message {
        @Override
        public <P> void tell(P peer, Handler<P> handler) {
            handler.syncStep1(peer, this);
        }
    }

    /** A peer answers a step 1 with what the server lacks. */
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
     * A step 2 or an update of a peer that may not write. Nothing of it is applied; it only shows whether the peer has content
     * that the room does not have. It is not on the wire: whatever judges the rights of a peer makes it.
     *
     * @param isAll whether it was a step 2
     */
    record SyncRepeat(Update update, boolean isAll) implements Message {
        @Override
        public <P> void tell(P peer, Handler<P> handler) {
            handler.syncRepeat(peer, this);
        }
    }

    /**
     * A peer sends awareness states.
     *
     * @param states the valid states
     * @param dropped the parts of the message that cannot be used
     */
    record AwarenessUpdate(List<AwarenessState> states, List<AwarenessState.Dropped> dropped) implements Message {
        /** Copies both lists. */
        public AwarenessUpdate {
            states = List.copyOf(states);
            dropped = List.copyOf(dropped);
        }

        /** Creates a message from which nothing was dropped. */
        public AwarenessUpdate(List<AwarenessState> states) {
            this(states, List.of());
        }

        @Override
        public <P> void tell(P peer, Handler<P> handler) {
            handler.awarenessUpdate(peer, this);
        }
    }

    /** A peer says that it refused something; the server ignores it. */
    record Auth() implements Message {
        @Override
        public <P> void tell(P peer, Handler<P> handler) {
            handler.auth(peer, this);
        }
    }

    /**
     * A message of an unknown type. Its length is unknown too, so it is the last message of its frame.
     *
     * @param kind the part of the message that is unknown
     */
    record Unknown(Kind kind) implements Message {
        /** The part of a message that is unknown. */
        public enum Kind {
            /** The message type. */
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

    /**
     * A peer shows another credential for the document that it is connected to.
     *
     * @param text the credential; empty if it is longer than any
     */
    record Credential(String text) implements Message {
        @Override
        public <P> void tell(P peer, Handler<P> handler) {
            handler.credential(peer, this);
        }

        /** Without the credential. */
        @Override
        public String toString() {
            return "Credential";
        }
    }

    /**
     * The application of a peer has a message for back ends. y-websocket has no such message; the protocols that have one make it
     * of theirs.
     *
     * @param text at most {@link #MAX_TEXT} long
     */
    record ClientMessage(String text) implements Message {
        @Override
        public <P> void tell(P peer, Handler<P> handler) {
            handler.clientMessage(peer, this);
        }

        /** Without the text, which may be confidential. */
        @Override
        public String toString() {
            return "ClientMessage[" + text.length() + "]";
        }
    }

    /** The longest message between applications and back ends, in UTF-16 code units. */
    int MAX_TEXT = 16 << 10;

    /** Message type of sync messages. */
    int SYNC = 0;
    /** Message type of awareness messages. */
    int AWARENESS = 1;
    /** Message type of auth messages. */
    int AUTH = 2;
    /** Message type of awareness queries. */
    int QUERY_AWARENESS = 3;

    /**
     * Decodes all messages of one frame. An {@link Unknown} message is the last one; all bytes after its type are ignored.
     *
     * @throws DecodeException if a sync message is malformed or the frame is empty
     */
    static List<Message> readAll(byte[] frame, DecodeLimits limits) {
        return readAll(frame, limits, AwarenessState.Limits.NONE);
    }

    /**
     * Decodes all messages of one frame, with limits on the awareness states in it.
     *
     * @throws DecodeException if a sync message is malformed or the frame is empty
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
        } else if (type == CREDENTIAL) {
            return readCredential(in);
        }
        return new Unknown(Unknown.Kind.TYPE);
    }

    private static Message readAwareness(Decoder in, AwarenessState.Limits states) {
        byte[] body;
        try {
            body = in.readVarUint8Array();
        } catch (DecodeException e) {
            in.skip(in.remaining()); // the end of the message is unknown
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
            return new Unknown(Unknown.Kind.AUTH); // the server ignores auth messages
        }
        return new Unknown(Unknown.Kind.AUTH);
    }

    private static Message readCredential(Decoder in) {
        try {
            byte[] text = in.readVarUint8Array();
            return new Credential(text.length > MAX_CREDENTIAL ? "" : new String(text, StandardCharsets.UTF_8));
        } catch (DecodeException e) {
            return new Unknown(Unknown.Kind.AUTH);
        }
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

    /** Encodes the frame of a sync step 1. */
    static byte[] step1(StateVector ours) {
        return sync(0, ours.encode());
    }

    /** Encodes the frame of a sync step 2 from an update in format V1. */
    static byte[] step2(byte[] update) {
        return sync(1, update);
    }

    /** Encodes the frame of an update in format V1. */
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
     * Encodes the frame that tells a peer that its change was refused. y-websocket writes the reason to the console and
     * stays connected. Source: y-protocols {@code auth.js} {@code writePermissionDenied}.
     */
    static byte[] denied(String reason) {
        Encoder out = new Encoder(reason.length() + 8);
        out.writeUint8(AUTH);
        out.writeUint8(0);
        out.writeVarString(reason);
        return out.toByteArray();
    }

    /** Message type of reports on what is saved; sent only to peers that asked for it. */
    int SAVED = 112;

    /**
     * The frame that tells a peer up to which of its step 2s and updates everything is committed: the type 112, and the
     * position as varUint.
     */
    static byte[] saved(long position) {
        Encoder out = new Encoder(10);
        out.writeVarUint(SAVED);
        out.writeVarUint(position);
        return out.toByteArray();
    }

    /** Message type of a credential, and of the answer to one; the server sends none unasked. */
    int CREDENTIAL = 113;

    /** The most bytes of a credential in a message. */
    int MAX_CREDENTIAL = 8_192;

    /**
     * Encodes the frame that answers a credential that is good: the type 113, a 1, a 1 where the peer may now write and else a
     * 0, and as varUint when its rights end, in seconds since 1970; 0 if they do not.
     */
    static byte[] renewed(boolean mayWrite, long until) {
        Encoder out = new Encoder(16);
        out.writeVarUint(CREDENTIAL);
        out.writeUint8(1);
        out.writeUint8(mayWrite ? 1 : 0);
        out.writeVarUint(until);
        return out.toByteArray();
    }

    /** Encodes the frame that answers a credential that changes nothing: the type 113, a 0, and why as varString. */
    static byte[] notRenewed(String why) {
        Encoder out = new Encoder(why.length() + 8);
        out.writeVarUint(CREDENTIAL);
        out.writeUint8(0);
        out.writeVarString(why);
        return out.toByteArray();
    }

    /** Encodes the frame by which a peer shows a credential: the type 113, and the credential as varString. */
    static byte[] credential(String text) {
        Encoder out = new Encoder(text.length() + 8);
        out.writeVarUint(CREDENTIAL);
        out.writeVarString(text);
        return out.toByteArray();
    }

    /** Message type of conflicts; sent only to peers that asked for conflicts. */
    int CONFLICT = 111;

    /**
     * A range of ids for which a peer sent other content or another place than the room holds; the room keeps its own.
     *
     * @param from the first clock
     * @param length the number of clocks
     * @param isPlace true if only the origin or the parent differs, false if the content differs
     */
    record Conflict(long client, long from, long length, boolean isPlace) {}

    /**
     * Encodes the frame of conflicts: type 111 and the number of conflicts, then for each conflict client, first clock and
     * length as varUints and one byte, 0 for other content and 1 for another place.
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

    /** Message type of the epoch; sent only to peers that asked for it. */
    int EPOCH = 114;

    /**
     * Encodes the frame that names the life of the document: the type 114, and the room id in decimal digits as varString. It
     * precedes every other frame of the document.
     */
    static byte[] epoch(long roomId) {
        Encoder out = new Encoder(24);
        out.writeVarUint(EPOCH);
        out.writeVarString(Long.toString(roomId));
        return out.toByteArray();
    }

    /** Encodes the frame of awareness states; a frame without states only shows that the server is alive. */
    static byte[] awareness(List<AwarenessState> states) {
        byte[] body = AwarenessState.encode(states);
        Encoder out = new Encoder(body.length + 8);
        out.writeUint8(AWARENESS);
        out.writeVarUint8Array(body);
        return out.toByteArray();
    }
}
